"""One attempt while it runs: bytes to the spool, then to the framing; then an Exchange.

Record first, parse second: `received` stores a piece before anything looks at it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from archive.capture import ConnectionFacts, Exchange, Framing, Phase, Timings
from archive.digest import Digest
from archive.store.space import SpoolRoom
from crawlers.engine.framing import ResponseFramer
from crawlers.engine.outcome import Cause, Ending, Progress, judge
from crawlers.engine.request import Target, printable_uri
from crawlers.engine.settings import (
    AS_GIVEN_LIMIT_CHARACTERS,
    FetchRequest,
    Listener,
)
from crawlers.engine.spool import Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an attempt takes from its client: spool names, the time, who listens."""

    new_path: Callable[[], Path]
    monotonic: Callable[[], float]
    room: SpoolRoom | None = None
    listener: Listener | None = None


class Attempt:
    """Collects what one attempt sees; `finish` or `conclude` makes the Exchange."""

    def __init__(
        self, request: FetchRequest, *, started_at: datetime, around: Surroundings
    ) -> None:
        self.request = request
        self.target: Target | None = None
        self.prepared_request = b""
        self.sent_request = b""
        """What went out of it; empty until then."""
        self.phase: Phase | None = None
        """Where the way to a connection is."""
        self.connection: ConnectionFacts | None = None
        self.flags: list[str] = [*request.flags]
        self.stopped = False
        """The listener wants no more."""
        self._started_at = started_at
        self._around = around
        listener = around.listener
        # Of a WireListener. Asking for the protocol itself takes 100 us.
        self._wire_received: Callable[[bytes], None] | None
        self._wire_received = getattr(listener, "wire_received", None)
        self._start = around.monotonic()
        self._stamps: dict[str, int] = {}
        self._spool = Spool(around.new_path, room=around.room)
        self._received_bytes = 0
        self._payload = hashlib.sha256()
        self._payload_bytes = 0
        self._framer = ResponseFramer(
            request.method,
            limit_bytes=request.limit_bytes,
            on_payload=self._take_payload,
            on_head=self._take_head,
        )

    def aim(self, target: Target, prepared_request: bytes) -> None:
        """Set what is asked for, once it is known to be well-formed."""
        self.target = target
        self.prepared_request = prepared_request

    def renew(self, started_at: datetime) -> "Attempt":
        """The same request once more, as an attempt of its own."""
        fresh = Attempt(self.request, started_at=started_at, around=self._around)
        if self.target is not None:
            fresh.aim(self.target, self.prepared_request)
        return fresh

    @property
    def heard(self) -> bool:
        """Whether at least one byte came back."""
        return self._received_bytes > 0

    @property
    def progress(self) -> Progress:
        """How far the response is."""
        return self._framer.progress

    @property
    def full(self) -> bool:
        """A limit was reached; no further byte would be kept."""
        return self._framer.full

    @property
    def reusable(self) -> bool:
        """Whether the response leaves the connection fit for another exchange."""
        return self._framer.reusable

    def stamp(self, name: str) -> None:
        """Note the time of a step, a field name of Timings."""
        elapsed = self._around.monotonic() - self._start
        self._stamps[name] = round(elapsed * 1_000_000)

    def received(self, data: bytes) -> None:
        """Store bytes, then follow them. OSError: the spool file cannot be written."""
        if not self._received_bytes:
            self.stamp("first_byte_us")
        self._received_bytes += len(data)
        self._spool.append(data)
        interim_bytes = self._framer.interim_bytes
        taken = self._framer.feed(data)
        if taken < len(data):
            self._spool.drop_back(len(data) - taken)
        if self._framer.interim_bytes > interim_bytes:
            self._spool.drop_front(self._framer.interim_bytes - interim_bytes)
        self._spool.settle()
        if self._wire_received is not None:
            self._wire_received(data[:taken])

    def _take_head(self, head: bytes) -> None:
        listener = self._around.listener
        if listener is not None and not listener.head_received(head):
            self.stopped = True

    def _take_payload(self, data: bytes) -> None:
        self._payload.update(data)
        self._payload_bytes += len(data)
        listener = self._around.listener
        if listener is not None and not self.stopped:
            self.stopped = not listener.payload_received(data)

    def finish(self, cause: Cause, *, detail: str = "") -> Exchange:
        """End an exchange whose request was handed to a connection."""
        self._framer.close(clean=cause is Cause.CLOSED)
        return self.conclude(
            judge(
                cause,
                self._framer.progress,
                heard=self.heard,
                oversize=self._framer.oversize,
                detail=detail,
            )
        )

    def conclude(self, ending: Ending) -> Exchange:
        """Make the Exchange, by whatever ending. To be called once."""
        self.stamp("ended_us")
        target, framer = self.target, self._framer
        response, wire_digest = self._spool.finish()
        flags = [*self.flags, *framer.flags, *ending.flags]
        framing = None
        if response.length_bytes:
            framing = _fit(framer.facts(), response.length_bytes, flags)
        return Exchange(
            target_uri=target.target_uri if target else printable_uri(self.request.uri),
            as_given=_clip(self.request.as_given or self.request.uri, flags),
            method=self.request.method,
            started_at=self._started_at,
            outcome=ending.outcome,
            phase=ending.phase,
            detail=ending.detail,
            flags=tuple(dict.fromkeys(flags)),
            request=self.sent_request,
            response=response,
            interim=tuple(framer.interim),
            framing=framing,
            http_status=framer.head.status if framer.head else None,
            wire_digest=wire_digest,
            payload_digest=self._payload_digest(),
            payload_bytes=self._payload_bytes if framer.has_payload else None,
            timings=Timings(**self._stamps),
            connection=self.connection,
            context=self.request.context,
        )

    def _payload_digest(self) -> Digest | None:
        if not self._framer.has_payload:
            return None
        return Digest.of_running(self._payload)


def _fit(framing: Framing, stored_bytes: int, flags: list[str]) -> Framing:
    """Say so where the disk took less than was received."""
    lost = -stored_bytes + (
        framing.head_bytes
        + framing.body_bytes
        + framing.trailer_bytes
        + framing.surplus_bytes
    )
    if not lost:
        return framing
    flags.append("spool-failed")
    return replace(framing, body_bytes=max(0, framing.body_bytes - lost))


def _clip(as_given: str, flags: list[str]) -> str:
    """The address as found, writable as UTF-8 and of bounded length."""
    if len(as_given) > AS_GIVEN_LIMIT_CHARACTERS:
        flags.append("as-given-clipped")
    return as_given[:AS_GIVEN_LIMIT_CHARACTERS].encode("utf-8", "replace").decode()
