"""Languages of the interface: words by message id, plurals, numbers, dates; only babel.

Every catalog in `translations/` has the ids of the English one. Messages of a number
are written once per plural form, `hits.one`, `hits.few`, after the rules of CLDR.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent

from archive.instant import format_instant

DEFAULT = "en"
CODES = ("en", "be", "ru")
"""Languages of the interface, in the order they are offered in."""
UNIT_STEP = 1024
NUMBERS_KEPT = 10_000
"""Numbers whose written form is remembered: a page of results has forty."""
OLD_NAMES = {"Europe/Kyiv": "Europe/Kiev"}
"""Zones whose new name the tables of languages do not know yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language: its catalog and its rules."""

    code: str
    locale: Locale
    messages: Mapping[str, str]

    def text(self, name: str, /, **values: object) -> str:
        """The text of an id with its values filled in; an unknown id is our fault."""
        text = self.messages.get(name)
        if text is None:
            raise AssertionError(f"no message {name}")
        return text.format(**values) if values else text

    def has(self, name: str, /) -> bool:
        """Whether there is such a message: for codes that other packages add."""
        return name in self.messages

    def count(self, name: str, number: int, /, **values: object) -> str:
        """The plural form of `name` for a number, which fills `{count}`."""
        form = self.locale.plural_form(number)
        return self.text(f"{name}.{form}", count=self.number(number), **values)

    def number(self, number: float) -> str:
        """A number as this language writes it."""
        return _format_number(self.code, number)

    def percent(self, share: float) -> str:
        """A share of one in percent, without decimals."""
        return str(format_percent(share, locale=self.locale))

    def size(self, count: int) -> str:
        """A number of bytes with a unit of 1,024."""
        size = float(count)
        for unit in ("bytes", "kib", "mib", "gib"):
            if size < UNIT_STEP or unit == "gib":
                break
            size /= UNIT_STEP
        if unit == "bytes":
            return self.count("size.bytes", count)
        written = format_decimal(size, format="#,##0.0", locale=self.locale)
        return self.text(f"size.{unit}", size=written)

    def long_date(self, day: date) -> str:
        """A day in words: `26 January 2025`."""
        return str(format_date(day, "long", locale=self.locale))

    def short_date(self, day: date) -> str:
        """Day and month: `26 Jan`."""
        return str(format_skeleton("MMMd", day, locale=self.locale))

    def month_name(self, day: date) -> str:
        """The month of a day: `January 2025`."""
        return str(format_skeleton("yMMMM", day, locale=self.locale))

    def weekdays(self) -> list[tuple[str, str]]:
        """Short and whole names of the days, Monday first."""
        names = self.locale.days["stand-alone"]
        return [(names["short"][day], names["wide"][day]) for day in range(7)]

    def language_name(self, tag: str) -> str:
        """The name of a language by its tag in any case; the tag if it has none."""
        code, _, subtag = tag.partition("-")
        name = str(self.locale.languages.get(code.lower(), tag))
        script = self.locale.scripts.get(subtag.title())
        return f"{name} ({script})" if script else name

    def second(self, moment: datetime) -> str:
        """`2025-01-26 18:04:11`, alike everywhere; the page says that it is UTC."""
        return format_second(moment)

    def place(self, zone: ZoneInfo) -> str:
        """The city a time zone is named after."""
        name = OLD_NAMES.get(zone.key, zone.key)
        city = self.locale.time_zones.get(name, {}).get("city")
        return str(city or zone.key.rpartition("/")[2].replace("_", " "))

    def local(self, moment: datetime, zone: ZoneInfo) -> str:
        """`Minsk: 21:04:11, UTC+3`; with the date where it is another one there."""
        there = moment.astimezone(zone)
        other_day = there.date() != moment.date()
        written = f"{there:%Y-%m-%d %H:%M:%S}" if other_day else f"{there:%H:%M:%S}"
        offset = format_offset(there.utcoffset() or timedelta())
        return self.text(
            "time.local", place=self.place(zone), time=written, offset=offset
        )


@lru_cache(maxsize=NUMBERS_KEPT)
def _format_number(code: str, number: float) -> str:
    return str(format_decimal(number, locale=LANGUAGES[code].locale))


def format_offset(offset: timedelta) -> str:
    """Write `UTC+3`, `UTC-3:30`, `UTC`."""
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "\N{MINUS SIGN}"
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")


def format_second(moment: datetime) -> str:
    """Write `2025-01-26 18:04:11`."""
    return format_instant(moment)[:19].replace("T", " ")


def _read(code: str) -> dict[str, str]:
    """The catalog of one language: `[area]` and `name` make the id `area.name`."""
    source = (files("web") / "translations" / f"{code}.toml").read_text("utf-8")
    return {
        f"{area}.{name}": text
        for area, table in tomllib.loads(source).items()
        for name, text in table.items()
    }


LANGUAGES: dict[str, Language] = {
    code: Language(code=code, locale=Locale(code), messages=_read(code))
    for code in CODES
}
"""All languages by code."""
ENGLISH = LANGUAGES[DEFAULT]
