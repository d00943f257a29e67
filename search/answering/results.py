"""What a search gives back: hits, result pages, what was looked for, kept texts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from archive.digest import Digest
from search.answering.highlight import Snippet
from search.answering.mentions import Mention
from search.counting import Counts
from search.documents.document import IMPORTED
from search.extract.dates import Claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One document found, shown by the latest of its captures that were asked for.

    All that is told of it is true of that capture.
    """

    archive_id: str
    document_id: str
    """Hex digest of what its captures say alike: stays when another one comes."""
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
    claimed: Claimed | None = None
    """When the page says it was published: its word, no proof, never capture time."""
    alike: int = 0
    """Where results are grouped: documents like this one that are not shown, as many as
    were met before the page was full."""
    capture_class: str = "unknown"
    """What the answer is: `page`, `file`, `feed`, `empty`, `error` and others."""
    part: int = 0
    """Number of the item in the page of the capture shown; 0: the page."""
    parts: int = 0
    """How many items that page has; they are documents of their own."""
    kind: str = "page"
    """`page`, `file`, `failure`; of an item `item` or `teaser`."""
    attribution: str | None = None
    """Whom an item names as its source."""
    ocr_confidence: float | None = None
    """Of a text read from pictures: how sure its words are on average, 0 to 1."""

    @property
    def is_imported(self) -> bool:
        """Whether it was found in a file of others, and captured by nobody here."""
        return IMPORTED in self.warnings


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """A document that is like another one."""

    hit: Hit
    order: int
    """Its order key."""
    bits: int
    """How many bits of the two simhashes differ; 0 for equal texts."""
    shared: float
    """Rows of three words that both main texts hold, of all: 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """One word or phrase of the query, and everything that counts as finding it."""

    written: str
    base_forms: tuple[str, ...]
    """Of a single word, in each language it may be in: all their forms are found."""
    any_spelling: bool
    """Whether it is also found by its sound, as names are, in any script."""
    other_words: tuple[str, ...]
    """Other names and translations that are looked for, too."""
    found_as: tuple[str, ...]
    """What it was found as in the hits shown, in lower case, the commonest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownValue:
    """A value of a filter that no document has, and values that there are."""

    field: str
    value: str
    known: tuple[str, ...]
    """The commonest, by falling count; not all if there are more than 20."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPage:
    """The answer to one query; `total` counts the first tier alone."""

    query: str
    total: int
    hits: tuple[Hit, ...]
    some_missing: tuple[Hit, ...]
    searched: tuple[Searched, ...]
    """What was looked for, in the order of the query; filters are not in it."""
    took_ms: int
    upto: Mapping[str, int]
    """How many log entries the index has seen, by archive id."""
    unknown: tuple[UnknownValue, ...] = ()
    """Where nothing was found: values of filters that are nowhere in the index."""
    no_fields: tuple[str, ...] = ()
    """Where nothing was found: what stands before a colon and is no field, so that it
    was looked for as a word."""
    not_indexed: Mapping[str, int] = field(default_factory=dict)
    """Captures behind `upto` that no search finds yet, by archive id, where they were
    counted."""
    counts: Counts | None = None
    """Of all that `total` counts, where they were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """Names in the best documents of a query, and how many of all were read."""

    found: tuple[Mention, ...]
    documents: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a capture with a text is called, and in what language."""

    title: str | None
    language: str | None


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
    stated: bool = False
    """Whether a signed `extract` statement names this text of this capture."""
