"""Check 18: each promise has an outcome, each outcome its captures; word for word."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.attest.records.job import (
    JobClosing,
    JobOpening,
    SeedOutcome,
    format_job_close,
    format_job_open,
)
from archive.digest import Digest
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Finding
from archive.verify.whole.jobs import Jobs
from tests.support.archives.archives import START
from tests.support.judging.findings import failed, found_by, holds, not_checked

A, B = "a" * 26, "b" * 25 + "a"
CAPTURES = tuple(f"{number:064x}" for number in range(4))


class Followed:
    """Jobs as the entries of an archive state them."""

    def __init__(self) -> None:
        self.collector = Collector()
        self.jobs = Jobs(self.collector)

    def state(self, kind: str, predicate: dict[str, object], block: bytes) -> None:
        self.jobs.note(
            cast("Any", SimpleNamespace(kind=kind, predicate=predicate)),
            cast("Any", SimpleNamespace(kept=block)),
            subject=f"{kind} of {predicate['job']}",
        )

    def open(self, job: str, *uris: str, block_of: str = "", count: int = 0) -> None:
        opening = JobOpening(
            job_id=block_of or job,
            opened_at=START,
            source_id=None,
            source={},
            vantage="test",
            settings_digest=Digest.of(b""),
            seeds=uris,
        )
        block = format_job_open(opening, salts=["0" * 64] * len(uris))
        self.state("job-open", {"job": job, "count": count or len(uris)}, block)

    def close(
        self, job: str, *outcomes: SeedOutcome, block_of: str = "", failed: int = 0
    ) -> None:
        closing = JobClosing(
            job_id=block_of or job,
            closed_at=START,
            outcomes=outcomes,
            signals={},
            expectations=(),
        )
        counts = {**closing.counts, "failed": closing.counts["failed"] + failed}
        block = format_job_close(closing)
        self.state("job-close", {"job": job, "counts": counts}, block)

    def finish(self, *, is_locked: bool = False) -> list[Finding]:
        """All findings."""
        self.jobs.finish(is_locked=is_locked)
        return found_by(self.collector)


def none(number: int) -> SeedOutcome:
    return SeedOutcome(n=number, state="failed", captures=(), reason="no answer")


def some(number: int, *captures: str) -> SeedOutcome:
    return SeedOutcome(n=number, state="captured", captures=captures, reason="")


def malformed(subject: str, words: str) -> Finding:
    return failed(18, "job-malformed", subject, words)


def without_outcome(job: str, number: int, uri: str) -> Finding:
    subject = f"job {job}, seed {number}"
    return failed(18, "seed-without-outcome", subject, f"{uri}: no outcome")


def absent(job: str, capture: str) -> Finding:
    words = f"its capture {Digest(capture).short_id} is not in the archive"
    return failed(18, "capture-missing", f"job {job}", words)


def test_without_jobs_nothing_was_promised() -> None:
    assert Followed().finish() == [holds(18, 0)]
    assert Followed().finish(is_locked=True) == [holds(18, 0)]


def test_outcomes_of_all_jobs_are_counted_in_parts_too() -> None:
    followed = Followed()
    followed.jobs.note_capture(CAPTURES[0])
    followed.open(A, "u0", "u1", "u2")
    followed.open(B, "v0")
    followed.close(A, some(0, CAPTURES[0], CAPTURES[1]), none(2))
    followed.close(B, some(0, CAPTURES[2]))
    followed.close(A, none(1))
    followed.jobs.note_capture(CAPTURES[1])
    followed.jobs.note_capture(CAPTURES[2])
    assert followed.finish() == [holds(18, 4)]


def test_captures_that_a_job_names_and_nobody_has_are_named_each() -> None:
    followed = Followed()
    followed.open(A, "u0", "u1")
    followed.open(B, "v0")
    followed.jobs.note_capture(CAPTURES[1])
    followed.close(A, some(0, *CAPTURES[:3]), none(1))
    followed.close(B, some(0, CAPTURES[3]))
    assert followed.finish() == [
        absent(A, CAPTURES[0]),
        absent(A, CAPTURES[2]),
        absent(B, CAPTURES[3]),
    ]


def test_promises_without_an_outcome_are_named_each_with_number_and_address() -> None:
    followed = Followed()
    followed.open(A, "u0", "u1", "u2")
    followed.open(B, "v0")
    followed.close(A, none(1))
    assert followed.finish() == [
        without_outcome(A, 0, "u0"),
        without_outcome(A, 2, "u2"),
        without_outcome(B, 0, "v0"),
    ]


def test_while_somebody_writes_a_job_may_still_run() -> None:
    followed = Followed()
    followed.open(A, "u0", "u1")
    followed.open(B, "v0")
    followed.close(A, none(0))
    assert followed.finish(is_locked=True) == [
        not_checked(18, "job-running", f"job {job}, seed {n}", f"{uri}: {words}")
        for job, n, uri in ((A, 1, "u1"), (B, 0, "v0"))
        for words in ("the job may still run",)
    ]


OPENING, CLOSING = f"job-open of {A}", f"job-close of {A}"
TWICE = f"job {A} is opened twice, or under another id"
NEVER = f"job {A} is closed but was never opened"


def test_a_job_is_opened_once_and_under_its_own_id() -> None:
    followed = Followed()
    followed.open(A, "u0", block_of=B)
    followed.open(A, "u0")
    followed.open(A, "u1")
    assert followed.finish() == [
        malformed(OPENING, TWICE),
        malformed(OPENING, TWICE),
        without_outcome(A, 0, "u0"),
    ]


def test_a_job_promises_as_many_seeds_as_were_signed() -> None:
    followed = Followed()
    followed.open(A, "u0", count=2)
    words = f"job {A} promises another number of seeds than signed"
    assert followed.finish() == [malformed(OPENING, words)]


def test_a_job_is_closed_under_its_own_id_after_it_was_opened() -> None:
    followed = Followed()
    followed.close(A, none(0))
    followed.open(A, "u0")
    followed.close(A, none(0), block_of=B)
    followed.close(A, none(0))
    followed.close(A, none(0))
    assert followed.finish() == [malformed(CLOSING, NEVER)] * 3


def test_a_job_settles_what_it_promised_once_and_counts_as_signed() -> None:
    followed = Followed()
    followed.open(A, "u0", "u1")
    followed.close(A, none(0), failed=1)
    followed.close(A, none(0))
    followed.close(A, none(0))
    followed.close(A, none(1), none(7))
    settles = "job {} settles seed {}, never promised"
    assert followed.finish() == [
        malformed(CLOSING, f"job {A} counts other outcomes than signed"),
        malformed(CLOSING, settles.format(A, 0)),
        malformed(CLOSING, settles.format(A, 7)),
    ]


@pytest.mark.parametrize("kind", ["job-open", "job-close"])
def test_a_block_that_is_no_job_is_named(kind: str) -> None:
    followed = Followed()
    followed.state(kind, {"job": A, "count": 0, "counts": {}}, b"{}")
    (finding,) = followed.finish()
    assert finding == malformed(f"{kind} of {A}", finding.detail)
    assert kind in finding.detail
