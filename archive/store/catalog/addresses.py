"""Catalog queries by one exact address, as its page, its neighbours and PWIDs ask.

Times come first in every question: however many captures an address has, none is out
of reach, and none that may not be shown uses up a bound.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from archive.capture import Capture
from archive.digest import Digest
from archive.errors import FormatError, StoreError, UnknownAlgorithm
from archive.instant import format_instant
from archive.store.catalog.rows import CAPTURE_COLUMNS, NO_SAMPLE, to_capture

Ask = Callable[[str, tuple[object, ...]], Sequence[Sequence[object]]]
"""Runs one of the queries below on the catalog as it is now: its rows."""
_SELECT: Final = f"select {CAPTURE_COLUMNS} from capture "  # noqa: S608  fixed
_ASKED: Final = (
    f"where target_uri = ? and kind = ? and {NO_SAMPLE} and (source_id is null "  # noqa: S608
    "or source_id not in (select value from json_each(?))) "
)
_WITHIN: Final = (
    f"{_SELECT}where target_uri = ? and captured_at between ? and ? "
    "order by captured_at, leaf limit ?"
)
_BEFORE: Final = (
    f"{_SELECT}{_ASKED}and (captured_at, leaf) < (?, ?) "
    "order by captured_at desc, leaf desc limit ? offset ?"
)
_BODY_BEFORE: Final = (
    f"{_SELECT}{_ASKED}and (captured_at, leaf) < (?, ?) "
    "and payload_digest is not null order by captured_at desc, leaf desc limit 1"
)
_BEHIND: Final = (
    f"{_SELECT}{_ASKED}and (captured_at, leaf) > (?, ?) "
    "order by captured_at, leaf limit 1"
)
_COUNT: Final = (
    "select count(*), "  # noqa: S608  fixed
    "count(case when (captured_at, leaf) < (?, ?) then 1 end), "
    "count(case when http_status is null then 1 end), "
    "count(case when payload_digest = ? then 1 end) "
    f"from capture {_ASKED}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressQuery:
    """Captures of one exact address, samples and those of hidden sources left out."""

    target_uri: str
    kind: str = "capture"
    hidden_sources: Collection[str] = ()

    @property
    def values(self) -> tuple[str, str, str]:
        """What stands for the question marks of its condition."""
        return self.target_uri, self.kind, json.dumps(sorted(self.hidden_sources))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A place in the order of captures: time, then entry."""

    captured_at: datetime
    leaf: int = -1
    """By default before every capture of that time."""

    @property
    def values(self) -> tuple[str, int]:
        """As the catalog writes it."""
        return format_instant(self.captured_at), self.leaf


END: Final = Moment(captured_at=datetime.max.replace(tzinfo=UTC))
"""Behind every capture."""


def moment_of(capture: Capture) -> Moment:
    """Where a capture stands."""
    return Moment(captured_at=capture.captured_at, leaf=capture.leaf)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressCounts:
    """How many captures of an address there are."""

    count: int
    before: int
    """Before the moment that was asked about."""
    failed: int
    """Attempts without an answer."""
    same_body: int
    """Those that received the body that was asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressLookup:
    """Looks into the catalog by one exact address."""

    ask: Ask

    def within(
        self, target_uri: str, first: datetime, last: datetime, *, limit: int
    ) -> list[Capture]:
        """Captures of every kind in `[first, last]`, oldest first."""
        times = (format_instant(first), format_instant(last))
        return self._read(_WITHIN, (target_uri, *times, limit))

    def before(
        self, asked: AddressQuery, moment: Moment, *, limit: int, offset: int = 0
    ) -> list[Capture]:
        """Captures before a moment, the latest first."""
        values = (*asked.values, *moment.values, limit, offset)
        return self._read(_BEFORE, values)

    def body_before(self, asked: AddressQuery, moment: Moment) -> Capture | None:
        """The last capture before a moment that received a body."""
        found = self._read(_BODY_BEFORE, (*asked.values, *moment.values))
        return found[0] if found else None

    def behind(self, asked: AddressQuery, moment: Moment) -> Capture | None:
        """The next capture behind a moment."""
        found = self._read(_BEHIND, (*asked.values, *moment.values))
        return found[0] if found else None

    def count(
        self, asked: AddressQuery, moment: Moment = END, body: Digest | None = None
    ) -> AddressCounts:
        """How many there are, stand before a moment, failed, received that body."""
        wanted = None if body is None else str(body)
        values = (*moment.values, wanted, *asked.values)
        (row,) = self.ask(_COUNT, values)
        count, before, failed, same = (int(str(number)) for number in row)
        return AddressCounts(count=count, before=before, failed=failed, same_body=same)

    def _read(self, query: str, values: tuple[object, ...]) -> list[Capture]:
        try:
            return [to_capture(row) for row in self.ask(query, values)]
        except (ValueError, FormatError, UnknownAlgorithm) as error:
            raise StoreError(
                f"a row of the catalog is no capture ({error}); it is derived: "
                "`evidence rebuild` makes it again"
            ) from error
