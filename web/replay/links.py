"""Links and parts: which capture of the same page answers an address, or why none does.

A `PartTable` holds the signed parts list of one page capture. An address found in the
page is made absolute, written in one normal form and looked up there and nowhere else:
there is no lookup by nearest date. What is not in the list is a gap with a reason.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from archive.capture import Capture
from archive.store.reading.recorded import PagePart

ADDRESS_LIMIT = 16_384
"""Characters of an address that are looked at: no server takes longer ones."""
BASES_KEPT = 256
"""Pages and sheets whose origin is known from a moment ago."""
SUCCESS = range(200, 300)
"""Answers that stand for the thing asked for; a 404 with an image in it does not."""
NEVER_SHOWN = frozenset(
    [
        "image/svg+xml",
        "text/html",
        "application/xhtml+xml",
        "text/xml",
        "application/xml",
        "application/pdf",
    ]
)
"""Types that are no raster image, sheet or font, whatever asked for them."""
_PLAIN_PATH = "/%:@!$&'()*+,;=~-._?[]|^`{}\"<>\\ "
_SIZE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,4})?[wxh]", re.ASCII)
_DROPPED = dict.fromkeys(map(ord, "\t\r\n"))
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_USUAL = re.compile(
    rf"(?P<origin>https?://{_LABEL}(?:\.{_LABEL}){{1,10}})?"
    r"(?P<path>/[A-Za-z0-9%:@!$&'()*+,=~_./-]*)"
    r"(?P<query>\?[A-Za-z0-9%:@!$&'()*+,=~_./?-]+)?(?:#[!-~]*)?",
    re.ASCII,
)
"""An address that is in normal form already, but for the origin it may leave out."""
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


FindCapture = Callable[[str], Capture | None]
"""Takes a capture id; gives the capture if it is there and may be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A part that was captured: its number in the signed list and its address here."""

    number: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A part that is not there; `reason` is a stable code, `detail` one short line."""

    reason: str
    detail: str = ""


def normal_form(address: str) -> str | None:
    """Write an absolute http(s) address in the form captures carry; None if it is none.

    Scheme and host lower case, host as A-label, default port and fragment left out,
    path and query in percent-encoded UTF-8.
    """
    if len(address) > ADDRESS_LIMIT:
        return None
    try:
        split = urlsplit(address)
        host = (split.hostname or "").encode("idna").decode("ascii")
        port = f":{split.port}" if split.port is not None else ""
    except (ValueError, UnicodeError):
        return None
    scheme = split.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host:
        return None
    if ":" in host:
        host = f"[{host}]"
    if port == _DEFAULT_PORTS[scheme]:
        port = ""
    path = quote(split.path or "/", safe=_PLAIN_PATH).replace(" ", "%20")
    query = quote(split.query, safe=_PLAIN_PATH).replace(" ", "%20")
    return urlunsplit((scheme, host + port, path, query, ""))


def join_address(base: str, address: str) -> str:
    """Make an address absolute as browsers do; an impossible one comes back empty."""
    cleaned = address.translate(_DROPPED).strip()
    if len(cleaned) > ADDRESS_LIMIT:
        return ""
    try:
        return urljoin(base, cleaned)
    except ValueError:
        return ""


def absolute_form(base: str, address: str) -> str | None:
    """The normal form of an address on a page; as by `join_address`, mostly faster."""
    usual = _USUAL.fullmatch(address) if len(address) <= ADDRESS_LIMIT else None
    if usual is not None and "/." not in usual["path"]:
        origin = usual["origin"]
        if origin is None and not address.startswith("//"):
            origin = _origin_of(base)
        if origin:
            return f"{origin}{usual['path']}{usual['query'] or ''}"
    return normal_form(join_address(base, address))


@lru_cache(maxsize=BASES_KEPT)
def _origin_of(base: str) -> str:
    """Scheme, host and port of a base in normal form; empty if it has none."""
    root = normal_form(join_address(base, "/"))
    return root.removesuffix("/") if root else ""


def split_srcset(written: str) -> Iterator[tuple[str, str]]:
    """Yield address and size of each candidate; a size that is none comes back empty.

    A comma belongs to the address unless white space or the end follows it.
    """
    rest = written
    while rest := rest.lstrip(" \t\n\f\r,"):
        address, *tail = rest.split(maxsplit=1)
        rest = tail[0] if tail else ""
        if address.endswith(","):
            yield address.rstrip(","), ""
            continue
        size, _, rest = rest.partition(",")
        yield address, size.strip() if _SIZE.fullmatch(size.strip()) else ""


class PartTable:
    """The signed parts list of one page capture, by normal form of the address."""

    def __init__(
        self, page_id: str, parts: Iterable[PagePart], find_capture: FindCapture
    ) -> None:
        """`page_id` is the short id of the page statement."""
        self._find_capture = find_capture
        self._found: dict[str, Capture | None] = {}
        self.page_id = page_id
        self._numbers: dict[str, int] = {}
        self.parts = tuple(parts)
        for number, part in enumerate(self.parts):
            known = normal_form(part.uri)
            if known is not None:
                self._numbers.setdefault(known, number)

    def resolve(self, base: str, address: str) -> Resolved | Gap:
        """Find the captured part of that address, or say why there is none."""
        absolute = absolute_form(base, address)
        if absolute is None:
            return Gap(reason="address")
        number = self._numbers.get(absolute)
        if number is None:
            return Gap(reason="not-listed")
        gap = self.gap(number)
        if gap is not None:
            return gap
        return Resolved(number=number, path=f"/p/{self.page_id}/{number}")

    def capture(self, number: int) -> Capture | None:
        """The capture that answers a part; None for a gap or a hidden capture."""
        capture_id = self.parts[number].capture_id
        if capture_id is None:
            return None
        if capture_id not in self._found:
            self._found[capture_id] = self._find_capture(capture_id)
        return self._found[capture_id]

    def gap(self, number: int) -> Gap | None:
        """Why a listed part cannot be shown; None if it can."""
        part = self.parts[number]
        if part.capture_id is None:
            return Gap(reason="failed", detail=part.reason or part.outcome)
        capture = self.capture(number)
        if capture is None:
            return Gap(reason="hidden")
        return _gap_of(capture)


def _gap_of(capture: Capture) -> Gap | None:
    if capture.http_status is None:
        return Gap(reason="failed", detail=capture.outcome.value)
    # A revisit refers to an answer of 200, whatever it is itself (304).
    if capture.http_status not in SUCCESS and capture.refers_to is None:
        return Gap(reason="status", detail=str(capture.http_status))
    if capture.media_type in NEVER_SHOWN:
        return Gap(reason="type", detail=capture.media_type or "")
    if capture.outcome.value != "complete":
        return Gap(reason="cut", detail=capture.outcome.value)
    return None
