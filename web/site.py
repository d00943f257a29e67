"""Site: what all views of one server share."""

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar
from zoneinfo import ZoneInfo

from archive.capture import Capture
from archive.digest import is_short_id
from archive.errors import (
    CaptureNotFound,
    EvidenceError,
    FormatError,
    LogError,
    SchemaMismatch,
    SearchUnavailable,
    StoreError,
)
from archive.log.checkpoint import Checkpoint
from archive.store.catalog.addresses import AddressQuery
from archive.store.reading.recorded import PageArtifact
from archive.store.tombstones import Tombstone
from search.answering.service import ExtractedText, Heading, Hit
from search.extract.dates import Claimed
from web.access import may_show
from web.guards.limits import RateLimiter
from web.overview import Overview, key_of
from web.replay.links import PartTable
from web.results import QueryStore
from web.services import Services
from web.settings import WebSettings
from web.sweep import Sweep
from web.wording.rendering import Renderer
from web.zones import Zones

T = TypeVar("T")
NO_INDEX = (SearchUnavailable, SchemaMismatch)
"""No index, or one of another version: evidence is shown without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCapture:
    """A page with its signed parts list; `page` None: a capture without one."""

    page: Capture | None
    main: Capture
    parts: PartTable
    artifacts: tuple[PageArtifact, ...] = ()
    """How a browser showed it; empty unless one did."""


class Removed(StoreError):
    """The capture was lawfully removed; its tombstone says why."""

    def __init__(self, tombstone: Tombstone) -> None:
        super().__init__("the capture was removed")
        self.tombstone = tombstone


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Settings, services and the small state kept in memory."""

    settings: WebSettings
    services: Services
    overview: Overview
    sweep: Sweep
    queries: QueryStore
    limiter: RateLimiter
    renderer: Renderer
    zones: Zones = field(default_factory=Zones)

    @classmethod
    def create(cls, settings: WebSettings, services: Services) -> "Site":
        """Put the shared parts together; nothing is read yet."""
        return cls(
            settings=settings,
            services=services,
            overview=Overview(settings.access),
            sweep=Sweep(services.verify_archive, clock=services.clock),
            queries=QueryStore(
                monotonic=services.monotonic, random_bytes=services.random_bytes
            ),
            limiter=RateLimiter(
                monotonic=services.monotonic, random_bytes=services.random_bytes
            ),
            renderer=Renderer(),
        )

    def get_capture(self, short_id: str) -> Capture:
        """A capture by short id; CaptureNotFound (restricted ones too), Removed."""
        if not is_short_id(short_id):
            raise CaptureNotFound("not a capture id")
        archive = self.services.archive
        for tombstone in archive.tombstones(short_id):
            raise Removed(tombstone)
        capture = archive.get_capture(short_id)
        if not may_show(capture, self.settings.access):
            raise CaptureNotFound("not a capture id")
        return capture

    def find_capture(self, capture_id: str) -> Capture | None:
        """A capture by hex id, if it is there and may be shown."""
        try:
            capture = self.services.archive.get_capture(capture_id)
        except CaptureNotFound:
            return None
        return capture if may_show(capture, self.settings.access) else None

    def ask_shown(
        self, uri: str, ask: Callable[[AddressQuery], T], *, kind: str = "capture"
    ) -> T:
        """What `ask` finds among the captures of an address that may be shown.

        Those of a sample are left out: they never stand for what the address holds.
        Asked again where a source was hidden meanwhile.
        """
        while True:
            hidden = self.settings.access.hidden()
            found = ask(AddressQuery(target_uri=uri, kind=kind, hidden_sources=hidden))
            if self.settings.access.hidden() <= hidden:
                return found

    def page_of(self, capture: Capture) -> PageCapture:
        """The page statement over a capture, its main capture and its parts."""
        archive = self.services.archive
        page = archive.page_of(capture)
        if page is None:
            none = self._no_parts(capture)
            return PageCapture(page=None, main=capture, parts=none)
        try:
            known = None if capture.kind == "page" else capture.capture_id
            view = archive.read_page(page, known)
        except EvidenceError:  # damaged; the report of the page statement says how
            return PageCapture(page=page, main=capture, parts=self._no_parts(page))
        main = self.find_capture(view.main_id)
        if main is None:
            raise CaptureNotFound("the page's own capture is not shown")
        parts = PartTable(page.short_id, view.parts, self.find_capture)
        return PageCapture(page=page, main=main, parts=parts, artifacts=view.artifacts)

    def _no_parts(self, capture: Capture) -> PartTable:
        return PartTable(capture.short_id, (), self.find_capture)

    def text_of(self, capture: Capture) -> ExtractedText | None:
        """The kept text of a capture; None also where there is no index."""
        if capture.http_status is None:
            return None
        try:
            return self.services.search.text_of(capture.capture_id)
        except NO_INDEX:
            return None

    def heading_of(self, capture: Capture) -> Heading | None:
        """What a capture is called, without a look at its text."""
        if capture.http_status is None:
            return None
        try:
            return self.services.search.heading_of(capture.capture_id)
        except NO_INDEX:
            return None

    def main_text_of(self, capture: Capture) -> ExtractedText | None:
        """The kept text of a capture, or of the main capture of a page."""
        return self.text_of(self.page_of(capture).main)

    def claimed_of(self, capture: Capture) -> Claimed | None:
        """The date a page claims; None also where there is no index."""
        if capture.http_status is None:
            return None
        try:
            return self.services.search.claimed_of(capture.capture_id)
        except NO_INDEX:
            return None

    def shown_hits(self, hits: Iterable[Hit]) -> list[Hit]:
        """The hits whose capture may be shown."""
        return [hit for hit in hits if self.find_capture(hit.capture_id) is not None]

    def zone_of(self, source_id: str | None) -> ZoneInfo | None:
        """Where the clocks of a source stand, as far as its job records say."""
        return self.zones.find(self.services.archive, source_id)

    def checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint as published by the archive."""
        try:
            _, checkpoint = self.services.archive.checkpoint()
        except (LogError, FormatError, StoreError):
            return None
        return checkpoint

    def up_to_date(self) -> Overview:
        """The overview, brought up to date."""
        self.overview.refresh(self.services.archive)
        return self.overview

    @staticmethod
    def base64(data: bytes) -> str:
        """A root as citations write it."""
        return base64.b64encode(data).decode("ascii")

    @staticmethod
    def key_of(text: str) -> str:
        """The key of an address or a source id."""
        return key_of(text)
