"""A job whose process was killed is closed by the next writer, seed by seed."""

from pathlib import Path

from archive.attest.job import JobOpening
from archive.digest import Digest, format_short_id
from archive.store.reader import ArchiveReader
from archive.verify.folder import verify_archive
from archive.verify.report import Outcome
from tests.support.archives import MadeArchive, make_archive, make_exchange


def open_a_job(made: MadeArchive) -> str:
    """Open a job of two seeds, capture the first, and never close it."""
    job_id = format_short_id(made.random_bytes(16))
    uris = ("http://a.example/0", "http://a.example/1")
    with made.open_writer() as writer:
        writer.open_job(
            JobOpening(
                job_id=job_id,
                opened_at=made.clock(),
                source_id=None,
                source={},
                vantage="test",
                settings_digest=Digest.of(b""),
                seeds=uris,
            )
        ).result()
        writer.capture(make_exchange(uris[0], b"<p>x", made, job_id=job_id)).result()
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
