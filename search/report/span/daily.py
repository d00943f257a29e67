"""What happened at the sources in a span of time: the judgement, without words.

Captured, new, changed (in the main text: a newer list beside it is no change),
vanished, failed, late, suspicious. Every finding names its captures. That a page could
not be seen is never told as its silence.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from archive.capture import Capture
from archive.capture_class import CaptureClass
from search.report.span.duties import (
    find_clock,
    find_expectations,
    find_late,
    find_promises,
    find_signals,
)
from search.report.span.findings import Finding, Kind, ShownChange, SourceReport
from search.report.span.period import Attempt, SourcePeriod, Window
from search.report.span.second_profile import Sample

CHANGES_COMPARED = 200
"""Changes of one source whose texts are compared; of others only that they did."""
LINKED = 5
"""Captures named by one finding; the first and the last among them."""
SUSPICIOUS_CLASSES = frozenset(
    {
        CaptureClass.GEO_BLOCK,
        CaptureClass.BLOCK_PAGE,
        CaptureClass.CHALLENGE,
        CaptureClass.PAYWALL_TEASER,
        CaptureClass.COOKIE_WALL,
        CaptureClass.LOGIN_WALL,
        CaptureClass.PARKED,
        CaptureClass.EMPTY,
        CaptureClass.UNKNOWN,
    }
)

Earlier = Callable[[str, int], Capture | None]
"""The last content of an address before an entry."""
Compare = Callable[[Capture, Capture, bool], ShownChange | None]
"""What changed between two captures; None: nothing in the main text. The flag: words
of persons may not be shown."""
CompareSamples = Callable[[Sequence[Sample], bool], Iterator[Finding]]
"""What a second profile was shown otherwise; the flag as in `Compare`."""
FindList = Callable[[Capture], Capture | None]
"""The capture of a list that now has another address; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges sources; asks for what came before, and for texts, only where it must."""

    window: Window
    earlier: Earlier
    compare: Compare
    find_list: FindList
    compare_samples: CompareSamples
    show_restricted: bool = False

    def judge(self, period: SourcePeriod) -> SourceReport:
        """All findings about one source."""
        restricted = _is_restricted(period)
        hidden = restricted and not self.show_restricted
        signals = Counter[str]()
        for job in period.jobs:
            if job.closing is not None:
                counts = job.closing.signals.items()
                signals.update({k: v for k, v in counts if isinstance(v, int)})
        return SourceReport(
            source_id=period.source_id,
            title=str(period.description.get("title", period.source_id or "")),
            group=str(period.description.get("group", "")),
            restricted=restricted,
            jobs=len(period.jobs),
            captured=period.captures,
            signals=dict(sorted(signals.items())),
            findings=(
                *self._pages(period, hidden=hidden),
                *find_promises(period.jobs),
                *find_late(period, self.window),
                *find_expectations(period.jobs),
                *find_signals(signals),
                *find_clock(period.attempts),
                *self.compare_samples(period.samples, hidden),
            ),
        )

    def _pages(self, period: SourcePeriod, *, hidden: bool) -> Iterator[Finding]:
        """Address by address, in the order they were first asked for."""
        by_uri: defaultdict[str, list[Attempt]] = defaultdict(list)
        for attempt in period.attempts:
            if not attempt.is_hop:
                by_uri[attempt.capture.target_uri].append(attempt)
        left = CHANGES_COMPARED
        for uri, attempts in by_uri.items():
            history = AddressHistory(self, uri, hidden=hidden, left=left)
            for attempt in attempts:
                history.take(attempt)
            left = history.left
            yield from history.findings()


NONE: Mapping[str, str | int] = {}


class AddressHistory:
    """One address through the window."""

    def __init__(self, judge: Judge, uri: str, *, hidden: bool, left: int) -> None:
        self._judge, self._uri, self._hidden = judge, uri, hidden
        self.left = left
        self._known: Capture | None = None
        self._looked = False
        self._is_gone = False
        self._found: list[Finding] = []
        self._others: dict[str, list[Attempt]] = {}

    def take(self, attempt: Attempt) -> None:
        """The next attempt in the order of the log."""
        capture = attempt.capture
        if not self._looked:
            self._looked = True
            self._known = self._judge.earlier(self._uri, capture.leaf)
        if attempt.is_content:
            self._take_content(capture)
        elif attempt.is_gone and self._known is not None:
            if not self._is_gone:
                self._add(Kind.VANISHED, "vanished", self._known, capture)
            self._is_gone = True
        else:
            self._others.setdefault(attempt.state, []).append(attempt)

    def findings(self) -> Iterator[Finding]:
        """All of it, failures last."""
        yield from self._found
        for state, attempts in self._others.items():
            suspicious = state in SUSPICIOUS_CLASSES
            ids = [one.capture.short_id for one in attempts]
            yield Finding(
                kind=Kind.SUSPICIOUS if suspicious else Kind.FAILED,
                code="not-the-page" if suspicious else "failed",
                uri=self._uri,
                captures=(*ids[: LINKED - 1], *ids[LINKED - 1 :][-1:]),
                parameters={"state": state, "times": len(attempts)},
            )

    def _take_content(self, capture: Capture) -> None:
        before, self._known = self._known, capture
        if self._is_gone and before is not None:
            self._add(Kind.SUSPICIOUS, "came-back", capture)
        self._is_gone = False
        if before is None:
            self._take_new(capture)
        elif not _same_bytes(before, capture):
            self._compare(before, capture, code="changed")

    def _take_new(self, capture: Capture) -> None:
        moved = self._judge.find_list(capture)
        if moved is None:
            self._add(Kind.NEW, "new", capture)
        elif moved.payload_digest == capture.payload_digest:
            self._add(
                Kind.CHANGED,
                "same-at-new-address",
                moved,
                capture,
                parameters={"old": moved.target_uri},
            )
        else:
            self._compare(moved, capture, code="list-at-new-address")

    def _compare(self, before: Capture, after: Capture, *, code: str) -> None:
        moved = code != "changed"
        old = {"old": before.target_uri} if moved else {}
        if self.left <= 0:
            self._add(Kind.CHANGED, "changed-not-compared", before, after)
            return
        self.left -= 1
        change = self._judge.compare(before, after, self._hidden)
        if change is not None or moved:
            self._add(Kind.CHANGED, code, before, after, change=change, parameters=old)

    def _add(
        self,
        kind: Kind,
        code: str,
        *captures: Capture,
        change: ShownChange | None = None,
        parameters: Mapping[str, str | int] = NONE,
    ) -> None:
        self._found.append(
            Finding(
                kind=kind,
                code=code,
                uri=self._uri,
                captures=tuple(one.short_id for one in captures),
                parameters=parameters,
                change=change,
            )
        )


def _is_restricted(period: SourcePeriod) -> bool:
    sensitivity = period.description.get("sensitivity")
    return isinstance(sensitivity, dict) and sensitivity.get("restricted") is True


def _same_bytes(before: Capture, after: Capture) -> bool:
    """Whether the server sent the same, or said that nothing is new."""
    originals = {one.refers_to or one.capture_id for one in (before, after)}
    digest = after.payload_digest
    return len(originals) == 1 or (
        digest is not None and before.payload_digest == digest
    )
