"""Viewing: files that are no pages: pictures drawn anew, pages of PDFs, sound and film.

Pictures and documents are decoded in children and sent as pictures of ours. Sound and
film are sent by their first bytes' type, in ranges, for the browser's own player.
"""

from dataclasses import dataclass
from math import inf

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound, ServiceUnavailable

from archive.capture import Capture
from archive.errors import ExtractionError
from archive.store.reading.recorded import Payload
from search.extract.children.child import WorkerFailed
from search.extract.previews.pictures import Preview
from web.lru_cache import LruCache
from web.replay import media
from web.replay.frame import Drawn, frame_drawn, frame_note, frame_player
from web.replay.reading import (
    language_here,
    lead_to_record,
    read_payload,
    response_of,
    verify_slice,
)
from web.site import Site
from web.views.answers import answer, here
from web.wording.languages import Language

FILE_LIMIT_BYTES = 64 << 20
"""Largest file that is previewed or played here."""
PAGES_AT_ONCE = 5
"""Pages of a document in one frame: each costs a tenth of a second."""
CACHE_BYTES = 32 << 20
"""Pictures kept in memory."""
OVERHEAD_BYTES = 300
"""What an entry costs beside its picture, roughly."""
AGAIN_SECONDS = 300.0
"""How long a drawing that failed is not tried again: it took a child up to 10 s."""
RETRY_SECONDS = 20
"""When to come back while all who draw are busy: a drawing takes at most half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What came of drawing; `preview` None: there is no picture."""

    preview: Preview | None
    good_until: float = inf
    """By the monotonic clock: what only failed once may be drawn another time."""

    @property
    def size_bytes(self) -> int:
        return OVERHEAD_BYTES + (len(self.preview.data) if self.preview else 0)


class Viewer:
    """Routes of pictures, documents, sound and film."""

    def __init__(self, site: Site) -> None:
        """Pictures made once are kept for a while."""
        self._site = site
        self._kept: LruCache[tuple[str, int], _Made] = LruCache(
            CACHE_BYTES, lambda made: made.size_bytes
        )

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
        return read_payload(self._site, main, limit_bytes=FILE_LIMIT_BYTES)

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
        """The picture of page `number`, from 1; None where there is none.

        What cannot be drawn is tried once while that is remembered.
        """
        make = self._site.services.preview
        if make is None or number < 1:
            return None
        name = (main.capture_id, number)
        made, now = self._kept.find(name), self._site.services.monotonic()
        if made is not None and now < made.good_until:
            verify_slice(self._site, main)
            return made.preview
        payload = self._file(main)
        if payload.problem is not None:
            return None
        try:
            made = _Made(preview=make(payload.data, number - 1))
        except WorkerFailed:
            made = _Made(preview=None, good_until=now + AGAIN_SECONDS)
        except ExtractionError as error:
            raise ServiceUnavailable(retry_after=RETRY_SECONDS) from error
        self._kept.keep(name, made)
        return made.preview


def _document(main: Capture, made: Preview, first: int, language: Language) -> Drawn:
    last = min(first + PAGES_AT_ONCE - 1, made.pages)
    count = language.number(made.pages)
    links = []
    for start, words in (
        (first - PAGES_AT_ONCE, language.text("preview.before")),
        (last + 1, language.text("preview.after")),
    ):
        if 1 - PAGES_AT_ONCE < start <= made.pages:
            path = f"{here().base}/v/{main.short_id}/from/{max(start, 1)}"
            links.append((path, words))
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
