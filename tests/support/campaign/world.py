"""Forty made-up sources over sixty days: what each of them serves at any instant.

Pure: everything follows from the plan and the time. Every state of every page carries a
mark of its own, so that a capture tells which state it is of.
"""

import hashlib
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2030, 1, 1, tzinfo=UTC)
ELECTION = START + timedelta(days=45, hours=5)
"""Polls open; they close twelve hours later."""
COUNT = ELECTION + timedelta(hours=12)
RESULT = COUNT + timedelta(hours=12)
END = START + timedelta(days=60)
LISTED = 4
"""Newest articles on a front page."""
PAGE = (
    "<!doctype html><html lang=be><head><meta charset=utf-8><title>{title}</title>"
    "</head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """From `since` on a page has this mark; None = it is gone."""

    since: datetime
    mark: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """`[since, until)`: nothing, a refusal by place, or an error."""

    since: datetime
    until: datetime
    kind: str
    """`down`, `geo` or `error`."""


@dataclass(slots=True, kw_only=True)
class SimSource:
    """One source: its pages and their states, and when it cannot be reached."""

    name: str
    official: bool
    pages: dict[str, list[State]] = field(default_factory=dict)
    """By path, states in order of time."""
    outages: list[Outage] = field(default_factory=list)
    listed: int = LISTED

    @property
    def host(self) -> str:
        return f"{self.name}.example"

    def mark_at(self, path: str, now: datetime) -> str | None:
        """The mark of a page then; None where it is not there, or no more."""
        held = [s.mark for s in self.pages.get(path, ()) if s.since <= now]
        return held[-1] if held else None

    def outage_at(self, now: datetime) -> str | None:
        return next((o.kind for o in self.outages if o.since <= now < o.until), None)

    def listed_at(self, now: datetime) -> list[str]:
        """Paths of the front page then: the newest articles that are there."""
        born = [
            (states[0].since, path)
            for path, states in self.pages.items()
            if path.startswith("/news/") and states[0].since <= now
        ]
        newest = sorted(born, reverse=True)[: self.listed]
        return [path for _, path in newest if self.mark_at(path, now) is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server says; None for `status` = it hangs up."""

    status: int | None
    body: bytes = b""
    media_type: str = "text/html; charset=utf-8"

    @property
    def etag(self) -> str:
        return '"' + hashlib.sha256(self.body).hexdigest()[:16] + '"'


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All sources."""

    sources: dict[str, SimSource]
    """By host."""

    def outage_at(self, host: str, now: datetime) -> str | None:
        """The kind of outage of a host then."""
        source = self.sources.get(host)
        return source.outage_at(now) if source else None

    def answer(self, host: str, path: str, now: datetime) -> Answer:
        """What that host says to a request for that path then."""
        source = self.sources.get(host)
        if source is None:
            return Answer(status=404)
        outage = source.outage_at(now)
        if outage == "down":
            return Answer(status=None)
        if outage == "error":
            return Answer(status=503, body=_page("Service unavailable", "Try later."))
        if path == "/robots.txt":
            return Answer(status=200, body=b"User-agent: *\nAllow: /\n")
        if outage == "geo":
            words = "Access from your country is restricted."
            return Answer(status=403, body=_page("Access denied", words))
        if path == "/":
            return Answer(status=200, body=_front(source, now))
        mark = source.mark_at(path, now)
        if mark is None:
            return Answer(status=404, body=_page("Not found", "No such page."))
        return Answer(status=200, body=state_body(source, path, mark))


def state_body(source: SimSource, path: str, mark: str) -> bytes:
    """What a page is made of in a state."""
    words = f"This page is in the state {mark}. " + "Words of the page. " * 20
    return _page(f"{source.name}{path}", words)


def _page(title: str, text: str) -> bytes:
    return PAGE.format(title=title, text=text).encode()


def _front(source: SimSource, now: datetime) -> bytes:
    items = "".join(
        f"<li><a href='{path}'>Article {path}</a></li>"
        for path in source.listed_at(now)
    )
    return _page(source.name, f"<ul>{items}</ul>")


def build_world(
    *, sources: int, calm: timedelta = timedelta(days=1), seed: int = 1
) -> World:
    """Plan every publication, edit, correction, removal and outage.

    Each state lasts longer than the interval at which it is looked at.
    """
    chance = random.Random(seed)
    made = {}
    for number in range(sources):
        source = SimSource(name=f"sim-{number:02}", official=number % 10 < 1)
        _plan_articles(source, chance, calm)
        _plan_watched(source, chance, calm)
        _plan_outages(source, number, calm)
        made[source.host] = source
    return World(sources=made)


def busy_world(*, sources: int, articles: int) -> World:
    """Sources that have so many articles from the first day on; nothing changes."""
    made = {}
    for number in range(sources):
        source = SimSource(name=f"sim-{number:02}", official=False, listed=articles)
        for path in ["/election", *(f"/news/{n}" for n in range(1, articles + 1))]:
            source.pages[path] = [State(since=START, mark=_mark(source, path, 0))]
        made[source.host] = source
    return World(sources=made)


def _plan_articles(source: SimSource, chance: random.Random, calm: timedelta) -> None:
    """An article every few intervals; every second is edited, every third goes."""
    at, number = START + calm * chance.uniform(0.1, 3), 1
    while at < END - 3 * calm:
        path = f"/news/{number}"
        states = [State(since=at, mark=_mark(source, path, 0))]
        if number % 2 == 0:
            later = at + calm * chance.uniform(1.6, 2.4)
            states.append(State(since=later, mark=_mark(source, path, 1)))
        if number % 3 == 0:
            gone = at + calm * chance.uniform(2.5, 2.9)
            states.append(State(since=gone, mark=None))
        source.pages[path] = sorted(states, key=lambda state: state.since)
        at += calm * chance.uniform(2.5, 5)
        number += 1


def _plan_watched(source: SimSource, chance: random.Random, calm: timedelta) -> None:
    """A page on the election; those of offices are corrected all night long."""
    path = "/election"
    times = [START, START + timedelta(days=20), ELECTION - 2 * calm]
    if source.official:
        at = COUNT + timedelta(minutes=chance.uniform(30, 45))
        while at < RESULT - timedelta(minutes=90):
            times.append(at)
            at += timedelta(minutes=chance.uniform(35, 70))
    times.append(RESULT + timedelta(hours=chance.uniform(1, 12)))
    states = [
        State(since=at, mark=_mark(source, path, number))
        for number, at in enumerate(times)
    ]
    if source.official:  # the aftermath: what was published is taken down
        states.append(State(since=RESULT + 1.5 * calm, mark=None))
    source.pages[path] = states


def _plan_outages(source: SimSource, number: int, calm: timedelta) -> None:
    """Each lasts longer than the interval, so that it is met."""
    day = timedelta(days=1)
    if number % 4 == 1:
        since = START + (5 + number % 30) * day
        until = since + max(2 * day, 1.5 * calm)
        source.outages.append(Outage(since=since, until=until, kind="down"))
    if number % 20 == 2:  # a host in trouble is waited for, in real time
        since = START + (8 + number // 2) * day
        until = since + max(day, 1.5 * calm)
        source.outages.append(Outage(since=since, until=until, kind="error"))
    if source.official:
        since = COUNT + timedelta(hours=2)
        until = since + timedelta(hours=3)
        source.outages.append(Outage(since=since, until=until, kind="geo"))


def _mark(source: SimSource, path: str, number: int) -> str:
    return f"mark-{source.name}{path.replace('/', '-')}-{number}."
