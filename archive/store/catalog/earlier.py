"""Catalog queries about what an address held before: for conditions and revisits."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from archive.capture import EarlierCapture
from archive.digest import Digest
from archive.instant import format_instant, parse_instant
from archive.store.catalog.rows import NO_SAMPLE

_COLUMNS = (
    "capture_id, record_id, target_uri, captured_at, payload_digest, etag, "
    "last_modified, refers_to"
)
_WHOLE = (
    "kind = 'capture' and outcome = 'complete' and http_status = 200 "
    "and payload_digest is not null and target_uri = ? and (? or override is null) "
    f"and {NO_SAMPLE} "
)
"""Captures that stand for the content of their address."""
_WITH_PAYLOAD = (
    f"select {_COLUMNS} from capture where {_WHOLE}"  # noqa: S608 - constants only
    "and payload_digest = ? and source_id is ? and captured_at <= ? "
    "and refers_to is null "
    "order by leaf limit 1"
)
_NEWEST = (
    f"select {_COLUMNS} from capture where {_WHOLE}"  # noqa: S608 - constants only
    "and source_id is ? and captured_at >= ? and captured_at <= ? "
    "order by captured_at desc, leaf desc limit 1"
)
_NEWEST_BEFORE = (
    f"select {_COLUMNS} from capture where {_WHOLE}"  # noqa: S608 - constants only
    "and captured_at < ? order by captured_at desc, leaf desc limit 1"
)
_OF_ORIGIN = "select 1 from capture where target_uri >= ? and target_uri < ? limit 1"

_BYTES = (
    "select total(length_bytes) from capture where source_id = ? and captured_at >= ?"
)
END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)
_ASKED = "source_id = ? and leaf >= ? and kind = 'capture' and role = 'page' "
_ANSWERED = "outcome = 'complete' and (http_status < 400 or http_status in (404, 410))"
"""It was there, or it was not: not that nothing could be seen."""
_ARTICLES = (
    "select g.target_uri, f.job_id, f.captured_at, l.job_id, l.captured_at, "  # noqa: S608 - constants only
    "s.job_id, s.captured_at from (select target_uri, min(leaf) a, max(leaf) b, "
    f"max(case when {_ANSWERED} then leaf end) d from capture c where {_ASKED}"
    "and (? or override is null) and not exists (select 1 from capture e "
    "where e.target_uri = c.target_uri and e.leaf < ?) "
    "group by target_uri having max(http_status is 200 and outcome = 'complete') "
    "order by a desc limit ?) g "
    "join capture f on f.leaf = g.a join capture l on l.leaf = g.b "
    "join capture s on s.leaf = g.d"
)
"""Addresses first asked for behind an entry that held something: newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """When an address was asked for, by the clock then, and in which job."""

    job_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAddress:
    """An address of a source: when it was first and last asked for, by the log."""

    target_uri: str
    first: Asked
    last: Asked
    answered: Asked
    """When it last was seen, or seen to be gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """By what a server knows its content again, and the capture that holds it."""

    earlier: EarlierCapture
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCaptures:
    """Looks into the catalog; `overrides`: captures of test set-ups count, too."""

    connection: sqlite3.Connection
    overrides: bool

    def holds_origin(self, origin: str) -> bool:
        """Whether there is any capture of a scheme and host, `https://host`."""
        # In the order of letters `0` comes behind `/`.
        row = self.connection.execute(_OF_ORIGIN, (f"{origin}/", f"{origin}0"))
        return row.fetchone() is not None

    def with_payload(
        self,
        target_uri: str,
        payload: Digest,
        *,
        source_id: str | None,
        until: datetime = END_OF_TIME,
    ) -> EarlierCapture | None:
        """The first capture of that source that holds this payload of this address.

        Of no other source: who may read one capture must not need another that he may
        not. None of a later time than `until`: a clock was set back since.
        """
        asked = (target_uri, str(payload), source_id, format_instant(until))
        row = self._one(_WITH_PAYLOAD, *asked)
        return None if row is None else _earlier(row)

    def newest(self, target_uri: str, *, before: datetime) -> EarlierCapture | None:
        """The newest capture of an address's content from before then."""
        row = self._one(_NEWEST_BEFORE, target_uri, format_instant(before))
        return None if row is None else _earlier(row)

    def validators(
        self,
        target_uri: str,
        *,
        source_id: str | None,
        since: datetime,
        until: datetime = END_OF_TIME,
    ) -> Validators | None:
        """Those of the newest content of an address, fetched in `[since, until]`."""
        times = (format_instant(since), format_instant(until))
        row = self._one(_NEWEST, target_uri, source_id, *times)
        if row is None or not (row[5] or row[6]):
            return None
        earlier = _earlier(row)
        if row[7] is not None:  # a revisit never refers to a revisit
            digest = earlier.payload_digest
            first = self.with_payload(
                target_uri, digest, source_id=source_id, until=until
            )
            if first is None:
                return None
            earlier = first
        return Validators(earlier=earlier, etag=row[5], last_modified=row[6])

    def bytes_since(self, source_id: str, start: datetime) -> int:
        """Bytes stored of what was captured of a source from then on."""
        row = self.connection.execute(_BYTES, (source_id, format_instant(start)))
        (total,) = row.fetchone()
        return int(total)

    def new_addresses(
        self, source_id: str, *, since_leaf: int, limit: int
    ) -> list[AskedAddress]:
        """Addresses that a source's jobs asked for from an entry on, never before."""
        rows = self.connection.execute(
            _ARTICLES, (source_id, since_leaf, self.overrides, since_leaf, limit)
        )
        return [
            AskedAddress(
                target_uri=uri,
                first=Asked(job_id=first_job, at=parse_instant(first)),
                last=Asked(job_id=last_job, at=parse_instant(last)),
                answered=Asked(job_id=answered_job, at=parse_instant(answered)),
            )
            for uri, first_job, first, last_job, last, answered_job, answered in rows
        ]

    def _one(
        self, query: str, target_uri: str, *values: object
    ) -> Sequence[str] | None:
        found: Sequence[str] | None = self.connection.execute(
            query, (target_uri, self.overrides, *values)
        ).fetchone()
        return found


def _earlier(row: Sequence[str]) -> EarlierCapture:
    return EarlierCapture(
        capture_id=row[0],
        record_id=row[1],
        target_uri=row[2],
        captured_at=parse_instant(row[3]),
        payload_digest=Digest.parse(row[4]),
    )
