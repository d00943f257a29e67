"""A job whose process was killed is closed by the next writer, seed by seed."""

from pathlib import Path

from archive.attest.records.job import TRAIL_LIMIT
from archive.digest import format_short_id
from archive.store.reading.reader import ArchiveReader
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, make_archive, make_exchange
from tests.support.archives.values import opening_of

URIS = ("http://a.example/0", "http://a.example/1")


def open_a_job(
    made: MadeArchive, uris: tuple[str, ...] = URIS, *, captures: int = 1
) -> str:
    """Open a job of some seeds, capture the first, and never close it."""
    job_id = format_short_id(made.random_bytes(16))
    with made.open_writer() as writer:
        writer.open_job(
            opening_of(uris, job_id=job_id, opened_at=made.clock())
        ).result()
        for body in (b"<p>%d" % n for n in range(captures)):
            writer.capture(make_exchange(uris[0], body, made, job_id=job_id)).result()
    return job_id


def test_a_killed_job_fails_verification_until_a_writer_closes_it(
    tmp_path: Path,
) -> None:
    made = make_archive(tmp_path)
    job_id = open_a_job(made)
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.FAILED
    assert {finding.step for finding in report.of(Outcome.FAILED)} == {18}

    made.open_writer().close()

    assert verify_archive(made.root, trust=made.trust()).outcome is Outcome.VERIFIED
    reader = ArchiveReader.open(made.root)
    assert reader.jobs.unclosed() == []
    assert len(reader.captures_of_job(job_id)) == 1
    reader.close()


def test_a_killed_list_of_one_address_is_closed_however_often_it_was_captured(
    tmp_path: Path,
) -> None:
    made = make_archive(tmp_path)
    seeds = TRAIL_LIMIT + 200
    job_id = open_a_job(made, URIS[:1] * seeds, captures=TRAIL_LIMIT + 50)
    made.open_writer().close()
    reader = ArchiveReader.open(made.root)
    closing = reader.jobs.closing_of(job_id)
    captures = [one.capture_id for one in reader.captures_of_job(job_id)]
    reader.close()
    assert closing is not None
    assert closing.counts["captured"] == seeds
    assert closing.outcomes[0].captures == tuple(captures[-TRAIL_LIMIT:])
    assert {one.captures for one in closing.outcomes[1:]} == {(captures[-1],)}
    assert verify_archive(made.root, trust=made.trust()).outcome is Outcome.VERIFIED
