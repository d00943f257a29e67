"""Revisits in an archive: found, followed to their payload, verified, never chained."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.capture import Capture, EarlierCapture, Exchange
from archive.digest import Digest
from archive.errors import DigestMismatch
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import Outcome, Report
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.archives.exchanges import answered, not_modified
from tests.support.judging.sound import codes

pytestmark = pytest.mark.usefixtures("whole_reports")


URI = "http://a.example/list.pdf"
BODY = b"%PDF" + bytes(range(256)) * 300


def pdf(made: MadeArchive, body: bytes = BODY) -> Exchange:
    head = b'HTTP/1.1 200 OK\r\nETag: "one"\r\nContent-Type: application/pdf\r\n'
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    return answered(URI, head + body, at=made.clock())


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


def write(made: MadeArchive, *exchanges: Exchange) -> list[Capture]:
    with made.open_writer() as writer:
        return [writer.capture(exchange).result() for exchange in exchanges]


def find(
    made: MadeArchive, payload: bytes = BODY, source_id: str | None = None
) -> EarlierCapture | None:
    with_reader = ArchiveReader.open(made.root)
    try:
        earlier = with_reader.earlier(overrides=False)
        return earlier.with_payload(URI, Digest.of(payload), source_id=source_id)
    finally:
        with_reader.close()


@pytest.fixture
def three(made: MadeArchive) -> list[Capture]:
    """The first, the same payload again, and a server that says not modified."""
    first = write(made, pdf(made))
    earlier = find(made)
    assert earlier is not None
    assert earlier.capture_id == first[0].capture_id
    again = write(made, replace(pdf(made), earlier=earlier))
    found = find(made)
    assert found == earlier  # never the revisit
    assert find(made, source_id="another") is None
    return [*first, *again, *write(made, not_modified(URI, found, at=made.clock()))]


@pytest.fixture
def reader(made: MadeArchive, three: list[Capture]) -> Iterator[ArchiveReader]:
    opened = ArchiveReader.open(made.root)
    yield opened
    opened.close()


def report_of(made: MadeArchive) -> Report:
    return verify_archive(made.root, trust=made.trust())


def test_the_catalog_knows_revisits_as_the_writer_said(
    reader: ArchiveReader, three: list[Capture]
) -> None:
    first, again, later = three
    assert list(reader.captures()) == three
    assert (again.refers_to, later.refers_to) == (first.capture_id,) * 2
    assert (again.payload_digest, later.payload_digest) == (Digest.of(BODY), None)
    assert (again.http_status, later.http_status) == (200, 304)


def test_a_revisit_has_the_payload_it_refers_to(
    reader: ArchiveReader, three: list[Capture]
) -> None:
    for capture in three:
        payload = reader.payload(capture)
        assert payload.data == BODY
        assert payload.media_type == "application/pdf"
        assert payload.problem is None
    heads = [reader.read_exchange(capture).response for capture in three[1:]]
    assert [head and head[:15] for head in heads] == [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 304 No",
    ]


def test_the_newest_full_fetch_gives_the_validators_of_the_original(
    reader: ArchiveReader, three: list[Capture]
) -> None:
    first, again, _ = three
    earlier = reader.earlier(overrides=False)
    found = earlier.validators(URI, source_id=None, since=again.captured_at)
    assert found is not None
    assert found.etag == '"one"'
    assert found.earlier.capture_id == first.capture_id
    late = three[2].captured_at
    assert earlier.validators(URI, source_id=None, since=late) is None
    before = first.captured_at - timedelta(seconds=1)  # the clock was set back
    since = before - timedelta(days=1)
    times = {"since": since, "until": before}
    assert earlier.validators(URI, source_id=None, **times) is None
    assert earlier.validators(URI, source_id="x1", since=first.captured_at) is None


def test_revisits_verify_one_by_one_and_in_the_archive(
    made: MadeArchive, reader: ArchiveReader, three: list[Capture]
) -> None:
    assert report_of(made).outcome is Outcome.VERIFIED
    for capture in three:
        report = verify_capture(reader, capture, trust=made.trust())
        assert report.outcome is Outcome.VERIFIED, list(report.of(Outcome.FAILED))


FAULTS: dict[str, Any] = {
    "capture_id": "f" * 64,
    "record_id": "urn:uuid:11111111-1111-4111-8111-111111111111",
    "payload_digest": Digest.of(b"other"),
}


@pytest.mark.parametrize("field", FAULTS)
def test_a_signed_reference_that_leads_nowhere_fails_check_6(
    made: MadeArchive, field: str
) -> None:
    write(made, pdf(made))
    earlier = find(made)
    assert earlier is not None
    broken = replace(earlier, **{field: FAULTS[field]})
    (capture,) = write(made, not_modified(URI, broken, at=made.clock()))
    failed = list(report_of(made).of(Outcome.FAILED))
    assert [(f.step, f.code) for f in failed] == [(6, "revisit-unfounded")]
    reader = ArchiveReader.open(made.root)
    report = verify_capture(reader, capture, trust=made.trust())
    how = Outcome.NOT_CHECKED if field == "capture_id" else Outcome.FAILED
    assert "6 revisit-unfounded" in codes(report, how)
    if field == "payload_digest":
        with pytest.raises(DigestMismatch, match="revisit"):
            reader.payload(capture)
    reader.close()


def test_a_revisit_of_a_revisit_fails_check_6(
    made: MadeArchive, three: list[Capture]
) -> None:
    again = three[1]
    earlier = find(made)
    assert earlier is not None
    chained = replace(earlier, capture_id=again.capture_id)
    (capture,) = write(made, not_modified(URI, chained, at=made.clock()))
    failed = list(report_of(made).of(Outcome.FAILED))
    assert [(f.step, f.code) for f in failed] == [(6, "revisit-unfounded")]
    reader = ArchiveReader.open(made.root)
    with pytest.raises(DigestMismatch, match="revisit"):
        reader.payload(capture)
    report = verify_capture(reader, capture, trust=made.trust())
    assert codes(report) == {"6 revisit-unfounded"}
    reader.close()


def test_what_a_revisit_repeats_is_held_against_the_same_trust(
    made: MadeArchive, reader: ArchiveReader, three: list[Capture]
) -> None:
    first, again, _later = three
    trust = made.trust()
    assert trust is not None
    (operator,) = trust.operators
    since = replace(operator, first_leaf=again.leaf)
    report = verify_capture(reader, again, trust=replace(trust, operators=(since,)))
    failed = [(one.step, one.subject) for one in report.of(Outcome.FAILED)]
    assert failed == [(10, f"entry {first.leaf}")]
