"""Read one TOML table strictly: each key is taken by type, what is left is an error.

Every error names the file, the line and the key.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from unicodedata import category

import cssselect

from archive.errors import SourceError

Choice = TypeVar("Choice", bound=StrEnum)
Kind = TypeVar("Kind")

FILE_BYTES = 256 * 1024
"""These files are written by hand; a larger one is something else."""

TEXT_CHARACTERS = 8 * 1024
"""Of one text: the longest is an address, and no longer one is asked for."""
NUMBER_MOST = 10**12
"""Of any number: what is signed holds no larger ones than 2^53."""
YEARS = range(2000, 2200)
"""Of times: others are a slip, and overflow in another time zone."""
NOT_SHOWN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Categories of signs that do something to a terminal or to the line around them."""

_SPAN = re.compile(r"([1-9][0-9]{0,4})([smhd])")
_TRANSLATOR = cssselect.HTMLTranslator()
NEVER = "[0]"
"""XPath of what only a page in use has: `:hover` and the like."""
_SPAN_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]")


def find_line(text: str, table: str, *, index: int, key: str | None) -> int:
    """Line (from 1) of a key in the `index`-th table of that name; else its header."""
    header, seen, inside = 1, -1, table == ""
    wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]") if key else None
    for number, line in enumerate(text.splitlines(), start=1):
        match = _HEADER.match(line)
        if match is not None:
            if table == "" and match.group(2) == key:
                return number
            seen += match.group(2) == table
            inside = match.group(2) == table and seen == index
            header = number if inside else header
        elif inside and wanted is not None and wanted.match(line):
            return number
    return header


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The keys of one table that nobody has taken yet."""

    path: Path
    text: str
    values: dict[str, Any]
    name: str = ""
    """`seed` for `[[seed]]`; empty for the top of the file."""
    index: int = 0
    taken: set[str] = field(default_factory=set)

    def fail(self, key: str | None, problem: str) -> NoReturn:
        """Raise SourceError with file, line, table and key."""
        line = find_line(self.text, self.name, index=self.index, key=key)
        where = f"[{self.name}] " if self.name else ""
        what = f"{where}{key}: " if key else where
        raise SourceError(f"{self.path}:{line}: {what}{problem}")

    def at(self, name: str, index: int) -> "Table":
        """The place of a table whose keys were read before, to complain about it."""
        return self._below(name, {}, index=index)

    def finish(self) -> None:
        """Refuse what nobody asked for."""
        for key in self.values:
            if key not in self.taken:
                known = ", ".join(sorted(self.taken))
                self.fail(key, f"unknown key; known here: {known}")

    def text_of(self, key: str, *, pattern: str | None = None) -> str:
        """Take a text that is not empty, on one line, of the given form."""
        value = self._take(key, str)
        if value is None:
            self.fail(key, "is missing")
        if not value.strip() or "\n" in value:
            self.fail(key, "must be one line of text")
        if any(category(sign) in NOT_SHOWN for sign in value):
            self.fail(key, "holds a sign that cannot be seen")
        if len(value) > TEXT_CHARACTERS:
            self.fail(key, f"is longer than {TEXT_CHARACTERS} characters")
        if pattern is not None and re.fullmatch(pattern, value) is None:
            self.fail(key, f"{value!r} does not have the form {pattern}")
        return value

    def text_or(self, key: str, default: Kind) -> str | Kind:
        """Take a text, or the default where the key is absent."""
        return self.text_of(key) if key in self.values else self._absent(key, default)

    def number_or(
        self, key: str, default: Kind, *, least: int = 0, most: int = NUMBER_MOST
    ) -> int | Kind:
        """Take a whole number in `[least, most]`, or the default."""
        value = self._take(key, int)
        if value is None:
            return default
        if value < least:
            self.fail(key, f"must be at least {least}")
        if value > most:
            self.fail(key, f"must be at most {most}")
        return value

    def numbers(self, key: str) -> tuple[int, ...]:
        """Take a list of whole numbers; absent = empty."""
        return tuple(self._list(key, int))

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """Take a sub-table of texts, in the order of the file."""
        values = self._take(key, dict) or {}
        for name, value in values.items():
            if type(value) is not str:
                self.fail(key, f"{name!r} must be {_KIND_NAMES[str]}")
        return tuple(values.items())

    def texts(self, key: str, *, pattern: str) -> tuple[str, ...]:
        """Take a list of texts of the given form, at least one."""
        values = self._list(key, str)
        if not values:
            self.fail(key, "must name at least one")
        for value in values:
            if re.fullmatch(pattern, value) is None:
                self.fail(key, f"{value!r} does not have the form {pattern}")
        return tuple(values)

    def flag(self, key: str) -> bool:
        """Take true or false; absent = false."""
        return self._take(key, bool) or False

    def flag_or(self, key: str, default: bool) -> bool:
        """Take true or false, or the default."""
        value = self._take(key, bool)
        return default if value is None else value

    def day(self, key: str) -> date | None:
        """Take a date, `2025-01-26` without quotes; absent = None."""
        return self._take(key, date)

    def moment(self, key: str) -> datetime:
        """Take a time with its offset, `2025-01-26T08:00:00+03:00` without quotes."""
        value = self._take(key, datetime)
        if value is None:
            self.fail(key, "is missing")
        if value.tzinfo is None:
            self.fail(key, "has no offset from UTC; write +03:00 behind it")
        if value.year not in YEARS:
            self.fail(key, f"is not within the years {YEARS[0]} to {YEARS[-1]}")
        return value

    def span_or(self, key: str, default: Kind) -> timedelta | Kind:
        """Take a span of time such as `"10m"`, `"6h"`, `"1d"`, or the default."""
        if key not in self.values:
            return self._absent(key, default)
        return self._span(key, self.text_of(key))

    def spans(self, key: str, default: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
        """Take a list of spans; absent = the default."""
        if key not in self.values:
            return self._absent(key, default)
        return tuple(self._span(key, value) for value in self._list(key, str))

    def _span(self, key: str, text: str) -> timedelta:
        match = _SPAN.fullmatch(text)
        if match is None:
            self.fail(key, f'{text!r} is no span such as "10m", "6h" or "1d"')
        return timedelta(**{_SPAN_UNITS[match.group(2)]: int(match.group(1))})

    def choice(
        self, key: str, choices: type[Choice], *, default: Choice | None = None
    ) -> Choice:
        """Take one word of a closed list."""
        if key not in self.values and default is not None:
            return self._absent(key, default)
        value = self.text_of(key)
        try:
            return choices(value)
        except ValueError as error:
            allowed = ", ".join(choices)
            problem = f"{value!r} is not one of: {allowed}"
            line = find_line(self.text, self.name, index=self.index, key=key)
            raise SourceError(f"{self.path}:{line}: {key}: {problem}") from error

    def search(self, key: str) -> re.Pattern[str] | None:
        """Take a regular expression that takes no notice of letter case."""
        return self.regex(key, re.IGNORECASE)

    def regex(self, key: str, flags: int = 0) -> re.Pattern[str] | None:
        """Take a regular expression, `''` for the empty text; absent = None."""
        value = self._take(key, str)
        if value is None:
            return None
        try:
            return re.compile(value, flags)
        except re.error as error:
            line = find_line(self.text, self.name, index=self.index, key=key)
            raise SourceError(f"{self.path}:{line}: {key}: {error}") from error

    def selector(self, key: str) -> str | None:
        """Take a CSS selector; absent = None."""
        value = self.text_or(key, None)
        if value is None:
            return None
        try:
            found = _TRANSLATOR.css_to_xpath(value)
        except cssselect.SelectorError as error:
            line = find_line(self.text, self.name, index=self.index, key=key)
            raise SourceError(f"{self.path}:{line}: {key}: {error}") from error
        if NEVER in found:
            self.fail(key, f"{value!r} finds nothing in a page that nobody uses")
        return value

    def table(self, key: str) -> "Table":
        """Take a sub-table; absent = an empty one."""
        value = self._take(key, dict)
        return self._below(key, value or {}, index=0)

    def tables(self, key: str, *, least: int = 1) -> tuple["Table", ...]:
        """Take an array of tables (`[[key]]`), at least so many."""
        values = self._list(key, dict)
        if len(values) < least:
            self.fail(key, f"at least one [[{key}]] is needed")
        return tuple(self._below(key, value, index=n) for n, value in enumerate(values))

    def _below(self, key: str, values: Mapping[str, Any], *, index: int) -> "Table":
        name = f"{self.name}.{key}" if self.name else key
        return Table(
            path=self.path, text=self.text, values=dict(values), name=name, index=index
        )

    def _absent(self, key: str, default: Kind) -> Kind:
        self.taken.add(key)
        return default

    def _take(self, key: str, kind: type[Kind]) -> Kind | None:
        self.taken.add(key)
        value = self.values.get(key)
        if value is not None and type(value) is not kind:  # bool is no int here
            self.fail(key, f"must be {_KIND_NAMES[kind]}")
        return value

    def _list(self, key: str, kind: type[Kind]) -> list[Kind]:
        values = self._take(key, list) or []
        for value in values:
            if type(value) is not kind:
                self.fail(key, f"each entry must be {_KIND_NAMES[kind]}")
        return values


_KIND_NAMES: dict[type, str] = {
    str: "a text in quotes",
    int: "a whole number",
    bool: "true or false",
    date: "a date without quotes, like 2025-01-26",
    datetime: "a time without quotes, like 2025-01-26T08:00:00+03:00",
    dict: "a table",
    list: "a list",
}


def read_file(path: Path) -> bytes:
    """The bytes of a file written by hand; SourceError where it cannot be one."""
    try:
        with path.open("rb") as stream:
            data = stream.read(FILE_BYTES + 1)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > FILE_BYTES:
        raise SourceError(f"{path}: larger than {FILE_BYTES} bytes")
    return data


def parse_table(data: bytes, path: Path) -> Table:
    """The top table of a file; `path` is the place that SourceError names."""
    try:
        text = data.decode("utf-8")
        values = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(f"{path}: {error}") from error
    return Table(path=path, text=text, values=values)
