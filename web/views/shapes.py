"""Shapes: the objects the JSON API answers with; the OpenAPI document is made of these.

Version 1 only ever gains members: none is renamed, dropped or given another meaning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from archive.capture import Capture
from archive.log.checkpoint import Checkpoint
from archive.store.reading.recorded import PageArtifact
from web.overview import Counts
from web.views.listing import HistoryRow, Row
from web.views.values import (
    Connection,
    LinksView,
    OthersView,
    PartView,
    RecordRow,
    ReportView,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What went wrong: a stable code, one sentence, what to do next."""

    code: str
    message: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultAnswer:
    """Every error of the API."""

    error: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class SnippetShape:
    """Words around a mark; `marks` are `[start, end)` in code points of `text`."""

    text: str
    marks: list[list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HitShape:
    """One distinct text that was found."""

    id: str
    short_id: str
    uri: str
    title: str | None
    language: str | None
    captured_at: datetime
    captures: int
    imported: bool
    kind: str
    part: int
    parts: int
    score: float | None
    missing: list[str]
    snippets: list[SnippetShape]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """Hits with all words, then some with words missing."""

    query: str
    total: int
    hits: list[HitShape]
    some_missing: list[HitShape]
    upto: Mapping[str, int]
    """Entries of each log that were searched: given back, they keep pages together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAnswer:
    """All of one record page."""

    id: str
    short_id: str
    capture: Capture
    title: str
    language: str | None
    page: str | None
    report: ReportView
    connection: Connection
    request_head: str
    response_head: str
    records: Sequence[RecordRow]
    parts: Sequence[PartView]
    artifacts: Sequence[PageArtifact]
    banners: Sequence[str]
    citation: str
    raw: str
    timezone: str | None
    """Of the source, as its job records state it."""
    corroboration: OthersView | None
    """What other archives received; null: this server knows none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextAnswer:
    """The extracted text of a capture."""

    id: str
    text: str
    title: str | None
    language: str | None
    extractor: str
    text_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksAnswer:
    """Where a page leads, and what is captured of that."""

    id: str
    links: LinksView


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationAnswer:
    """A citation in every format, by its name."""

    id: str
    formats: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressAnswer:
    """One page of the captures of an address; page 1 holds the newest."""

    uri: str
    captures: list[HistoryRow]
    """Oldest first."""
    number: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAnswer:
    """One page of a list of captures, newest first."""

    captures: list[Row]
    number: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceShape:
    """What is held of one source; `id` null: captured by hand, then without a key."""

    id: str | None
    key: str | None
    pages: int
    failures: int
    newest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesAnswer:
    """All sources by name."""

    sources: list[SourceShape]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAnswer:
    """One source and one page of its captures."""

    source: SourceShape
    list: ListAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswer:
    """Counts, checkpoint and the last check of the whole archive."""

    archive: str
    name: str
    origin: str
    counts: Counts
    checkpoint: Checkpoint | None
    sweep: str
    outcome: str | None
    headline: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAnswer:
    """The first page: figures, and what is new."""

    name: str
    counts: Counts
    new: list[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsAnswer:
    """What this archive claims, word for word, and what it does not prove."""

    claim: str
    does_not_prove: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepShape:
    """One check of the verifier."""

    number: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyAnswer:
    """What is checked, and the last check of the whole archive."""

    steps: list[StepShape]
    sweep: str
    report: ReportView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareAnswer:
    """Two captures and how their texts differ, paragraph by paragraph."""

    before: str
    after: str
    equal: bool
    """Whether the texts are; titles are no part of them."""
    titles: list[str | None]
    counts: Mapping[str, int]
    changes: Sequence[Mapping[str, object]]
