"""Viewing: files that are no pages: pictures drawn anew, pages of PDFs, sound and film.

Pictures and documents are decoded in children and sent as pictures of ours. Sound and
film are sent by their first bytes' type, in ranges, for the browser's own player.
"""

import threading
from collections import OrderedDict

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from archive.capture import Capture
from archive.store.recorded import Payload
from search.extract.pictures import Preview
from web.languages import LANGUAGES, Language
from web.replay import media
from web.replay.frame import Drawn, frame_drawn, frame_note, frame_player
from web.site import Site
from web.views.answers import answer, here

FILE_LIMIT_BYTES = 64 << 20
"""Largest file that is previewed or played here."""
PAGES_AT_ONCE = 5
"""Pages of a document in one frame: each costs a tenth of a second."""
CACHE_BYTES = 32 << 20
"""Pictures kept in memory."""


def language_here() -> Language:
    """The reader's language: of the record page around the frame, or as asked for."""
    return LANGUAGES[here().code]


def check_slice(site: Site, capture: Capture) -> None:
    """Refuse bytes that are not the ones the id names; opening compares them."""
    site.services.archive.open_slice(capture).close()


def response_of(site: Site, capture_id: str) -> Capture:
    """The capture whose response a page shows, its bytes checked; NotFound if none."""
    main = site.page_of(site.get_capture(capture_id)).main
    if main.http_status is None:
        raise NotFound
    check_slice(site, main)
    return main


def lead_to_record(site: Site, capture: Capture) -> Response | None:
    """Where a frame's content was opened alone: no content without its receipt."""
    if request.headers.get("Sec-Fetch-Dest") != "document":
        return None
    response = answer("", status=303)
    path = f"{here().base}/c/{capture.short_id}"
    response.headers["Location"] = site.settings.app_origin + path
    return response


class Viewer:
    """Routes of pictures, documents, sound and film."""

    def __init__(self, site: Site) -> None:
        """Pictures made once are kept for a while."""
        self._site = site
        self._kept: OrderedDict[tuple[str, int], Preview] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view in (
            ("/v/<capture_id>/from/<int:number>", "view-from", self.pages_from),
            ("/page/<capture_id>/<int:number>", "page-picture", self.picture),
            ("/media/<capture_id>", "media", self.media),
        ):
            app.add_url_rule(rule, name, view, methods=["GET"])

    def show(self, main: Capture, payload: Payload, *, status: int) -> Response | None:
        """The frame of a picture, document, sound or film; None for other files."""
        if media.is_drawn(payload.media_type, payload.data):
            return self._drawn(main, 1, status=status)
        if media.is_html(payload.media_type, payload.data):
            return None
        kind = media.played_type(payload.media_type, payload.data)
        return None if kind is None else self._player(main, kind, status=status)

    def pages_from(self, capture_id: str, number: int) -> Response:
        """Later pages of a document."""
        main = response_of(self._site, capture_id)
        return lead_to_record(self._site, main) or self._drawn(main, number)

    def picture(self, capture_id: str, number: int) -> Response:
        """One page of a document, or the picture, as drawn here."""
        main = response_of(self._site, capture_id)
        alone = lead_to_record(self._site, main)
        if alone is not None:
            return alone
        made = self._preview(main, number)
        if made is None:
            raise NotFound
        return answer(made.data, media_type=made.media_type)

    def media(self, capture_id: str) -> Response:
        """Sound or film, or the range that was asked for."""
        main = response_of(self._site, capture_id)
        alone = lead_to_record(self._site, main)
        if alone is not None:
            return alone
        payload = self._file(main)
        data, kind = payload.data, media.played_type(payload.media_type, payload.data)
        if kind is None or payload.problem is not None:
            raise NotFound
        response = answer(data, media_type=kind)
        response.make_conditional(
            request.environ, accept_ranges=True, complete_length=len(data)
        )
        return response

    def _file(self, main: Capture) -> Payload:
        archive = self._site.services.archive
        return archive.payload(main, limit_bytes=FILE_LIMIT_BYTES)

    def _drawn(self, main: Capture, first: int, *, status: int = 200) -> Response:
        language = language_here()
        made = self._preview(main, first)
        if made is None:
            words = [language.text("preview.none")]
            return answer(frame_note(words, language), status=status)
        if made.kind == "document":
            drawn = _document(main, made, first, language)
        else:
            drawn = _image(main, made, language)
        return answer(frame_drawn(drawn, language), status=status)

    def _player(self, main: Capture, kind: str, *, status: int) -> Response:
        language = language_here()
        payload = self._file(main)
        if payload.problem is not None:
            words = [language.text("preview.none")]
            return answer(frame_note(words, language), status=status)
        tag = kind.partition("/")[0]
        size = language.size(len(payload.data))
        facts = f"{language.text(f'gap.kind.{tag}')}, {size}"
        notes = (facts, language.text("preview.plays"))
        path = f"/media/{main.short_id}"
        return answer(frame_player(tag, path, notes, language), status=status)

    def _preview(self, main: Capture, number: int) -> Preview | None:
        """The picture of page `number`, from 1; made once while it is kept."""
        make = self._site.services.preview
        if make is None or number < 1:
            return None
        name = (main.capture_id, number)
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        payload = self._file(main)
        if payload.problem is not None:
            return None
        made = make(payload.data, number - 1)
        if made is not None:
            self._keep(name, made)
        return made

    def _keep(self, name: tuple[str, int], made: Preview) -> None:
        with self._lock:
            old = self._kept.pop(name, None)
            self._size += len(made.data) - (0 if old is None else len(old.data))
            self._kept[name] = made
            while self._size > CACHE_BYTES:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped.data)


def _document(main: Capture, made: Preview, first: int, language: Language) -> Drawn:
    last = min(first + PAGES_AT_ONCE - 1, made.pages)
    count = language.number(made.pages)
    links = []
    for start, words in (
        (first - PAGES_AT_ONCE, language.text("preview.before")),
        (last + 1, language.text("preview.after")),
    ):
        if 1 - PAGES_AT_ONCE < start <= made.pages:
            links.append((f"/v/{main.short_id}/from/{max(start, 1)}", words))
    return Drawn(
        notes=(
            language.count("preview.document", made.pages),
            language.text("preview.made"),
        ),
        pictures=tuple(
            (
                f"/page/{main.short_id}/{number}",
                language.text(
                    "preview.page", number=language.number(number), count=count
                ),
            )
            for number in range(first, last + 1)
        ),
        links=tuple(links) if made.pages > PAGES_AT_ONCE else (),
    )


def _image(main: Capture, made: Preview, language: Language) -> Drawn:
    width, height = made.original or (made.width, made.height)
    facts = language.text(
        "preview.image", width=language.number(width), height=language.number(height)
    )
    if made.pages > 1:
        facts += language.count("preview.frames", made.pages)
    return Drawn(
        notes=(facts, language.text("preview.made")),
        pictures=((f"/page/{main.short_id}/1", language.text("preview.alt")),),
        links=(),
    )
