"""Jobs stated in the golden archive by whoever has its keys."""

from archive.attest.records.job import (
    JobClosing,
    SeedOutcome,
    format_job_close,
    format_job_open,
)
from archive.capture import MemoryBytes
from archive.warc.slice import ResourceBlock
from tests.support.archives.archives import START
from tests.support.archives.values import opening_of
from tests.support.attacks.tamper import (
    Victim,
)

JOB_ID = "b" * 25 + "a"


# Jobs and extracts: the operator himself leaves something out


def job_block(part: str, data: bytes) -> ResourceBlock:
    """The record of a job."""
    return ResourceBlock(
        type="resource",
        target_uri=f"urn:evidence:job:{JOB_ID}:{part}",
        content_type="application/json",
        block=MemoryBytes(data),
    )


def open_job(victim: Victim, *seeds: str, count: int | None = None) -> None:
    """State a job with these seeds."""
    opening = opening_of(seeds, job_id=JOB_ID, opened_at=START)
    data = format_job_open(opening, salts=["0" * 64] * len(seeds))
    count = len(seeds) if count is None else count
    predicate: dict[str, object] = {"job": JOB_ID, "source_id": None, "count": count}
    victim.speak("job-open", predicate, job_block("open", data))


def close_job(victim: Victim, *outcomes: SeedOutcome, captured: int = 0) -> None:
    """State how seeds ended; `captured` is added to the signed count."""
    closing = JobClosing(
        job_id=JOB_ID,
        closed_at=START,
        outcomes=outcomes,
        signals={},
        expectations=(),
    )
    counts = closing.counts | {"captured": closing.counts["captured"] + captured}
    predicate: dict[str, object] = {"job": JOB_ID, "counts": counts}
    victim.speak("job-close", predicate, job_block("close", format_job_close(closing)))


def failed(number: int) -> SeedOutcome:
    """A seed that failed."""
    return SeedOutcome(n=number, state="failed", captures=(), reason="no answer")
