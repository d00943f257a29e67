"""A finished run against what its source promises: below is FAILED, above a warning."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from crawlers.sources.source import Expectations


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """What one run brought."""

    items: int
    """Entries of lists, feeds, sitemaps, channels."""
    captures: int
    failures: int
    bytes: int
    new: int = 0
    """Of the items, those whose address the archive did not hold."""
    pages: int = 0
    """Captures classed as content."""
    not_pages: int = 0
    """Answers where content was expected, classed as something else."""
    compared: int = 0
    """Addresses of content that the archive held before."""
    changed: int = 0
    """Of those, the ones whose content is another now."""
    newest_age_hours: int | None = None
    """Age of the newest date that lists and feeds state; None = they state none."""
    languages: Mapping[str, int] = field(default_factory=dict)
    """Content by the language that its address names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationResult:
    """One promise and how it was kept."""

    name: str
    """The key in `[expect]`: `items_min`, `languages.be`."""
    bound: int
    value: int | None
    """None where the run showed nothing to judge by."""
    outcome: str
    """`met`, `failed` (too little), `warning` (too much) or `not-judged`."""

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
    return tuple(
        ExpectationResult(
            name=name,
            bound=bound,
            value=value,
            outcome=_judge(name, bound=bound, value=value),
        )
        for name, bound, value in _pairs(expect, figures)
        if bound is not None
    )


def _pairs(
    expect: Expectations, figures: RunFigures
) -> Iterator[tuple[str, int | None, int | None]]:
    """Each promise with the figure it is judged by."""
    answered = figures.pages + figures.not_pages
    changed = _percent(figures.changed, figures.compared)
    yield "items_min", expect.items_min, figures.items
    yield "items_max", expect.items_max, figures.items
    yield "new_min", expect.new_min, figures.new
    yield "new_max", expect.new_max, figures.new
    yield "captures_min", expect.captures_min, figures.captures
    yield "captures_max", expect.captures_max, figures.captures
    yield "pages_min", expect.pages_min, figures.pages
    share = _percent(figures.not_pages, answered)
    yield "not_page_percent_max", expect.not_page_percent_max, share
    yield "changed_percent_min", expect.changed_percent_min, changed
    yield "changed_percent_max", expect.changed_percent_max, changed
    yield "fresh_hours", expect.fresh_hours, figures.newest_age_hours
    yield "failures_max", expect.failures_max, figures.failures
    yield "bytes_min", expect.bytes_min, figures.bytes
    yield "bytes_max", expect.bytes_max, figures.bytes
    for language, least in expect.languages.items():
        yield f"languages.{language}", least, figures.languages.get(language, 0)


def _percent(part: int, whole: int) -> int | None:
    return 100 * part // whole if whole else None


def _judge(name: str, *, bound: int, value: int | None) -> str:
    if name == "fresh_hours":
        # A list that states no date at all shows nothing new either.
        return "failed" if value is None or value > bound else "met"
    if value is None:
        return "not-judged"
    if name.endswith("_max"):
        return "warning" if value > bound else "met"
    return "failed" if value < bound else "met"
