"""Statements of times in order, over two stamps that hold."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from archive.instant import format_instant
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Finding, Outcome
from archive.verify.reporting.steps import STEPS
from archive.verify.times.bracket import Brackets
from archive.verify.times.stamps import Stamp

NOON = datetime(2025, 1, 26, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
DAY = timedelta(days=1)
TOKEN, ROOT = "sha256:" + "ab" * 32, "root"
OTHER = TOKEN.replace("ab", "cd")


def findings(collector: Collector) -> list[Finding]:
    """What is no pass."""
    report = collector.report("x", required=frozenset(), headline=None)
    return [one for one in report.findings if one.outcome is not Outcome.VERIFIED]


def named(collector: Collector) -> list[tuple[int, str, Outcome]]:
    """Step, code and outcome of what is no pass."""
    return [(one.step, one.code, one.outcome) for one in findings(collector)]


def finding(
    step: int,
    code: str,
    outcome: Outcome,
    subject: str,
    detail: str,
    **parameters: int,
) -> Finding:
    return Finding(
        step=step,
        code=code,
        outcome=outcome,
        subject=subject,
        detail=detail,
        specification=STEPS[step].specification,
        parameters=parameters,
    )


class Told:
    """Brackets over two stamps that hold, at noon and an hour earlier."""

    def __init__(
        self,
        *,
        upper: datetime | None = None,
        size: int = 9,
        is_judged: bool = True,
    ) -> None:
        self.collector = Collector()
        self.uppers = [] if upper is None else [upper]
        stamps = {
            TOKEN: stamp(NOON),
            TOKEN.replace("ab", "cd"): stamp(NOON - timedelta(hours=1)),
        }
        self.brackets = Brackets(
            self.collector,
            cast(
                "Any",
                SimpleNamespace(
                    is_judged=is_judged,
                    stamped_size=size,
                    found=stamps,
                    existed_by=lambda leaf: (
                        self.uppers[0] if self.uppers and leaf == 5 else None
                    ),
                ),
            ),
        )

    def anchor(
        self,
        *,
        sent: datetime = NOON,
        received: datetime = NOON,
        gen_time: datetime = NOON,
        token: str = TOKEN,
    ) -> None:
        """State a token."""
        stated = {"tsr": token, "gen_time": format_instant(gen_time)}
        self.note(
            "anchor",
            {
                "size": 3,
                "root": ROOT,
                "sent": format_instant(sent),
                "received": format_instant(received),
                "tokens": [stated],
            },
        )

    def capture(
        self, captured: datetime, not_before: Mapping[str, object] | None = None
    ) -> None:
        """State a capture."""
        at = format_instant(captured)
        self.note("capture", {"captured_at": at, "not_before": not_before})

    def note(self, kind: str, predicate: Mapping[str, object], seq: int = 5) -> None:
        """State anything, at noon."""
        said = SimpleNamespace(kind=kind, predicate=predicate, seq=seq, signed=NOON)
        self.brackets.note(cast("Any", said), holds=True, subject="entry 5")


def stamp(at: datetime) -> Stamp:
    return Stamp(name="t.tsr", size=3, gen_time=at, latest=at, path=cast("Any", None))
