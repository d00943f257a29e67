"""What a job has to answer for: each seed's outcome, counts, signals (no I/O)."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from archive.capture import Capture, CaptureOutcome
from archive.capture_class import ClassNote
from archive.cli.output import Progress
from crawlers.sources.expectations import ExpectationResult

BLOCKED_OUTCOMES = frozenset({CaptureOutcome.POLICY, CaptureOutcome.TLS_REFUSED})
"""Our own rule said no."""
REASON_CHARACTERS = 500
"""Of a reason: one line; what a server said may be longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedResult:
    """How one promised seed ended."""

    state: str
    """`captured`, `failed`, `blocked` or `not-reached`."""
    captures: tuple[str, ...]
    reason: str


@dataclass(slots=True, kw_only=True)
class JobLog:
    """Filled while the job runs; read when it is closed."""

    seeds: tuple[str, ...]
    results: dict[int, SeedResult] = field(default_factory=dict)
    signals: Counter[str] = field(default_factory=Counter)
    captures: int = 0
    failures: int = 0
    received_bytes: int = 0
    host_bytes: Counter[str] = field(default_factory=Counter)
    """Bytes received, by host and port as in the address."""
    running: Counter[str] = field(default_factory=Counter)
    """Exchanges that run right now, by host and port as in the address."""
    taken_over: int = 0
    """Captures of an earlier run that were not made again."""
    items: int = 0
    """Entries found on listing pages, in feeds and the like."""
    new_items: int = 0
    """Of these, the ones whose address the archive did not hold."""
    newest_at: datetime | None = None
    """The newest date that a list or feed states for an entry."""
    compared: int = 0
    changed: int = 0
    """Addresses captured before; those of them whose content is another now."""
    classes: dict[str, ClassNote] = field(default_factory=dict)
    """By capture id; the last look stands."""
    languages: dict[str, str] = field(default_factory=dict)
    """Language that the address of a capture names, by capture id."""
    expectations: tuple[ExpectationResult, ...] = ()
    """How the promises of the source were kept; known when the job is closed."""
    listener: Callable[["JobLog"], None] | None = None
    """Hears of each capture, for progress."""

    def note_capture(self, capture: Capture, *, received_bytes: int) -> None:
        """Count one attempt that is in the archive."""
        self.captures += 1
        self.failures += capture.outcome is not CaptureOutcome.COMPLETE
        self.received_bytes += received_bytes
        self.host_bytes[host_of(capture.target_uri)] += received_bytes
        if self.listener is not None:
            self.listener(self)

    def note_class(
        self, capture_id: str, note: ClassNote, *, language: str | None = None
    ) -> None:
        """Keep what a capture is; a closer look replaces a first one."""
        self.classes[capture_id] = note
        if language is not None:
            self.languages[capture_id] = language

    def note_date(self, stated: datetime) -> None:
        """Hear of a date that a list states for an entry."""
        if self.newest_at is None or stated > self.newest_at:
            self.newest_at = stated

    def class_counts(self) -> Counter[str]:
        """How many captures are of each class."""
        return Counter(note.capture_class for note in self.classes.values())

    def language_counts(self) -> Counter[str]:
        """How much content there is in each language that addresses name."""
        return Counter(
            language
            for capture_id, language in self.languages.items()
            if self.classes[capture_id].is_content
        )

    def signal(self, code: str, times: int = 1) -> None:
        """Count something nobody foresaw."""
        self.signals[code] += times

    def settle_trail(
        self, number: int, trail: tuple[Capture, ...], *, problem: str
    ) -> None:
        """Settle a seed by its attempts; `problem` is empty where it went well."""
        last = trail[-1].outcome if trail else None
        if problem == "" and last is CaptureOutcome.COMPLETE:
            state = "captured"
        elif last is None or last in BLOCKED_OUTCOMES:
            state = "blocked"
        else:
            state = "failed"
        reason = problem or (str(last) if state != "captured" else "")
        ids = tuple(capture.capture_id for capture in trail)
        self.settle(number, state, captures=ids, reason=reason)

    def settle(
        self, number: int, state: str, *, captures: tuple[str, ...], reason: str
    ) -> None:
        """Say how a seed ended; the first word stands."""
        words = " ".join(ascii(reason)[1:-1].split())[:REASON_CHARACTERS]
        result = SeedResult(state=state, captures=captures, reason=words)
        self.results.setdefault(number, result)

    @contextmanager
    def speaking(self, uri: str) -> Iterator[None]:
        """Count an exchange as running while the body runs."""
        host = host_of(uri)
        self.running[host] += 1
        try:
            yield
        finally:
            self.running[host] -= 1

    def progress(self, *, queued: int) -> Progress:
        """How far the job is."""
        return Progress(
            captured=self.captures,
            failed=self.failures,
            queued=queued,
            received_bytes=self.received_bytes,
            hosts=tuple(sorted(+self.running)),
        )

    def settled(self) -> tuple[SeedResult, ...]:
        """One result per seed, in order; a seed nobody settled was not reached."""
        missing = SeedResult(state="not-reached", captures=(), reason="job ended first")
        return tuple(self.results.get(n, missing) for n in range(len(self.seeds)))


def host_of(uri: str) -> str:
    """Host and port as an address has them; empty where it has none."""
    try:
        return urlsplit(uri).netloc.lower()
    except ValueError:
        return ""
