"""The remarks an engine makes on an exchange: stable codes and what each one says."""

from typing import Final

ENGINE_FLAGS: Final[dict[str, str]] = {
    "address-refused": "some addresses of the name were refused by our rules",
    "after-stale": "sent again because a kept connection was dead",
    "as-given-clipped": "the address as found was too long to be kept whole",
    "bad-chunk": "broken chunk framing; recorded to the end of the connection",
    "bad-length": "Content-Length is not a number; read to the close",
    "bare-lf": "lines of the head end in LF alone",
    "blank-before-status": "blank lines before the status line",
    "chain-leaf-only": "only the leaf certificate could be read",
    "chunked-before-http11": "chunked coding in a response older than HTTP/1.1",
    "conflicting-length": "different Content-Lengths; read to the close",
    "cut-disconnect": "not HTTP; the bytes end with a reset",
    "cut-length": "not HTTP; the bytes end at the capture limit",
    "cut-time": "not HTTP; the bytes end at the deadline",
    "cut-unspecified": "not HTTP; the bytes end because we stopped",
    "disk-reserve": "stopped: the disk has no room for more beside its reserve",
    "duplicate-length": "the same Content-Length more than once",
    "head-too-long": "no end of the head within the limit",
    "huge-length": "Content-Length beyond 2^53 - 1",
    "interim-limit": "too many or too large 1xx heads",
    "length-ignored": "Content-Length beside Transfer-Encoding",
    "length-unknown": "ended by the close of the connection alone",
    "long-trailer": "trailer section beyond its limit",
    "odd-status-line": "a status line that is not plain HTTP/1.0 or 1.1",
    "request-cut": "the response ended before the whole request was sent",
    "spool-failed": "this machine could not store all that came",
    "stale": "a kept connection was dead; a new attempt follows",
    "surplus": "bytes behind the end of the message",
    "switching-protocols": "status 101",
    "transfer-coding": "a transfer coding other than chunked alone",
}
"""Codes are never reused with another meaning; callers may add flags of their own."""
