"""When a page says it was published: value, words, method, confidence; never a guess.

Only importer of htmldate. What the page states for machines comes first, then dates
written beside its title, then what htmldate finds. The capture's own time is not known
here and never enters. One page in twenty states a wrong date: doubts are flagged
(`date_conflict`), both sides are shown, nothing is corrected.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import htmldate

from search.extract.written_dates import (
    FIRST_YEAR,
    LAST_YEAR,
    WrittenDate,
    find_dates,
)

CONFLICT = "date_conflict"
SAME_DAYS = 1
"""Statements of one page may differ by a day: local time and UTC."""
HEAD_CODE_POINTS = 1_500
"""Of the main text: a date of publication stands near the title."""
BYLINE_CODE_POINTS = 160
"""A date in a longer line is told about, not the line of the author."""
LATER_MONTHS_READ = 200
"""Dates read in one text to find one later than the claimed date."""
METHODS = {"json-ld": 0.95, "meta": 0.95, "time": 0.85, "markup": 0.6, "text": 0.7}
"""Confidence by method; two that agree are surer, two that differ less sure."""
AGREED, DIFFERENT = 0.99, 0.5
ALSO_SHOWN = 0.8
"""Found by htmldate and written beside the title too."""
NEAR_MIDNIGHT = 0.75
"""Stated in UTC within six hours of midnight: the day there may be another."""
NIGHT_HOURS = frozenset((*range(6), *range(18, 24)))
GUESS = 0.4
"""Found by looking through the whole page for something like a date."""

_JSON_LD = re.compile(
    r'"(?:datePublished|uploadDate)"\s*:\s*"([^"]{6,40})"', re.IGNORECASE
)
_META_NAMES = (
    "article:published_time|og:article:published_time|og:published_time|datepublished"
    "|date_published|publish-date|publish_date|publication_date|pubdate|dc.date.issued"
    "|dcterms.created|dcterms.issued|parsely-pub-date|sailthru.date|cxenseparse:recs:"
    "publishtime|published_time|date.created|article_date_original|originalpublication"
    "date"
)
_META = re.compile(r"<meta\b[^>]{0,400}>", re.IGNORECASE)
_META_KEY = re.compile(
    rf"(?:property|name|itemprop)\s*=\s*[\"']?(?:{_META_NAMES})[\"'\s]", re.IGNORECASE
)
_CONTENT = re.compile(r"content\s*=\s*[\"']([^\"']{6,40})[\"']", re.IGNORECASE)
_TIME = re.compile(
    r"<time\b[^>]{0,300}(?:itemprop\s*=\s*[\"']?datePublished|pubdate)[^>]{0,300}>",
    re.IGNORECASE,
)
_DATETIME = re.compile(r"datetime\s*=\s*[\"']([^\"']{6,40})[\"']", re.IGNORECASE)
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s*"
    r"(Z|[+-]\d{2}:?\d{2})?)?"
)
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The date a page claims; `value` is YYYY-MM-DD, with a time where it states one.

    The time is as written, with its offset if there is one: no zone is ever added.
    """

    value: str
    raw: str
    method: str
    confidence: float

    @property
    def day(self) -> date:
        """The day as written."""
        return date.fromisoformat(self.value[:10])


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """What was found, and whether the page contradicts itself."""

    claimed: Claimed | None
    conflict: bool


def find_claimed(markup: str, main: str, *, stated_only: bool = False) -> Dates:
    """Look for the date of publication of a page with this main text.

    `stated_only`: what it states for machines, as other dates are those of its items.
    """
    stated = list(_stated(markup))
    if not stated and stated_only:
        return Dates(claimed=None, conflict=False)
    claimed = stated[0] if stated else _shown(main) or _found(markup, main)
    if claimed is None:
        return Dates(claimed=None, conflict=False)
    differs = any(
        abs(other.day - claimed.day) > timedelta(days=SAME_DAYS) for other in stated[1:]
    )
    shown = [found.day for found in _head_dates(main)]
    agrees = any(
        other.day == claimed.day and other.method != claimed.method for other in stated
    ) or (claimed.method != "text" and claimed.day in shown)
    confidence = claimed.confidence
    if differs:
        confidence = DIFFERENT
    elif agrees:
        sure = confidence >= NEAR_MIDNIGHT and claimed.method != "markup"
        confidence = AGREED if sure else ALSO_SHOWN
    made = Claimed(
        value=claimed.value,
        raw=claimed.raw,
        method=claimed.method,
        confidence=confidence,
    )
    return Dates(claimed=made, conflict=differs or names_later_month(main, made.day))


def find_in_text(text: str) -> Dates:
    """The first whole date of a text without markup, such as a PDF's first page."""
    claimed = _shown(text)
    later = claimed is not None and names_later_month(text, claimed.day)
    return Dates(claimed=claimed, conflict=later)


def names_later_month(text: str, claimed: date) -> bool:
    """Whether a text tells of a month after the one it claims to be from."""
    for count, found in enumerate(find_dates(text)):
        if count >= LATER_MONTHS_READ:
            return False
        if (found.day.year, found.day.month) > (claimed.year, claimed.month):
            return True
    return False


def _stated(markup: str) -> Iterator[Claimed]:
    """Dates the page states for machines, best first."""
    for raw in _JSON_LD.findall(markup):
        yield from _machine(raw, "json-ld")
    for tag in _META.findall(markup):
        content = _CONTENT.search(tag) if _META_KEY.search(tag) else None
        if content:
            yield from _machine(content[1], "meta")
    for tag in _TIME.findall(markup):
        content = _DATETIME.search(tag)
        if content:
            yield from _machine(content[1], "time")


def _machine(written: str, method: str) -> Iterator[Claimed]:
    raw = html.unescape(written).strip()
    found = _ISO.match(raw)
    if found is None:
        return
    day = _day(*map(int, found.group(1, 2, 3)))
    if day is None:
        return
    value = day.isoformat()
    confidence = METHODS[method]
    if found[4]:
        value += f"T{found[4]}{found[5] or ''}"
        if found[5] == "Z" and int(found[4][:2]) in NIGHT_HOURS:
            confidence = NEAR_MIDNIGHT
    yield Claimed(value=value, raw=raw, method=method, confidence=confidence)


def _day(year: int, month: int, day: int) -> date | None:
    """A day that can be one of publication; the epoch is a machine's zero."""
    try:
        made = date(year, month, day)
    except ValueError:
        return None
    return made if FIRST_YEAR <= year <= LAST_YEAR and made != _EPOCH else None


def _head_dates(text: str) -> list[WrittenDate]:
    return [one for one in find_dates(text[:HEAD_CODE_POINTS]) if one.whole]


def _shown(main: str) -> Claimed | None:
    """The first whole date in the lines beside the title."""
    for found in _head_dates(main):
        line = main[main.rfind("\n", 0, found.start) + 1 :].split("\n", 1)[0]
        if len(line) <= BYLINE_CODE_POINTS:
            return Claimed(
                value=found.day.isoformat(),
                raw=found.raw,
                method="text",
                confidence=METHODS["text"],
            )
    return None


def _found(markup: str, main: str) -> Claimed | None:
    """What htmldate finds: first in markup, then anywhere."""
    for extensive, method in ((False, "markup"), (True, "guess")):
        try:
            value = htmldate.find_date(
                markup, extensive_search=extensive, original_date=True
            )
        except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
            continue
        if not value:
            continue
        day = date.fromisoformat(value)
        if _day(day.year, day.month, day.day) and not _is_year_alone(day, method):
            confidence = METHODS.get(method, GUESS)
            return Claimed(value=value, raw=value, method=method, confidence=confidence)
    return None


def _is_year_alone(day: date, method: str) -> bool:
    """A first of January that was guessed is a year without a day."""
    return method == "guess" and (day.month, day.day) == (1, 1)
