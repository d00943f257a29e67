"""Check 18: each seed that a job promised has an outcome, and its captures are here."""

from archive.attest.records.job import parse_job_close, parse_job_open
from archive.attest.statements.statement import Statement
from archive.digest import Digest
from archive.errors import FormatError
from archive.verify.reporting.collector import Collector
from archive.warc.reading import ReadRecord

JOB_KINDS = ("job-open", "job-close")


class Jobs:
    """Collects the promises and outcomes of all jobs while the segments are walked."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._open: dict[str, dict[int, str]] = {}
        """Promised seeds without an outcome, by job: number and address."""
        self._captures: set[bytes] = set()
        self._unknown: dict[str, str] = {}
        """Captures that a job names and the archive does not hold, with the job."""

    def note_capture(self, capture_id: str) -> None:
        """Take in a capture, or one that was removed by a tombstone."""
        self._captures.add(bytes.fromhex(capture_id))

    def note(self, statement: Statement, record: ReadRecord, *, subject: str) -> None:
        """Take in a `job-open` or `job-close` statement and the record it is about."""
        job = str(statement.predicate["job"])
        try:
            if statement.kind == "job-open":
                self._note_open(statement, job, record.kept)
            else:
                self._note_close(statement, job, record.kept)
        except FormatError as error:
            self._collector.raised(18, "job-malformed", subject, error)

    def _note_open(self, statement: Statement, job: str, block: bytes) -> None:
        opening, _salts = parse_job_open(block)
        if opening.job_id != job or job in self._open:
            raise FormatError(f"job {job} is opened twice, or under another id")
        if len(opening.seeds) != statement.predicate["count"]:
            raise FormatError(f"job {job} promises another number of seeds than signed")
        self._open[job] = dict(enumerate(opening.seeds))

    def _note_close(self, statement: Statement, job: str, block: bytes) -> None:
        closing = parse_job_close(block)
        promised = self._open.get(job)
        if promised is None or closing.job_id != job:
            raise FormatError(f"job {job} is closed but was never opened")
        if closing.counts != statement.predicate["counts"]:
            raise FormatError(f"job {job} counts other outcomes than signed")
        for outcome in closing.outcomes:
            if promised.pop(outcome.n, None) is None:
                raise FormatError(f"job {job} settles seed {outcome.n}, never promised")
            for capture in outcome.captures:
                if bytes.fromhex(capture) not in self._captures:
                    self._unknown[capture] = job
        if not promised:
            del self._open[job]
        self._collector.passed(18, len(closing.outcomes))

    def finish(self, *, is_locked: bool) -> None:
        """Name every promise without an outcome, every outcome without a capture."""
        for capture, job in self._unknown.items():
            if bytes.fromhex(capture) not in self._captures:
                self._collector.failed(
                    18,
                    "capture-missing",
                    f"job {job}",
                    f"its capture {Digest(capture).short_id} is not in the archive",
                )
        for job, seeds in self._open.items():
            for number, uri in sorted(seeds.items()):
                subject = f"job {job}, seed {number}"
                if is_locked:
                    self._collector.not_checked(
                        18, "job-running", subject, f"{uri}: the job may still run"
                    )
                else:
                    self._collector.failed(
                        18, "seed-without-outcome", subject, f"{uri}: no outcome"
                    )
        self._collector.passed(18, 0)
