"""Check 13: what captures say of their time lies inside what tokens prove.

Below: the token a capture names in `not_before` was logged earlier, holds, and is not
later than the capture. Above: the tokens over a checkpoint that holds its entry. The
clock of the machine gets a tolerance; a capture stated long after it says it was made
is named, because then only the operator vouches for its time.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from archive.attest.statements.statement import Statement
from archive.instant import format_instant, parse_instant
from archive.verify.reporting.collector import Collector
from archive.verify.times.stamps import Stamp, Stamps

TOLERANCE = timedelta(seconds=300)
"""How far a machine's clock may be off before it is named."""
STATED_LATE = timedelta(hours=1)
"""How long a capture may run before it is stated: longer than any exchange may take."""
TAIL_AGE = timedelta(hours=1)
"""How long entries may wait for their stamp before that is more than a notice."""
TIMED_KINDS = ("capture", "page")


class Brackets:
    """Follows the statements in order; `anchor` statements come before their use."""

    def __init__(self, collector: Collector, stamps: Stamps) -> None:
        self._collector = collector
        self._stamps = stamps
        self._stated: dict[str, tuple[Any, ...]] = {}
        self._newest: datetime | None = None
        """Time of the newest token that is logged so far: all that follows is later."""
        self._bounded = self._unbounded = 0
        self._tail: tuple[int, datetime] | None = None

    def note(self, statement: Statement, *, holds: bool, subject: str) -> None:
        """The next statement of the archive; `holds`: slice and signature do."""
        if not self._stamps.is_judged:
            return
        predicate = statement.predicate
        if statement.kind == "anchor":
            if holds:
                self._note_anchor(predicate, subject)
            return
        if statement.seq >= self._stamps.stamped_size and self._tail is None:
            self._tail = (statement.seq, statement.signed)
        if statement.kind in TIMED_KINDS and holds:
            self._check(statement, subject)

    def finish(self, now: datetime | None) -> None:
        """Say what of check 13 could not be judged, and how old the tail is."""
        if self._unbounded and not self._bounded:
            self._collector.not_checked(
                13,
                "time-stamps-none",
                "anchors",
                f"{self._unbounded} captures are bounded by no time stamp from above",
            )
        elif not self._unbounded and not self._bounded:
            self._collector.passed(13, 0)
        self._report_tail(now)

    def _report_tail(self, now: datetime | None) -> None:
        """Check 20: entries beyond the newest stamp, anchors aside."""
        if self._tail is None:
            return
        first, signed = self._tail
        age = None if now is None else now - signed
        if age is not None and age <= TAIL_AGE:
            self._collector.notices.append(
                f"entries from {first} on wait for a time stamp since "
                f"{format_instant(signed)}"
            )
            return
        words = "for an unknown time" if age is None else f"for {describe_width(age)}"
        self._collector.not_checked(
            20,
            "tail-unstamped",
            f"entries from {first} on",
            f"no quorum has stamped them {words}; `evidence timestamp` asks again",
            first=first,
        )

    def _note_anchor(self, predicate: Mapping[str, Any], subject: str) -> None:
        sent = parse_instant(predicate["sent"])
        received = parse_instant(predicate["received"])
        for token in predicate["tokens"]:
            self._stated[token["tsr"]] = (
                predicate["size"],
                predicate["root"],
                token["gen_time"],
            )
            stamp = self._stamps.found.get(token["tsr"])
            if stamp is None:
                continue
            self._compare_clock(stamp, token["gen_time"], sent, received, subject)
            self._newest = max(self._newest or stamp.gen_time, stamp.gen_time)

    def _compare_clock(
        self,
        stamp: Stamp,
        stated: str,
        sent: datetime,
        received: datetime,
        subject: str,
    ) -> None:
        """Checks 20 and 21: the statement tells the token's time; clocks agree."""
        if stated != format_instant(stamp.gen_time):
            self._collector.failed(
                20,
                "anchor-misstated",
                subject,
                f"{stamp.name} is of {format_instant(stamp.gen_time)}, not as stated",
            )
        if not sent - TOLERANCE <= stamp.gen_time <= received + TOLERANCE:
            off = min(abs(sent - stamp.gen_time), abs(received - stamp.gen_time))
            self._collector.failed(
                21,
                "clock-skew",
                subject,
                f"the operator's clock and {stamp.name} differ by "
                f"{describe_width(off)}",
                seconds=int(off.total_seconds()),
            )

    def _check(self, statement: Statement, subject: str) -> None:
        captured = parse_instant(statement.predicate["captured_at"])
        upper = self._stamps.existed_by(statement.seq)
        named = statement.predicate["not_before"]
        lower = None
        if named is not None:
            lower = self._find_lower(named, subject)
            if lower is None:
                return
        if upper is None:
            self._unbounded += 1
        else:
            self._bounded += 1
        if judge_time(self._collector, subject, captured, lower, upper):
            return
        newest = self._newest
        if newest is not None and captured + STATED_LATE < newest - TOLERANCE:
            self._collector.not_checked(
                13,
                "stated-late",
                subject,
                f"captured_at is {describe_width(newest - captured)} before a token "
                "that was logged earlier: only the operator vouches for that time",
            )
        elif upper is not None:
            self._collector.passed(13)

    def _find_lower(self, named: Mapping[str, Any], subject: str) -> datetime | None:
        """The time of the token a capture names; None after saying why not."""
        wanted = (named["size"], named["root"], named["gen_time"])
        if self._stated.get(named["token"]) != wanted:
            self._collector.failed(
                13,
                "not-before-bad",
                subject,
                "it names a token that was not logged before it as it says",
            )
            return None
        stamp = self._stamps.found.get(named["token"])
        if stamp is None:
            self._collector.not_checked(
                13,
                "not-before-missing",
                subject,
                "the token it names is not at hand, or by nobody you trust",
            )
            return None
        return stamp.gen_time


def judge_time(
    collector: Collector,
    subject: str,
    captured: datetime,
    lower: datetime | None,
    upper: datetime | None,
) -> bool:
    """Check 13 with its tolerance; says whether a failure was noted."""
    if lower is not None and captured < lower - TOLERANCE:
        collector.failed(
            13,
            "time-outside",
            subject,
            f"captured_at lies {describe_width(lower - captured)} before the token "
            f"that it names, of {format_instant(lower)}",
        )
        return True
    if upper is not None and captured > upper + TOLERANCE:
        collector.failed(
            13,
            "time-outside",
            subject,
            f"captured_at lies {describe_width(captured - upper)} behind the time "
            f"stamp of {format_instant(upper)}",
        )
        return True
    return False


def describe_width(width: timedelta) -> str:
    """A duration in words: days, hours, minutes, seconds."""
    seconds = int(width.total_seconds())
    days, seconds = divmod(seconds, 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    shown = [f"{number} {unit}" for number, unit in parts if number][:2]
    return " ".join(shown) or "0 s"
