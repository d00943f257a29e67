"""The same addresses in another archive: same, differs, or unreachable from there.

Two archives of one operator are two places, not two witnesses: what differs tells what
was served where. Only captures that verify against the reader's own trust are compared.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from archive.capture import Capture
from archive.store.reading.classes import CaptureClasses
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.corroboration import (
    Agreement,
    NotCounted,
    Partner,
    TextOf,
    corroborate,
    near_captures,
)
from search.report.span.findings import Finding, Kind
from search.report.span.period import Attempt

NEAR = timedelta(hours=24)
"""Captures of the two places may be so far apart; what is later may be a change."""
ADDRESSES = 2_000
"""Compared in one report."""


class Seen(StrEnum):
    """How an address was seen from here and from there."""

    SAME = "same"
    DIFFERS = "differs"
    NOT_FROM_THERE = "unreachable-from-there"
    NOT_FROM_HERE = "unreachable-from-here"
    FROM_NEITHER = "unreachable-from-both"
    NOT_TRIED = "not-tried-there"
    NOT_CHECKED = "not-checked"
    """The capture there does not verify, or nothing is known about its log."""
    NOT_COMPARED = "not-compared"
    """Other bytes, and one of the two cannot be had whole: they may say the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One address seen from both places."""

    uri: str
    seen: Seen
    here: Capture
    there: Capture | None

    def as_finding(self) -> Finding | None:
        """A line of the report; None where there is nothing to look at."""
        if self.seen in (Seen.SAME, Seen.NOT_TRIED):
            return None
        blocked = self.seen in (Seen.NOT_FROM_HERE, Seen.FROM_NEITHER)
        there = {"there": self.there.short_id} if self.there else {}
        return Finding(
            kind=Kind.FAILED if blocked else Kind.SUSPICIOUS,
            code=f"vantage-{self.seen}",
            uri=self.uri,
            captures=(self.here.short_id,),
            parameters=there,
        )


def compare_places(
    own: Partner,
    other: Partner,
    attempts: Sequence[Attempt],
    *,
    text_of: TextOf,
) -> Iterator[Sight]:
    """Compare the last attempt at each address with the nearest one there."""
    last = {one.capture.target_uri: one for one in attempts if not one.is_hop}
    for uri, attempt in list(last.items())[:ADDRESSES]:
        seen, there = _judge(own, other, attempt, text_of=text_of)
        yield Sight(uri=uri, seen=seen, here=attempt.capture, there=there)


def _judge(
    own: Partner,
    other: Partner,
    attempt: Attempt,
    *,
    text_of: TextOf,
) -> tuple[Seen, Capture | None]:
    """How it was seen, and by which capture there: the one that was compared."""
    near = next(iter(near_captures(other, attempt.capture, NEAR)), None)
    if near is None:
        return Seen.NOT_TRIED, None
    shown_there = _class_there(other.reader, near)
    if not attempt.is_content:
        return Seen.NOT_FROM_HERE if shown_there else Seen.FROM_NEITHER, near
    if not shown_there:
        return Seen.NOT_FROM_THERE, near
    found = corroborate(
        own, attempt.capture, [other], text_of=text_of, window=NEAR
    ).comparisons[0]
    there = found.capture or near
    if found.agreement is None or _is_unverified(found.not_counted):
        return Seen.NOT_CHECKED, there
    if found.agreement is Agreement.NOT_COMPARED:
        return Seen.NOT_COMPARED, there
    if found.agreement is Agreement.UNREACHABLE:
        return Seen.NOT_FROM_THERE, there
    same = found.agreement in (Agreement.SAME_PAYLOAD, Agreement.SAME_TEXT)
    return Seen.SAME if same else Seen.DIFFERS, there


def _is_unverified(reason: str | None) -> bool:
    """Whether it counts for nothing by itself, not because it is of one operator."""
    return reason is not None and reason is not NotCounted.SAME_OPERATOR


def _class_there(reader: ArchiveReader, capture: Capture) -> bool:
    """Whether that capture shows what the source says, by the class of its own job."""
    note = CaptureClasses(reader).find(capture)
    return Attempt(capture=capture, note=note).is_content
