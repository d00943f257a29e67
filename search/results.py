"""What a search gives back: hits, result pages, kept texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from archive.digest import Digest
from search.highlight import Snippet


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One document found, shown by its latest capture."""

    archive_id: str
    capture_id: str
    short_id: str
    uri: str
    title: str | None
    language: str | None
    captured_at: datetime
    captures: int
    """How many captures have this very text."""
    score: float
    snippets: tuple[Snippet, ...]
    source_id: str | None
    outcome: str
    http_status: int | None
    missing: tuple[str, ...]
    """Words of the query it lacks; empty in the first tier."""
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPage:
    """The answer to one query; `total` counts the first tier alone."""

    query: str
    total: int
    hits: tuple[Hit, ...]
    some_missing: tuple[Hit, ...]
    searched: tuple[str, ...]
    """The words and phrases looked for, as written."""
    took_ms: int
    upto: Mapping[str, int]
    """How many log entries the index has seen, by archive id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedText:
    """The kept text of a capture; offsets of quotations refer to it."""

    text: str
    main_end: int
    title: str | None
    extractor: str
    text_digest: Digest
    charset: str | None
    declared_charset: str | None
    language: str | None
