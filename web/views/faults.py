"""Faults: what is answered where a view gives nothing: a page, or the API's one object.

One place for both origins' kinds of answer on the origin of our pages. Nothing of the
request is reflected but whether it asked for JSON.
"""

from flask import Flask, Response, request
from werkzeug.exceptions import (
    HTTPException,
    RequestedRangeNotSatisfiable,
    ServiceUnavailable,
    TooManyRequests,
)

from archive.errors import ArchiveMissing, CaptureNotFound
from archive.store.tombstones import Tombstone
from web.site import Removed, Site
from web.views.answers import (
    ERROR_CODES,
    error_page,
    json_answer,
    known_status,
    page,
)
from web.wording.messages import text_of

API_PATH = "/api/"
SAID = {
    404: ("There is nothing here.", "Check the id."),
    410: ("The capture was removed.", "Its tombstone in the log stays."),
}
"""Message and next step by status; others have the title of their page, and none."""


def register_faults(app: Flask, site: Site) -> None:
    """Answer every error of the pages and of the API."""

    def said(status: int) -> Response:
        if request.path.startswith(API_PATH):
            return _fault(status)
        return error_page(site, status)

    def on_status(error: HTTPException) -> Response:
        return add_hints(said(known_status(error.code or 500)), error)

    def on_removed(error: Removed) -> Response:
        if request.path.startswith(API_PATH):
            return _gone(error.tombstone)
        return page(site, "gone.html", status=410, tombstone=error.tombstone)

    app.register_error_handler(HTTPException, on_status)
    app.register_error_handler(Removed, on_removed)
    app.register_error_handler(CaptureNotFound, lambda _: said(404))
    app.register_error_handler(ArchiveMissing, lambda _: said(503))


def add_hints(response: Response, error: HTTPException) -> Response:
    """Add the header a status asks for: methods, a length, or when to come back."""
    if error.code == 405:
        valid = getattr(error, "valid_methods", None) or ("GET",)
        response.headers["Allow"] = ", ".join(sorted(valid))
    if isinstance(error, RequestedRangeNotSatisfiable) and error.length is not None:
        response.headers["Content-Range"] = f"{error.units} */{error.length}"
    if isinstance(error, TooManyRequests | ServiceUnavailable) and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _fault(status: int) -> Response:
    return json_answer({"error": _named(status)}, status=status)


def _named(status: int) -> dict[str, str]:
    code = ERROR_CODES[status]
    message, step = SAID.get(status) or (text_of(f"error.{code}.title"), "")
    return {"code": code, "message": message, "next_step": step}


def _gone(tombstone: Tombstone) -> Response:
    """Say of a removed capture why, by whose order, and where its tombstone is."""
    named = {
        "capture_id": tombstone.capture_id,
        "access": "tombstoned",
        "leaf": tombstone.leaf,
        "tombstone": tombstone.entry,
        "reason": tombstone.reason,
        "authority": tombstone.authority,
        "removed_at": tombstone.removed_at,
    }
    return json_answer({"error": _named(410), "tombstone": named}, status=410)
