"""What one page of a list says, of whatever kind: entries, more pages, oddities."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

ENTRIES = 5_000
"""Entries read from one page of a list."""
LIST_BYTES = 8 << 20
"""A longer list is captured but not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a list."""

    url: str | None
    """Absolute, without fragment; None for an entry that leads nowhere."""
    key: str = ""
    """By which the list itself knows the entry; empty = by its address."""
    title: str | None = None
    date: str | None = None
    """As printed."""
    stated_at: datetime | None = None
    """The date as a machine may read it; the list's claim, nothing more."""
    digest: str = ""
    """Of what the list says in the entry, where that may be edited."""

    @property
    def name(self) -> str:
        """What is the same when the same entry is listed again."""
        return self.key or self.url or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one page of a list says."""

    entries: tuple[Entry, ...] = ()
    next_url: str | None = None
    """The next page of the same list."""
    lists: tuple[str, ...] = ()
    """Further lists named by this one: nested sitemaps."""
    signals: Counter[str] = field(default_factory=Counter)

    def named(self) -> dict[str, Entry]:
        """Entries by name; the first of a name stands."""
        found: dict[str, Entry] = {}
        for entry in self.entries:
            found.setdefault(entry.name, entry)
        return found


def too_long() -> Reading:
    """A list that is captured and not read."""
    return Reading(signals=Counter({"listing-too-long": 1}))


def join(base: str, href: str | None) -> str | None:
    """Absolute web address without fragment; None for what is none."""
    if not href or href.strip().startswith("#"):
        return None
    try:
        return web_address(urljoin(base, href.strip()))
    except ValueError:
        return None


def web_address(url: str) -> str | None:
    """The same without fragment; None for another scheme, ValueError if malformed."""
    url = url.partition("#")[0]
    urlsplit(url).port, url.encode()  # each raises for what Scrapy would trip over
    return url if url.startswith(("http://", "https://")) else None


def read_instant(text: str | None, timezone: str) -> datetime | None:
    """A date as machines write it, in UTC; None for every other form.

    Without an offset it is meant in the source's time zone.
    """
    try:
        stated = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    if stated.tzinfo is None:
        stated = stated.replace(tzinfo=ZoneInfo(timezone))
    try:
        return stated.astimezone(UTC)
    except OverflowError:
        return None


def merge_adjacent(entries: Iterable[Entry], signals: Counter[str]) -> list[Entry]:
    """Drop what is listed twice on end, with a count: picture and headline, say."""
    found: list[Entry] = []
    for entry in entries:
        if found and found[-1].name == entry.name:
            signals["item-adjacent-double"] += 1
            found[-1] = _merge(found[-1], entry)
        else:
            found.append(entry)
    return found


def _merge(first: Entry, second: Entry) -> Entry:
    return Entry(
        url=first.url,
        key=first.key,
        title=first.title or second.title,
        date=first.date or second.date,
        stated_at=first.stated_at or second.stated_at,
        digest=first.digest or second.digest,
    )
