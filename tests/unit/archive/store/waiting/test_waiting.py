"""R16: without a key captures wait unsigned, are lost never, and are signed once."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archive.capture import Capture
from archive.digest import Digest
from archive.errors import FormatError, KeyProblem, StoreError
from archive.store.drafts import PageDraft
from archive.store.reading.reader import ArchiveReader
from archive.store.waiting import waiting as waiting_module
from archive.store.waiting.files import list_waiting
from archive.store.waiting.reading import read_waiting
from archive.store.waiting.signing import check_waiting, sign_waiting
from archive.store.waiting.waiting import WaitingWriter
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import (
    MadeArchive,
    fill,
    make_archive,
    make_exchange,
)

NO_KEY = KeyProblem("there is no key")


def open_waiting(made: MadeArchive) -> WaitingWriter:
    return WaitingWriter.open(made.root, reason=NO_KEY, random_bytes=made.random_bytes)


def keep(made: MadeArchive, count: int) -> list[Capture]:
    """Capture a job of so many pages without a key."""
    captures = []
    with pytest.raises(KeyProblem, match="evidence sign"), open_waiting(made) as writer:
        captures = fill(writer, made, count)
    return captures


def sign(made: MadeArchive) -> int:
    approved = check_waiting(made.root).entries
    with made.open_writer() as writer:
        return sign_waiting(writer, made.clock, approved=approved)


def ids(made: MadeArchive) -> list[str]:
    reader = ArchiveReader.open(made.root)
    found = [capture.capture_id for capture in reader.captures()]
    reader.close()
    return found


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


def test_R16_what_waits_is_unsigned_then_signed_in_order_and_verified(
    made: MadeArchive,
) -> None:
    before = made.fill(1)
    kept = keep(made, 3)
    assert ids(made) == [capture.capture_id for capture in before]
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.NOT_CHECKED
    (found,) = [one for one in report.findings if one.code == "waiting-unsigned"]
    assert found.step == 17
    assert sign(made) == 5
    wanted = [capture.capture_id for capture in (*before, *kept)]
    assert ids(made) == wanted
    assert verify_archive(made.root, trust=made.trust()).outcome is Outcome.VERIFIED
    assert list_waiting(made.root / "spool") == []
    assert sign(made) == 0
    assert ids(made) == wanted


def test_pages_wait_with_their_captures(made: MadeArchive) -> None:
    writer = open_waiting(made)
    part = writer.capture(make_exchange("http://a.example/", b"<p>x</p>", made))
    writer.page(
        PageDraft(
            target_uri="http://a.example/",
            main=part.result(),
            captures=(part.result(),),
            rendering="static",
            page_info={"parts": []},
            job_id=None,
            source_id=None,
        )
    ).result()
    writer.close()
    assert sign(made) == 2
    assert verify_archive(made.root, trust=made.trust()).outcome is Outcome.VERIFIED


def test_two_runs_wait_in_files_of_their_own_and_keep_their_order(
    made: MadeArchive,
) -> None:
    first, second = keep(made, 1), keep(made, 2)
    assert len(list_waiting(made.root / "spool")) == 2
    sign(made)
    assert ids(made) == [capture.capture_id for capture in (*first, *second)]


def test_nothing_else_of_the_archive_is_touched(made: MadeArchive) -> None:
    made.fill(2)

    def contents() -> dict[str, bytes]:
        return {
            str(path): path.read_bytes()
            for path in made.root.rglob("*")
            if path.is_file() and "waiting-" not in path.name
        }

    before = contents()
    keep(made, 2)
    assert contents() == before


def test_a_body_that_fails_is_not_hidden_by_the_missing_key(made: MadeArchive) -> None:
    with pytest.raises(ZeroDivisionError), open_waiting(made):
        raise ZeroDivisionError


def test_a_torn_end_is_no_entry_and_the_rest_is_signed(made: MadeArchive) -> None:
    kept = keep(made, 3)
    (file,) = list_waiting(made.root / "spool")
    *entries, last = read_waiting(file.path)
    whole = file.path.read_bytes()
    for size in range(entries[-1].end_bytes, last.end_bytes, 61):
        for filler in (b"", bytes(last.end_bytes - size)):
            file.path.write_bytes(whole[:size] + filler)
            assert list(read_waiting(file.path)) == entries
    assert sign(made) == 4
    assert ids(made) == [capture.capture_id for capture in kept]
    assert verify_archive(made.root, trust=made.trust()).outcome is Outcome.VERIFIED
    (piece,) = (made.root / "quarantine").glob("raw-waiting*")
    assert piece.read_bytes() == whole[entries[-1].end_bytes : size] + filler


def rewritten(file: Path, change: Callable[[dict[str, Any], bytes], bytes]) -> None:
    """Write the second entry (a capture) anew: its header is parsed JSON."""
    data = file.read_bytes()
    first, entry = list(read_waiting(file))[:2]
    begin, end = first.end_bytes, entry.end_bytes
    header = json.loads(data[begin + 40 : entry.start])
    made = change(header, data[entry.start : end])
    body = json.dumps(
        header, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    file.write_bytes(data[:begin] + prefix(body) + body + made + data[end:])


def prefix(header: bytes) -> bytes:
    return struct.pack(">Q", len(header)) + Digest.of(header).raw


def _other_kind(header: dict[str, Any], data: bytes) -> bytes:
    header["kind"] = "key"
    return data


def _more(header: dict[str, Any], data: bytes) -> bytes:
    header["more"] = 1
    return data


def _short_salt(header: dict[str, Any], data: bytes) -> bytes:
    header["salt"] = "00"
    return data


def _other_address(header: dict[str, Any], data: bytes) -> bytes:
    header["predicate"]["records"][0]["target_uri"] = "http://forged.example/"
    return data


def _negative(header: dict[str, Any], data: bytes) -> bytes:
    header["slice"]["length_bytes"] = -1
    return data


def _odd_subject(header: dict[str, Any], data: bytes) -> bytes:
    header["subjects"] = [["a"]]
    return data


@pytest.mark.parametrize(
    "change",
    [
        _other_kind,
        _more,
        _short_salt,
        _other_address,
        _negative,
        _odd_subject,
    ],
)
def test_a_forged_draft_is_refused_and_nothing_is_signed(
    made: MadeArchive, change: Callable[[dict[str, Any], bytes], bytes]
) -> None:
    keep(made, 2)
    (file,) = list_waiting(made.root / "spool")
    rewritten(file.path, change)
    with pytest.raises(FormatError):
        sign(made)
    assert ids(made) == []
    assert file.path.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"another file of the same name",
        b"evidence-waiting/v1\n" + prefix(b"[]") + b"[]",
        b"evidence-waiting/v1\n" + prefix(b"{}") + b"{}",
    ],
)
def test_what_is_no_waiting_file_is_refused_and_named(
    made: MadeArchive, data: bytes
) -> None:
    (made.root / "spool" / "waiting-00000000.drafts").write_bytes(data)
    with pytest.raises(FormatError, match="waiting-00000000"):
        check_waiting(made.root)
    report = verify_archive(made.root, trust=made.trust())
    assert "waiting-malformed" in {one.code for one in report.of(Outcome.FAILED)}


def test_the_quota_stops_the_capturing_with_a_clear_reason(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_module, "QUOTA_BYTES", 200_000)
    writer = open_waiting(made)
    kept = 0
    problem = None
    while problem is None:
        exchange = make_exchange(f"http://a.example/{kept}", os.urandom(9000), made)
        problem = writer.capture(exchange).exception()
        kept += problem is None
    writer.close()
    assert isinstance(problem, StoreError)
    assert "wait unsigned" in str(problem)
    again = open_waiting(made)  # what waits from before counts, too
    exchange = make_exchange("http://a.example/x", os.urandom(9000), made)
    assert "wait unsigned" in str(again.capture(exchange).exception())
    again.close()
    assert sign(made) == kept >= 10
    assert verify_archive(made.root, trust=made.trust()).outcome is Outcome.VERIFIED


def test_what_comes_after_somebody_looked_is_not_signed(made: MadeArchive) -> None:
    kept = keep(made, 1)
    approved = check_waiting(made.root).entries
    keep(made, 2)
    (first, _second) = list_waiting(made.root / "spool")
    rewritten(first.path, _later)
    with made.open_writer() as writer:
        assert sign_waiting(writer, made.clock, approved=approved) == 2
    assert ids(made) == []
    left = [entry.kind for entry in check_waiting(made.root).entries]
    assert left.count("capture") == 3
    assert kept[0].capture_id in {
        e.slice_sha256 for e in check_waiting(made.root).entries
    }
    sign(made)
    assert len(ids(made)) == 3


def _later(header: dict[str, Any], data: bytes) -> bytes:
    header["predicate"]["source_id"] = "somebody-else"
    return data


def test_a_job_that_was_killed_while_waiting_is_closed_when_signed(
    made: MadeArchive,
) -> None:
    keep(made, 2)
    (file,) = list_waiting(made.root / "spool")
    last = list(read_waiting(file.path))[-2]
    os.truncate(file.path, last.start + last.length_bytes)
    assert sign(made) == 3
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED, list(report.of(Outcome.FAILED))
