"""Catalog queries by key of the address: what CDX servers and Memento are asked for.

Keys sort as the Wayback indexers write them, so that one site, one host or one folder
is one stretch of keys.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from archive.capture import Capture
from archive.errors import FormatError, StoreError, UnknownAlgorithm
from archive.instant import format_instant
from archive.store.catalog.rows import CAPTURE_COLUMNS, NO_SAMPLE, to_capture

_SELECT: Final = f"select urlkey, {CAPTURE_COLUMNS} from capture "  # noqa: S608  fixed
_MEMENTO: Final = f"kind = 'capture' and {NO_SAMPLE}"
"""What was shown to another profile is no state of the page."""
_HIDDEN: Final = "(select value from json_each(?))"
_FORWARD: Final = (
    f"{_SELECT}where urlkey >= ? and urlkey < ? and {_MEMENTO} "
    "and (urlkey, captured_at, leaf) > (?, ?, ?) "
    f"and (source_id is null or source_id not in {_HIDDEN}) "
    "order by urlkey, captured_at, leaf limit ?"
)
_UNTIL: Final = (
    f"{_SELECT}where urlkey = ? and {_MEMENTO} and captured_at <= ? "
    "order by captured_at desc, leaf desc limit ? offset ?"
)
_FROM: Final = (
    f"{_SELECT}where urlkey = ? and {_MEMENTO} and captured_at > ? "
    "order by captured_at, leaf limit ? offset ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpan:
    """A stretch of keys, `[start, end)`."""

    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlace:
    """A row's place in the order of keys: the next page begins behind it."""

    urlkey: str
    captured_at: str
    """As the catalog writes it: microseconds, `Z`."""
    leaf: int


FIRST_PLACE: Final = KeyPlace(urlkey="", captured_at="", leaf=-1)
"""Before every row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedCapture:
    """A capture with the key of its address."""

    urlkey: str
    capture: Capture

    @property
    def place(self) -> KeyPlace:
        """Where it stands in the order of keys."""
        return KeyPlace(
            urlkey=self.urlkey,
            captured_at=format_instant(self.capture.captured_at),
            leaf=self.capture.leaf,
        )


def span_of(urlkey: str) -> KeySpan:
    """The stretch that holds one key alone."""
    return KeySpan(start=urlkey, end=urlkey + "\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Looks into the catalog by key: neither page captures nor those of a sample."""

    connection: sqlite3.Connection

    def rows(
        self,
        span: KeySpan,
        *,
        behind: KeyPlace = FIRST_PLACE,
        limit: int,
        hidden_sources: Collection[str] = (),
    ) -> list[KeyedCapture]:
        """Captures of a stretch by key, time, entry; those after a place.

        Captures of hidden sources are no rows: no place and no count tells of them.
        """
        after = (behind.urlkey, behind.captured_at, behind.leaf)
        hidden = json.dumps(sorted(hidden_sources))
        return self._read(_FORWARD, (span.start, span.end, *after, hidden, limit))

    def until(
        self, urlkey: str, at: datetime, *, limit: int, offset: int = 0
    ) -> list[KeyedCapture]:
        """Captures of one key not later than a time, the latest first."""
        return self._read(_UNTIL, (urlkey, format_instant(at), limit, offset))

    def later(
        self, urlkey: str, at: datetime, *, limit: int, offset: int = 0
    ) -> list[KeyedCapture]:
        """Captures of one key later than a time, the earliest first."""
        return self._read(_FROM, (urlkey, format_instant(at), limit, offset))

    def _read(self, query: str, values: tuple[object, ...]) -> list[KeyedCapture]:
        return list(self._rows(query, values))

    def _rows(self, query: str, values: tuple[object, ...]) -> Iterator[KeyedCapture]:
        try:
            for urlkey, *row in self.connection.execute(query, values):
                yield KeyedCapture(urlkey=str(urlkey), capture=to_capture(row))
        except (ValueError, FormatError, UnknownAlgorithm) as error:
            raise StoreError(
                f"a row of the catalog is no capture ({error}); it is derived: "
                "`evidence rebuild` makes it again"
            ) from error
