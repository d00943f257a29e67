"""Responses of the replay origin: cleaned pages, parts, original bytes to download.

Before anything is shown the slice's digest is compared with the capture's id. No
header of an archived response is sent; types come from first bytes, never from there.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from archive.capture import Capture
from archive.digest import READ_BYTES
from archive.errors import LimitExceeded
from archive.store.reading.recorded import (
    PageArtifact,
    Payload,
    decode_slice,
    read_exchange_slice,
)
from archive.warc.payload import Problem
from web.lru_cache import LruCache
from web.replay import media
from web.replay.charset import decode_page
from web.replay.clean import CLEANER_VERSION, clean_page
from web.replay.frame import frame_note, frame_page, frame_picture, frame_text
from web.replay.links import Gap, PartTable, Resolved
from web.replay.long import HELD_BYTES, LongBody, is_long, long_entity, long_wire
from web.replay.reading import (
    language_here,
    lead_to_record,
    read_payload,
    response_of,
    verify_slice,
)
from web.replay.sheets import SheetCache
from web.replay.styles import Resolve, clean_sheet
from web.replay.tree import GapWords
from web.replay.viewing import Viewer
from web.site import Site
from web.views.answers import answer, here
from web.views.mementos import add_memento_headers
from web.views.values import PICTURE
from web.wording.languages import Language

PAGE_LIMIT_BYTES = 8 << 20
"""Largest page that is cleaned: lxml and nh3 need about 20 times its size."""
PART_LIMIT_BYTES = 32 << 20
"""Largest image, font or sheet that is sent as a part."""
RAW_LIMIT_BYTES = HELD_BYTES
"""Largest body that is decoded for a download; the slice itself has no bound."""
CACHE_BYTES = 32 << 20
"""Cleaned documents and sheets kept in memory."""
TOO_LARGE = frozenset((Problem.LIMIT.value,))
"""Problems under which a page is not shown at all."""
_STATUS = range(400, 600)
"""Archived statuses that the frame keeps."""


class Replay:
    """The routes of the replay origin; GET and HEAD only."""

    def __init__(self, site: Site) -> None:
        """The cache lives as long as the server."""
        self._site = site
        self._documents: LruCache[str, bytes] = LruCache(CACHE_BYTES, len)
        self._sheets = SheetCache()
        self._viewer = Viewer(site)

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view in (
            ("/v/<capture_id>", "view", self.view),
            ("/p/<page_id>/<int:number>", "part", self.part),
            ("/shot/<capture_id>", "shot", self.shot),
            ("/shot/<capture_id>/view", "shot-view", self.shot_view),
            ("/raw/<capture_id>", "raw", self.raw),
            ("/raw/<capture_id>/wire", "raw-wire", self.raw_wire),
            ("/raw/<capture_id>/slice", "raw-slice", self.raw_slice),
            ("/raw/<capture_id>/kept/<name>", "raw-kept", self.raw_kept),
        ):
            app.add_url_rule(rule, name, view, methods=["GET"])
        self._viewer.register(app)

    def view(self, capture_id: str) -> Response:
        """The cleaned page, for the frame; opened alone it leads to the record."""
        capture = self._site.get_capture(capture_id)
        alone = lead_to_record(self._site, capture)
        if alone is not None:
            return alone
        found = self._site.page_of(capture)
        table, main = found.parts, found.main
        if main.http_status is None:
            return _note(language_here().text("replay.no-response"))
        return add_memento_headers(self._by_type(main, table), self._site, main)

    def _by_type(self, main: Capture, table: PartTable) -> Response:
        status = 200
        if main.http_status is not None and main.http_status in _STATUS:
            status = main.http_status
        kept = self._documents.find(_name_of(main, table))
        if kept is not None:
            verify_slice(self._site, main)
            return answer(kept, status=status)
        payload = read_payload(self._site, main, limit_bytes=PAGE_LIMIT_BYTES)
        target = _redirect_target(self._site, main)
        if target is not None:
            return _note(language_here().text("replay.redirect"), target)
        file = self._viewer.show(main, payload, status=status)
        if file is not None:
            return file
        if payload.problem in TOO_LARGE:
            return _note(language_here().text("replay.too-large"))
        if media.is_html(payload.media_type, payload.data):
            try:
                return answer(self._cleaned(main, table, payload), status=status)
            except LimitExceeded:
                note = language_here().text("replay.overloaded")
                return _note(note, status=status)
        if media.is_text(payload.media_type):
            text = self._text(main, payload)
            return answer(frame_text(text, language_here()), status=status)
        return _note(language_here().text("replay.no-view"), status=status)

    def _cleaned(self, main: Capture, table: PartTable, payload: Payload) -> bytes:
        page = clean_page(
            self._text(main, payload),
            base=main.target_uri,
            parts=table,
            words=gap_words(language_here()),
            sheets=self._sheets,
        )
        document = frame_page(page, language_here())
        self._documents.keep(_name_of(main, table), document)
        return document

    def _text(self, main: Capture, payload: Payload) -> str:
        found = self._site.text_of(main)
        return decode_page(
            payload.data,
            known=found.charset if found else None,
            declared=payload.charset,
        )

    def part(self, page_id: str, number: int) -> Response:
        """One captured part of a page: a raster image, a font or a cleaned sheet."""
        page = self._site.get_capture(page_id)
        if page.kind != "page":
            raise NotFound
        table = self._site.page_of(page).parts
        if number >= len(table.parts) or table.gap(number) is not None:
            raise NotFound
        capture = table.capture(number)
        if capture is None:
            raise NotFound
        payload = read_payload(self._site, capture, limit_bytes=PART_LIMIT_BYTES)
        kind = media.image_type(payload.data) or media.font_type(payload.data)
        if kind is not None:
            return answer(payload.data, media_type=kind)
        if table.parts[number].kind != "style":
            raise NotFound
        sheet = self._sheet(capture, table, payload)
        return answer(sheet, media_type="text/css; charset=utf-8")

    def _sheet(self, capture: Capture, table: PartTable, payload: Payload) -> bytes:
        def resolve(address: str) -> str | None:
            found = table.resolve(capture.target_uri, address)
            return found.path if isinstance(found, Resolved) else None

        def clean(resolve: Resolve) -> str:
            return clean_sheet(payload.data, charset=payload.charset, resolve=resolve)

        source = f"{payload.charset} {capture.target_uri} ".encode() + payload.data
        return self._sheets.clean(source, clean, resolve).encode()

    def shot(self, capture_id: str) -> Response:
        """The picture of a page, for the frame."""
        page, _ = self._kept(capture_id, PICTURE)
        path = f"/shot/{page.short_id}/view"
        return answer(frame_picture(path, language_here()))

    def shot_view(self, capture_id: str) -> Response:
        """The picture itself; nothing else is sent under its name."""
        page, _ = self._kept(capture_id, PICTURE)
        data = self._site.services.archive.artifact(page, PICTURE)
        kind = media.image_type(data)
        if kind is None:
            raise NotFound
        return answer(data, media_type=kind)

    def raw_kept(self, capture_id: str, name: str) -> Response:
        """What a browser made of a page, as a download."""
        page, kept = self._kept(capture_id, name)
        data = self._site.services.archive.artifact(page, name)
        return _download(data, media.file_name(page.capture_id, kept.media_type))

    def _kept(self, capture_id: str, name: str) -> tuple[Capture, PageArtifact]:
        """The page over a capture and its artifact of that name, or 404."""
        found = self._site.page_of(self._site.get_capture(capture_id))
        for artifact in found.artifacts:
            if found.page is not None and artifact.name == name:
                return self._site.get_capture(found.page.short_id), artifact
        raise NotFound

    def raw(self, capture_id: str) -> Response:
        """The body as decoded, as a download; a revisit's is the original's."""
        capture = response_of(self._site, capture_id)
        archive = self._site.services.archive
        if capture.refers_to is not None:
            verify_slice(self._site, capture)
        stream = archive.open_slice(archive.original(capture))
        response = _body(stream, capture)
        return add_memento_headers(response, self._site, capture)

    def raw_wire(self, capture_id: str) -> Response:
        """The response as on the wire, head and all, as a download."""
        capture = response_of(self._site, capture_id)
        name = f"capture-{capture.capture_id[:8]}.http.txt"
        stream = self._site.services.archive.open_slice(capture)
        with ExitStack() as stack:
            stack.enter_context(stream)
            if not is_long(stream):
                exchange = read_exchange_slice(stream)
                return _download(exchange.response or b"", name)
            sent = _sent(long_wire(stream), name)
            stack.pop_all()
        return sent

    def raw_slice(self, capture_id: str) -> Response:
        """The slice: its SHA-256 is the capture's id."""
        capture = self._site.get_capture(capture_id)
        stream = self._site.services.archive.open_slice(capture)
        response = Response(_chunks(stream), content_type="application/octet-stream")
        response.call_on_close(stream.close)
        response.content_length = capture.location.length_bytes
        return _as_attachment(response, f"capture-{capture.capture_id[:8]}.warc.gz")


def gap_words(language: Language) -> GapWords:
    """What stands in gap boxes; outcomes by their words, other details as given."""

    def write(kind: str, gap: Gap) -> str:
        detail = gap.detail
        if language.has(f"outcome.{detail}"):
            detail = language.text(f"outcome.{detail}")
        return language.text(
            "gap.box",
            what=language.text(f"gap.kind.{kind}"),
            why=language.text(f"gap.reason.{gap.reason}"),
            detail=f" ({detail})" if detail else "",
        )

    return GapWords(language=language.code, write=write)


def _note(*paragraphs: str, status: int = 200) -> Response:
    """A document with words of ours, and what belongs to them."""
    return answer(frame_note(paragraphs, language_here()), status=status)


def _name_of(main: Capture, table: PartTable) -> str:
    """A cleaned page depends on its bytes, its parts, the cleaner and our words."""
    return f"{CLEANER_VERSION} {main.capture_id} {table.page_id} {here().code}"


def _redirect_target(site: Site, capture: Capture) -> str | None:
    """Where an archived redirect points, as text; None for other answers."""
    if capture.http_status is None or capture.http_status not in range(300, 400):
        return None
    if capture.refers_to is not None:  # 304: what it refers to is shown
        return None
    response = site.services.archive.read_exchange(capture).response or b""
    head = response.split(b"\r\n\r\n", 1)[0]
    match = re.search(
        rb"^location:[ \t]*([^\r\n]*)", head, re.IGNORECASE | re.MULTILINE
    )
    return match.group(1).decode("utf-8", "backslashreplace") if match else ""


def _body(stream: BinaryIO, capture: Capture) -> Response:
    """The body in a slice, held where it is short, else sent as it is read."""
    media_type = capture.media_type
    with ExitStack() as stack:
        stack.callback(stream.close)
        if not is_long(stream):
            payload = decode_slice(stream, limit_bytes=RAW_LIMIT_BYTES)
            media_type = payload.media_type
            if payload.problem not in TOO_LARGE:
                name = media.file_name(capture.capture_id, media_type)
                return _download(payload.data, name)
            stream.seek(0)
        stack.pop_all()
    name = media.file_name(capture.capture_id, media_type)
    return _sent(long_entity(stream), name)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    yield from iter(lambda: stream.read(READ_BYTES), b"")


def _download(data: bytes, name: str) -> Response:
    response = answer(data, media_type="application/octet-stream")
    response = _as_attachment(response, name)
    response.make_conditional(
        request.environ, accept_ranges=True, complete_length=len(data)
    )
    return response


def _sent(body: LongBody | None, name: str) -> Response:
    """A download sent as it is read; NotFound where it can only be had as sent."""
    if body is None:
        raise NotFound
    response = Response(body.pieces, content_type="application/octet-stream")
    response.call_on_close(body.close)
    if body.length_bytes is not None:
        response.content_length = body.length_bytes
    return _as_attachment(response, name)


def _as_attachment(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
