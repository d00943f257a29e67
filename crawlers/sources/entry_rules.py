"""The tables of a registry file that say what is normal: times, keys, amounts."""

import re
from dataclasses import fields
from datetime import timedelta

from archive.capture_class import CaptureClass
from crawlers.sources.source import ClassRule, Expectations, IdentityRule
from crawlers.sources.timing import Phase, Schedule, ScheduleWindow
from crawlers.sources.toml_table import Table

EVERY_LEAST = timedelta(minutes=1)
"""A shorter interval is no politeness any more."""
PERCENT = 100
SLUG = r"[a-z0-9-]{2,48}"
KEY_TEMPLATE = r"[^{}]*(\{[a-z_]+\}[^{}]*)+"


def read_schedule(table: Table) -> Schedule:
    """Read `[schedule]`, its phases and windows."""
    default = Schedule()
    phases = _phases(table.table("phases"))
    schedule = Schedule(
        every=_interval(table, "every", default.every),
        jitter=table.span_or("jitter", default.jitter),
        phases=phases,
        windows=tuple(map(_window, table.tables("window", least=0))),
        recheck=table.spans("recheck", default.recheck),
    )
    if list(schedule.recheck) != sorted(set(schedule.recheck)):
        table.fail("recheck", "must name ages that grow")
    if schedule.jitter > min((schedule.every, *phases.values())):
        table.fail("jitter", "is longer than an interval")
    table.finish()
    return schedule


def _phases(table: Table) -> dict[Phase, timedelta]:
    phases = {
        phase: _interval(table, str(phase), EVERY_LEAST)
        for phase in Phase
        if str(phase) in table.values
    }
    table.finish()
    return phases


def _window(table: Table) -> ScheduleWindow:
    window = ScheduleWindow(
        since=table.moment("from"),
        until=table.moment("until"),
        every=_interval(table, "every", EVERY_LEAST),
    )
    if "every" not in table.values:
        table.fail("every", "is missing")
    if window.until <= window.since:
        table.fail("until", "is not after the beginning")
    table.finish()
    return window


def _interval(table: Table, key: str, default: timedelta) -> timedelta:
    every = table.span_or(key, default)
    if every < EVERY_LEAST:
        table.fail(key, "is shorter than a minute")
    return every


def read_identity(table: Table) -> IdentityRule:
    """Read one `[[identity]]`: its template uses the parts its pattern names."""
    path = table.regex("path")
    if path is None:
        table.fail("path", "is missing: which addresses does this rule name?")
    query = table.regex("query")
    rule = IdentityRule(
        path=path,
        query=query,
        host=table.text_or("host", None),
        key=table.text_of("key", pattern=KEY_TEMPLATE),
        fold_case=table.flag("fold_case"),
        examples=table.pairs("examples"),
    )
    named = {*path.groupindex, *(query.groupindex if query else ())}
    for part in re.findall(r"\{([a-z_]+)\}", rule.key):
        if part not in named:
            table.fail("key", f"no part of path or query is called {part!r}")
    if not rule.examples:
        table.fail("examples", "at least one address and its key are needed")
    table.finish()
    return rule


def read_class(table: Table, *, named: bool = False) -> ClassRule:
    """Read one `[[class]]`; at least one sign must be stated.

    `named`: the general rules have ids of their own.
    """
    capture_class = str(table.choice("class", CaptureClass))
    title, phrase, markup = map(table.search, ("title", "phrase", "markup"))
    selector = table.selector("selector")
    said = [p.pattern for p in (title, phrase, markup) if p is not None]
    word = next(iter(said), selector or capture_class)
    rule = ClassRule(
        name=table.text_of("id", pattern=SLUG) if named else f"source:{word}"[:64],
        capture_class=capture_class,
        statuses=table.numbers("status"),
        address=table.search("address"),
        moved=table.flag("moved"),
        title=title,
        phrase=phrase,
        markup=markup,
        selector=selector,
        unfree=table.flag("unfree"),
        password=table.flag("password"),
        text_max=table.number_or("text_max", None, least=1),
        prose_max=table.number_or("prose_max", None, least=1),
    )
    if not (rule.looks_inside or rule.statuses or rule.address or rule.moved):
        table.fail("class", "names no sign by which such a body is known")
    table.finish()
    return rule


def read_expectations(table: Table) -> Expectations:
    """Read `[expect]`; every key but `languages` is a whole number."""
    numbers = [f.name for f in fields(Expectations) if f.name != "languages"]
    values = {name: table.number_or(name, None) for name in numbers}
    for name, value in values.items():
        if "percent" in name and value is not None and value > PERCENT:
            table.fail(name, "is a share; at most 100")
    languages = table.table("languages")
    least = {name: languages.number_or(name, 0) for name in [*languages.values]}
    expect = Expectations(**values, languages=least)
    for low, high in (("items_min", "items_max"), ("captures_min", "captures_max")):
        if (values[low] or 0) > (values[high] or values[low] or 0):
            table.fail(high, f"is below {low}")
    table.finish()
    return expect
