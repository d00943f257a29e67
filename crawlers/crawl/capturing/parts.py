"""Static parts of a page: style sheets, images, icons, fonts, under one statement.

Works level by level: what the HTML names, then what its style sheets name. How a part
is fetched is an argument: directly over the engine, or through Scrapy's middlewares.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from archive.capture import Capture, CaptureOutcome
from archive.store.drafts import PageDraft
from crawlers.crawl.capturing.references import (
    PartKind,
    Reference,
    find_css_references,
    find_html_references,
)

PARTS_PER_PAGE = 500
"""Parts fetched for one page; the rest is listed as skipped."""
ATTEMPTS_NAMED = 3_000
"""Hops and retries that one page names beside its parts: a statement has a bound."""
PARTS_BYTES = 128 << 20
"""Payload bytes fetched for one page's parts."""
PARTS_LISTED = 2_000
"""Rows of one page's parts list; what is beyond is counted."""
STYLE_LEVELS = 5
"""Style sheets importing style sheets."""
PARTS_AT_A_TIME = 4
PARTS_REMEMBERED = 50_000
"""Parts of one job shared by its pages; about 1 KB each."""
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
SKIPPED = "skipped"
"""`outcome` of a part that was not asked for; `reason` says why."""
CUT = "trail-cut"
"""`reason` of a part whose page names only the attempt that stands for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPart:
    """What became of one reference."""

    trail: tuple[Capture, ...]
    """Each attempt, retry and hop, in order; empty where it was not asked for."""
    reason: str = ""
    """Why it was not asked for, or not in full."""
    style: bytes | None = None
    """The content-decoded style sheet, where there is one to read further."""
    payload_bytes: int = 0

    @property
    def capture(self) -> Capture | None:
        """The attempt that stands for the part."""
        return self.trail[-1] if self.trail else None


FetchPart = Callable[[Reference, Capture], Awaitable[FetchedPart]]
"""Fetches one part of the page whose capture is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlPage:
    """A page whose parts are wanted."""

    main: Capture
    body: bytes
    """Content-decoded."""
    content_type: str | None


def wants_parts(capture: Capture) -> bool:
    """Whether the capture is an HTML page that arrived whole."""
    return (
        capture.outcome is CaptureOutcome.COMPLETE
        and capture.http_status == 200
        and capture.media_type in HTML_TYPES
    )


@dataclass(slots=True, kw_only=True)
class _Known:
    """A part as the whole job knows it: fetched once, its own references read once."""

    part: FetchedPart
    names: tuple[Reference, ...]


@dataclass(slots=True, kw_only=True)
class _PageState:
    """One page while its parts come in."""

    main: Capture
    rows: list[dict[str, object]] = field(default_factory=list)
    captures: dict[str, Capture] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    payload_bytes: int = 0
    unlisted: int = 0
    attempts: int = 0
    """Hops and retries that are named."""


class PartsCollector:
    """Collects the parts of the pages of one job; equal parts are fetched once."""

    def __init__(self, fetch: FetchPart) -> None:
        self._fetch = fetch
        self._known: dict[str, asyncio.Task[_Known]] = {}
        self._gate = asyncio.Semaphore(PARTS_AT_A_TIME)

    async def collect(self, page: HtmlPage) -> PageDraft:
        """Fetch what the page names and draft the statement about it."""
        state = _PageState(main=page.main)
        state.captures[page.main.capture_id] = page.main
        state.seen.add(page.main.target_uri)
        level: Sequence[Reference] = find_html_references(
            page.body, content_type=page.content_type, base_uri=page.main.target_uri
        )
        for _ in range(STYLE_LEVELS):
            level = await self._collect_level(level, state)
            if not level:
                break
        self._skip(level, state, reason="style-depth")
        return PageDraft(
            target_uri=page.main.target_uri,
            main=page.main,
            captures=tuple(state.captures.values()),
            rendering="static",
            page_info={"parts": state.rows, "parts_unlisted": state.unlisted},
            job_id=page.main.job_id,
            source_id=page.main.source_id,
        )

    async def _collect_level(
        self, level: Iterable[Reference], state: _PageState
    ) -> list[Reference]:
        """Fetch one level; returns what its style sheets name."""
        fresh = [ref for ref in level if ref.uri not in state.seen]
        fresh = list({ref.uri: ref for ref in reversed(fresh)}.values())[::-1]
        room = max(0, PARTS_PER_PAGE - len(state.rows))
        wanted, rest = fresh[:room], fresh[room:]
        known = await asyncio.gather(*(self._get(ref, state) for ref in wanted))
        below: list[Reference] = []
        for reference, one in zip(wanted, known, strict=True):
            _note_part(state, reference, part=one.part)
            below.extend(one.names)
        self._skip(rest, state, reason="parts-limit")
        return below

    async def _get(self, reference: Reference, state: _PageState) -> _Known:
        async with self._gate:
            if state.payload_bytes >= PARTS_BYTES:
                part = FetchedPart(trail=(), reason="parts-bytes")
                return _Known(part=part, names=())
            task = self._known.get(reference.uri)
            if task is None:
                task = asyncio.ensure_future(self._fetch_new(reference, state.main))
                if len(self._known) < PARTS_REMEMBERED:
                    self._known[reference.uri] = task
            known = await task
            state.payload_bytes += known.part.payload_bytes
            return known

    async def _fetch_new(self, reference: Reference, main: Capture) -> _Known:
        part = await self._fetch(reference, main)
        names: tuple[Reference, ...] = ()
        if reference.kind is PartKind.STYLE and part.style is not None and part.capture:
            names = find_css_references(part.style, base_uri=part.capture.target_uri)
        slim = FetchedPart(
            trail=part.trail, reason=part.reason, payload_bytes=part.payload_bytes
        )
        return _Known(part=slim, names=names)

    def _skip(
        self, references: Iterable[Reference], state: _PageState, *, reason: str
    ) -> None:
        for reference in references:
            if reference.uri not in state.seen:
                skipped = FetchedPart(trail=(), reason=reason)
                _note_part(state, reference, part=skipped)


def _note_part(state: _PageState, reference: Reference, *, part: FetchedPart) -> None:
    if len(state.rows) >= PARTS_LISTED:
        state.unlisted += 1
        return
    state.seen.add(reference.uri)
    is_cut = _name_captures(state, part.trail)
    state.rows.append(
        {
            "uri": reference.uri,
            "as_given": reference.as_given,
            "kind": str(reference.kind),
            "capture": part.capture.capture_id if part.capture else None,
            "outcome": str(part.capture.outcome) if part.capture else SKIPPED,
            "reason": part.reason or (CUT if is_cut else ""),
        }
    )


def _name_captures(state: _PageState, trail: tuple[Capture, ...]) -> bool:
    """Name the attempts at one part; True where only the last has room."""
    named = trail
    if state.attempts + len(trail[:-1]) > ATTEMPTS_NAMED:
        named = trail[-1:]
    state.attempts += len(named[:-1])
    for capture in named:
        state.captures.setdefault(capture.capture_id, capture)
    return len(named) < len(trail)
