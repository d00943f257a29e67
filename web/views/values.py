"""Record values: what the record page and its JSON twin are made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from archive.capture import Capture
from archive.store.reading.recorded import PageArtifact
from search.answering.service import ExtractedText
from web.citing.citation import Citation
from web.replay.media import HTML_TYPES

PICTURE = "view"
"""Name of the picture among the artifacts of a page."""
FAILED = "FAILED"
"""The one outcome of a report under which a page is not rendered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """One line of the receipt."""

    step: int
    code: str
    outcome: str
    subject: str
    detail: str
    title: str
    """What VERIFIED means; without it, what was not checked is hard to tell."""
    spec: str
    required: bool
    count: int | None = None
    """How many things a check that holds was made for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """The verifier's report, printed; `checked_at` by this server's clock."""

    outcome: str
    headline: str
    findings: tuple[FindingView, ...]
    checked_at: datetime
    trust: str | None
    not_before: datetime | None = None
    existed_by: datetime | None = None
    """Between which instants tokens prove that it was made; None: they do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """One line of the signed parts list."""

    uri: str
    kind: str
    short_id: str | None
    captured_at: datetime | None
    http_status: int | None
    gap: str | None
    """Code of the gap; None when the part is shown."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """One WARC record: its header fields as written."""

    kind: str
    headers: tuple[tuple[str, str], ...]
    offset: int
    """Of the gzip member, from the start of the slice, in bytes."""
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Other captures of the same address."""

    earlier: Capture | None
    later: Capture | None
    position: int
    count: int
    same_body: int
    """Others that received the same body."""
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherArchive:
    """What one other archive has of the same address within the time."""

    origin: str
    operator: str
    agreement: str | None
    """`same-payload`, `same-text`, `differs`, `unreachable`; None: it has nothing."""
    id: str | None
    captured_at: datetime | None
    not_counted: str | None
    """Code of why it counts for nothing; None if it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OthersView:
    """What other archives captured of the same, each operator counted once."""

    witnesses: int
    """Operators who state the same payload or text, the one of this archive too."""
    operators: Mapping[str, int]
    """Other operators by how what they received compares."""
    hours: int
    """How far apart in time captures are compared."""
    archives: tuple[OtherArchive, ...]

    @property
    def captured(self) -> int:
        """How many other archives have a capture or an attempt of it."""
        return sum(1 for one in self.archives if one.id is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """One address a page leads to; `nearest` is its capture nearest in time."""

    uri: str
    """Host as A-label, path in percent-encoded ASCII."""
    words: str
    captures: int
    nearest: str | None
    captured_at: datetime | None
    outcome: str | None
    http_status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksView:
    """Where a page leads."""

    captured: tuple[LinkView, ...]
    missing: tuple[LinkView, ...]
    """Addresses that nothing is captured of here."""
    more: int
    """Addresses beyond those that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDate:
    """A date the page gives itself, and how it was read there."""

    text: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What the metadata record says about the connection; empty = not said."""

    peer: str
    tls_version: str
    tls_verdict: str
    tls_error: str
    as_given: str
    detail: str
    phase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """Request and response heads, as sent and received."""

    request: str
    response: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """All of one record page."""

    capture: Capture
    main: Capture
    """The page's own capture; equal to `capture` unless this is a page statement."""
    page: Capture | None
    """The page statement with the parts list, where there is one."""
    title: str
    language: str | None
    text: ExtractedText | None
    claims: tuple[ClaimedDate, ...]
    report: ReportView
    connection: Connection
    heads: Heads
    records: tuple[RecordRow, ...]
    parts: tuple[PartView, ...]
    artifacts: tuple[PageArtifact, ...]
    """How a browser showed the page, where one did."""
    neighbours: Neighbours
    others: OthersView | None
    """None: this server knows no other archive."""
    banners: tuple[str, ...]
    """Codes of what stands above all else."""
    method: str
    """Of the request: GET where nothing else is known."""
    citation: Citation
    citation_text: str
    key: str
    """Of the address, for `/u/KEY`."""

    @property
    def shows_page(self) -> bool:
        """Whether the frame is drawn: there are bytes, and no finding failed."""
        return self.main.http_status is not None and self.report.outcome != FAILED

    @property
    def is_page(self) -> bool:
        """Whether its links can be read."""
        return self.main.http_status is not None and self.main.media_type in HTML_TYPES

    @property
    def has_picture(self) -> bool:
        """Whether there is a picture of the page, and no finding failed."""
        names = {artifact.name for artifact in self.artifacts}
        return PICTURE in names and self.report.outcome != FAILED

    @property
    def gaps(self) -> int:
        """How many listed parts are not there."""
        return sum(1 for part in self.parts if part.gap is not None)
