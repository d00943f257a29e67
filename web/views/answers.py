"""Answers: responses with our constant types, and the neutral error pages.

Error pages are constant for a status and reflect nothing of the request.
"""

import base64
import json
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from flask import Response, request

from archive.digest import Digest
from archive.instant import format_instant
from web.site import Site
from web.wording.prefix import CHOSEN, Choice, choose

HTTP_OK = 200
HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
ERROR_CODES: dict[int, str] = {
    303: "see-other",
    400: "bad-request",
    403: "cross-site",
    404: "not-found",
    405: "method-not-allowed",
    410: "gone",
    413: "too-large",
    415: "wrong-type",
    416: "no-such-part",
    429: "too-many",
    500: "server-error",
    503: "unavailable",
}
"""Every status with a page of its own; any other is shown as 500 or 400."""


def answer(body: str | bytes, *, media_type: str = HTML, status: int = 200) -> Response:
    """Build a response of one of our types."""
    return Response(body, status=status, content_type=media_type)


def here() -> Choice:
    """Language and link prefix of the request at hand."""
    accepted = request.headers.get("Accept-Language", "")
    return choose(request.environ.get(CHOSEN), accepted)


def page(site: Site, template: str, /, *, status: int = 200, **values: Any) -> Response:
    """Render a page in the reader's language; every page knows the archive's name."""
    choice = here()
    values.setdefault("archive_name", site.services.archive.identity.name)
    values.setdefault("zone_of", site.zone_of)
    values.setdefault("path", _place() if status == HTTP_OK else "/")
    response = answer(site.renderer.render(template, choice, **values), status=status)
    response.headers["Content-Language"] = choice.code
    if not choice.base:
        response.headers["Vary"] = "Accept-Language"
    return response


def _place() -> str:
    """The address of this page, for its links to other languages."""
    query = request.query_string.decode("ascii", "replace")
    return f"{request.path}?{query}" if query else request.path


def see_other(path: str, *, status: int = 303) -> Response:
    """Lead to another page of ours; `path` begins with a slash."""
    response = answer("", status=status)
    response.headers["Location"] = here().base + path
    response.autocorrect_location_header = False
    return response


def known_status(status: int) -> int:
    """A status that has a page."""
    if status in ERROR_CODES:
        return status
    return 400 if 400 <= status < 500 else 500


def error_page(site: Site, status: int) -> Response:
    """The constant page of a status."""
    status = known_status(status)
    code = ERROR_CODES[status]
    return page(site, "error.html", status=status, code=code)


def error_json(status: int, code: str, message: str, next_step: str) -> Response:
    """The one error object of the JSON API."""
    body = {"error": {"code": code, "message": message, "next_step": next_step}}
    return json_answer(body, status=status)


def json_answer(value: object, *, status: int = 200) -> Response:
    """Write a value as JSON; data classes become objects."""
    text = json.dumps(plain(value), ensure_ascii=False, allow_nan=False)
    return answer(text + "\n", media_type=JSON, status=status)


def plain(value: Any) -> Any:
    """Turn our values into what JSON holds."""
    if value is None or (
        isinstance(value, str | int | float) and not isinstance(value, Enum)
    ):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, Digest):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    return [plain(one) for one in value]
