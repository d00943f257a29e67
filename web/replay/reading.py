"""Reading: what every view of the replay origin needs before it shows anything.

Bytes are compared with the id that names them, each slice once for a request: whoever
reads a slice compares it on the way, `verify_slice` is for what is not read.
"""

from flask import Response, request
from werkzeug.exceptions import NotFound

from archive.capture import Capture
from archive.store.reading.recorded import Payload
from web.site import Site
from web.views.answers import answer, here
from web.wording.languages import LANGUAGES, Language


def language_here() -> Language:
    """The reader's language: of the record page around the frame, or as asked for."""
    return LANGUAGES[here().code]


def verify_slice(site: Site, capture: Capture) -> None:
    """Refuse bytes that are not the ones the id names; opening compares them."""
    site.services.archive.open_slice(capture).close()


def read_payload(site: Site, capture: Capture, *, limit_bytes: int) -> Payload:
    """The decoded body; of a revisit its own slice is compared, too."""
    if capture.refers_to is not None:
        verify_slice(site, capture)
    return site.services.archive.payload(capture, limit_bytes=limit_bytes)


def response_of(site: Site, capture_id: str) -> Capture:
    """The capture whose response a page shows; NotFound if none. Nothing is read."""
    main = site.page_of(site.get_capture(capture_id)).main
    if main.http_status is None:
        raise NotFound
    return main


def lead_to_record(site: Site, capture: Capture) -> Response | None:
    """Where a frame's content was opened alone: no content without its receipt."""
    if request.headers.get("Sec-Fetch-Dest") != "document":
        return None
    response = answer("", status=303)
    path = f"{here().base}/c/{capture.short_id}"
    response.headers["Location"] = site.settings.app_origin + path
    return response
