"""A finished run against what its source promises: below is FAILED, above a warning."""

from dataclasses import dataclass

from crawlers.sources.source import Expectations


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """What one run brought."""

    items: int
    captures: int
    failures: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationResult:
    """One promise and how it was kept."""

    name: str
    """The key in `[expect]`: `items_min`."""
    bound: int
    value: int
    outcome: str
    """`met`, `failed` (too little) or `warning` (too much)."""

    def as_json(self) -> dict[str, object]:
        """As it stands in the closing record of the job."""
        return {
            "name": self.name,
            "bound": self.bound,
            "value": self.value,
            "outcome": self.outcome,
        }


def check_expectations(
    expect: Expectations, figures: RunFigures
) -> tuple[ExpectationResult, ...]:
    """Compare; only what the source states is judged."""
    pairs = (
        ("items_min", expect.items_min, figures.items),
        ("items_max", expect.items_max, figures.items),
        ("captures_min", expect.captures_min, figures.captures),
        ("captures_max", expect.captures_max, figures.captures),
        ("failures_max", expect.failures_max, figures.failures),
        ("bytes_max", expect.bytes_max, figures.bytes),
    )
    return tuple(
        ExpectationResult(
            name=name,
            bound=bound,
            value=value,
            outcome=_judge(name, bound=bound, value=value),
        )
        for name, bound, value in pairs
        if bound is not None
    )


def _judge(name: str, *, bound: int, value: int) -> str:
    if name.endswith("_min"):
        return "failed" if value < bound else "met"
    return "warning" if value > bound else "met"
