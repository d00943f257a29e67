"""Schema: the tables of the catalog, and whether a file holds just these."""

import sqlite3
from functools import cache

SCHEMA_VERSION = 7
FOREIGN = -1
"""In place of a version: the file says ours, its tables are not."""
SCHEMA = """
create table capture (
  leaf integer primary key, capture_id text not null, short_id text not null,
  kind text not null, target_uri text not null, captured_at text not null,
  outcome text not null, http_status integer, media_type text, source_id text,
  job_id text, payload_digest text, block_digest text, refers_to text,
  role text not null, override text, segment text not null,
  offset_bytes integer not null, length_bytes integer not null,
  record_id text, etag text, last_modified text, urlkey text not null);
create index capture_by_id on capture (capture_id);
create index capture_by_short_id on capture (short_id);
create index capture_by_uri on capture (target_uri, captured_at);
create index capture_by_urlkey on capture (urlkey, captured_at, leaf);
create table part (
  page_leaf integer not null, position integer not null, capture_id text not null,
  primary key (page_leaf, position)) without rowid;
create index part_by_capture on part (capture_id);
create table progress (
  one integer primary key check (one = 1), next_leaf integer not null,
  segment text not null, offset_bytes integer not null);
create table job (
  job_id text primary key, segment text not null, offset_bytes integer not null,
  length_bytes integer not null, closed integer not null default 0,
  close_segment text, close_offset_bytes integer, close_length_bytes integer,
  leaf integer not null, source_id text, opened_at text not null);
create index job_by_source on job (source_id, leaf);
create index job_by_time on job (opened_at);
create table tombstone (
  leaf integer primary key, entry integer not null, capture_id text not null,
  short_id text not null, reason text not null, authority text not null,
  removed_at text not null, done integer not null default 0);
create index tombstone_by_id on tombstone (capture_id);
create index tombstone_by_short_id on tombstone (short_id);
create index capture_by_job on capture (job_id);
create index capture_by_source on capture (source_id, leaf);
create index capture_by_day on capture (source_id, captured_at, length_bytes);
"""


def version_of(db: sqlite3.Connection) -> int | None:
    """The version of its tables, FOREIGN if they are others; None if there are none.

    A view or trigger of somebody else would run at our first question.
    One transaction: between two, another reader may have made the tables.
    """
    db.execute("begin")
    try:
        (version,) = db.execute("pragma user_version").fetchone()
        tables = _tables(db)
    finally:
        db.execute("rollback")
    if version == SCHEMA_VERSION and tables != _own_tables():
        return FOREIGN
    return int(version) if version or tables else None


def _tables(db: sqlite3.Connection) -> set[str]:
    """Tables, indexes, views and triggers, by the words that made them."""
    rows = db.execute("select sql from sqlite_master where sql is not null")
    return {str(sql) for (sql,) in rows}


@cache
def _own_tables() -> frozenset[str]:
    """Those of a catalog of this version."""
    memory = sqlite3.connect(":memory:")
    try:
        memory.executescript(SCHEMA)
        return frozenset(_tables(memory))
    finally:
        memory.close()
