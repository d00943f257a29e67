"""Headers: the fixed header sets of the two origins, put on every answer, errors too.

`FixedHeaders` wraps a whole WSGI application: of what the application set only the
names in `KEPT` pass; everything else is ours. No header of an archived response is
ever sent. Sets after web.md section 6.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Header = tuple[str, str]

KEPT = frozenset(
    [
        "content-type",
        "content-length",
        "content-disposition",
        "content-range",
        "accept-ranges",
        "location",
        "allow",
        "retry-after",
        "content-language",
        "vary",
        "link",
        "memento-datetime",
    ]
)
"""Names an application may set itself; its values are our constants, dates and, in
links, addresses escaped by us.
"""
BODY_CHUNK_BYTES = 1 << 16
"""Bodies are handed to the server in pieces, so that no buffer of it overflows."""

_DENIED = (
    "accelerometer autoplay browsing-topics camera clipboard-read clipboard-write "
    "display-capture encrypted-media fullscreen geolocation gyroscope hid "
    "identity-credentials-get idle-detection keyboard-map local-fonts magnetometer "
    "microphone midi otp-credentials payment picture-in-picture "
    "publickey-credentials-create publickey-credentials-get screen-wake-lock serial "
    "storage-access usb web-share window-management xr-spatial-tracking"
)
_COMMON: tuple[Header, ...] = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", ", ".join(f"{name}=()" for name in _DENIED.split())),
    ("X-DNS-Prefetch-Control", "off"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Origin-Agent-Cluster", "?1"),
    ("X-Robots-Tag", "noindex"),
)
_HSTS: Header = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
_NO_STORE: Header = ("Cache-Control", "no-store")
_FOR_EVER: Header = ("Cache-Control", "public, max-age=31536000, immutable")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderSets:
    """The sets of one origin: for pages, and for what is named differently."""

    usual: tuple[Header, ...]
    static: tuple[Header, ...]
    """APP only: `/static/`, which says nothing about what was read."""
    font: tuple[Header, ...]
    """REPLAY only: a sandboxed document asks for fonts with `Origin: null`."""


def app_headers(*, app_origin: str, replay_origin: str) -> HeaderSets:
    """The sets of the origin with our own pages."""
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; "
        f"font-src 'self'; form-action 'self'; frame-src {replay_origin}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    fixed = (
        ("Content-Security-Policy", policy),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        *_common(app_origin),
    )
    usual = (_NO_STORE, *fixed)
    return HeaderSets(usual=usual, static=(_FOR_EVER, *fixed), font=usual)


def replay_headers(*, app_origin: str, replay_origin: str) -> HeaderSets:
    """The sets of the origin with archived content."""
    policy = (
        "default-src 'none'; img-src 'self' data:; media-src 'self'; "
        "font-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        "form-action 'none'; base-uri 'none'; worker-src 'none'; webrtc 'block'; "
        f"frame-ancestors {app_origin}; sandbox"
    )
    usual = (
        _NO_STORE,
        ("Content-Security-Policy", policy),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
        *_common(replay_origin),
    )
    font = (*usual, ("Access-Control-Allow-Origin", "*"))
    return HeaderSets(usual=usual, static=usual, font=font)


def _common(origin: str) -> tuple[Header, ...]:
    return (*_COMMON, _HSTS) if origin.startswith("https:") else _COMMON


class FixedHeaders:
    """A WSGI application around another: our headers, and bodies in small pieces."""

    def __init__(self, application: "WSGIApplication", sets: HeaderSets) -> None:
        """`sets` are those of the origin the application serves."""
        self._application = application
        self.sets = sets

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""

        def start(
            status: str, headers: list[Header], exc_info: object = None
        ) -> Callable[[bytes], object]:
            kept = [pair for pair in headers if pair[0].lower() in KEPT]
            fixed = self._choose(str(environ.get("PATH_INFO", "")), status, kept)
            return start_response(status, [*kept, *fixed])

        return _Pieces(self._application(environ, start))

    def _choose(self, path: str, status: str, kept: list[Header]) -> tuple[Header, ...]:
        if not status.startswith("200"):
            return self.sets.usual
        if path.startswith("/static/"):
            return self.sets.static
        kinds = [value for name, value in kept if name.lower() == "content-type"]
        if kinds and kinds[0].startswith("font/"):
            return self.sets.font
        return self.sets.usual


class _Pieces:
    """The body of an answer in pieces of at most `BODY_CHUNK_BYTES`."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            for start in range(0, len(part), BODY_CHUNK_BYTES):
                yield part[start : start + BODY_CHUNK_BYTES]

    def close(self) -> None:
        """Close the wrapped body, as WSGI asks."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
