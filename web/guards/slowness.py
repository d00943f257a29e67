"""Slowness: who reads or sends slowly holds no worker and no place for ever.

A worker waits while more than the high-water mark of a reply is unread. So only some
workers may send large replies at a time, and a connection whose bytes stand still is
closed, whichever side it waits for. The times are the server's own, by its clock.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from web.guards.headers import Header

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

STILL_SECONDS = 60
"""A reply of which nothing was taken for so long is given up."""
SLOWEST_BYTES_A_SECOND = 512
"""Who takes less in the long run is given up, too: slow mobile links take tenfold."""
REQUEST_SECONDS = 60
"""A request that is not whole after so long is given up."""
RETRY_SECONDS = 10
"""When to come back while all large replies are under way."""
BUSY = "503 Service Unavailable"


class Progress:
    """What one connection did last: bytes taken, and since when a request comes in."""

    def __init__(self, now: float) -> None:
        """A new connection has all its time before it."""
        self._wait_until = now + STILL_SECONDS
        self._asking_since: float | None = None

    def sent(self, count: int, now: float) -> None:
        """So many bytes were taken: the reader has time for as many more."""
        earned = self._wait_until + count / SLOWEST_BYTES_A_SECOND
        self._wait_until = min(earned, now + STILL_SECONDS)

    def waiting(self, now: float) -> None:
        """A reply begins to wait for its reader now; none waited before."""
        self._wait_until = now + STILL_SECONDS

    def asking(self, now: float, *, is_partial: bool) -> None:
        """Bytes came in; `is_partial`: they are not a whole request yet."""
        if not is_partial:
            self._asking_since = None
        elif self._asking_since is None:
            self._asking_since = now

    def is_over(self, now: float, *, has_output: bool) -> bool:
        """Whether the connection is to be closed."""
        if has_output and now > self._wait_until:
            return True
        since = self._asking_since
        return since is not None and now - since > REQUEST_SECONDS


class FewLarge:
    """A WSGI application around another: only some large replies at a time."""

    def __init__(
        self,
        application: "WSGIApplication",
        *,
        at_once: int,
        large_bytes: int,
        headers: Iterable[Header],
    ) -> None:
        """`headers` are those of every answer, for the one that says to come back."""
        self._application = application
        self._free = threading.Semaphore(at_once)
        self._large_bytes = large_bytes
        self._headers = tuple(headers)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request; 503 where it is large and the places are taken."""
        answered: list[Any] = []

        def start(*given: Any) -> Callable[[bytes], object]:
            answered[:] = given
            return _refuse_write

        body = self._application(environ, start)
        if not self._is_large(answered[1]):
            start_response(*answered)
            return body
        if self._free.acquire(blocking=False):
            start_response(*answered)
            return _Held(body, self._free)
        _close(body)
        words = b"busy with large files; try again soon\n"
        start_response(
            BUSY,
            [
                *self._headers,
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(words))),
                ("Retry-After", str(RETRY_SECONDS)),
            ],
        )
        return [words]

    def _is_large(self, headers: Iterable[Header]) -> bool:
        """Whether it may fill what waits in memory; without a length it may."""
        sizes = [value for name, value in headers if name.lower() == "content-length"]
        return not sizes or int(sizes[0]) > self._large_bytes


class _Held:
    """A large body; its place is free again when it was sent or given up."""

    def __init__(self, body: Iterable[bytes], place: threading.Semaphore) -> None:
        self._body = body
        self._place = place
        self._is_held = True

    def __iter__(self) -> Iterator[bytes]:
        yield from self._body

    def close(self) -> None:
        """Close the body, as WSGI asks, and give the place back once."""
        try:
            _close(self._body)
        finally:
            if self._is_held:
                self._is_held = False
                self._place.release()


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


def _refuse_write(_: bytes) -> object:
    raise AssertionError("no application of ours writes past its body")
