"""Hands one response on to the browser, byte for byte, as it comes from the site.

A browser that reads slowly must not slow down or fill up the capture: what it does not
take goes to a spool and follows when the exchange is in the archive.
"""

from archive.capture import CaptureOutcome, Exchange
from archive.warc.head import parse_http_head
from crawlers.browser.channel import Channel
from crawlers.crawl.capturing.recorder import REDIRECT_STATUSES
from crawlers.engine.spool import Spool

PENDING_BYTES = 1 << 20
"""Held in memory for a browser that is behind, 1 MiB; as much as a spool holds."""
PIECE_BYTES = 256 << 10
NOTHING_CAME = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)
DELIMITED = frozenset({"length", "chunked", "none"})
"""Kinds of framing after which another response may follow."""
HARMLESS_FLAGS = frozenset({"after-stale", "bare-lf", "address-refused"})


class Relay:
    """Listens to one exchange; `finish` delivers what is left of it."""

    def __init__(self, channel: Channel, backlog: Spool, *, to_the_end: bool) -> None:
        """`to_the_end`: the response is wanted even if the browser lets go of it."""
        self._channel = channel
        self._backlog = backlog
        self._to_the_end = to_the_end
        self._held = False

    def head_received(self, head: bytes) -> bool:
        """Hold a redirect back: where it leads must know which capture sent it."""
        self._held = self._held or parse_http_head(head).status in REDIRECT_STATUSES
        return self._is_wanted()

    def payload_received(self, data: bytes) -> bool:
        """Go on while the browser wants it."""
        del data
        return self._is_wanted()

    def _is_wanted(self) -> bool:
        return self._to_the_end or not self._channel.is_gone

    def wire_received(self, data: bytes) -> None:
        """Pass bytes on, or put them behind those that wait."""
        self._held = self._held or self._channel.pending_bytes > PENDING_BYTES
        if self._held:
            self._backlog.append(data)
            self._backlog.settle()
        else:
            self._channel.write(data)

    async def finish(self, exchange: Exchange) -> bool:
        """Deliver the rest; whether the connection may carry another response.

        A failure looks to the browser as it did to us: the connection ends. Only for
        the document itself an empty answer is put in place of nothing, or the browser
        would ask again; it shows its own error page for that.
        """
        if self._to_the_end and not exchange.response.length_bytes:
            self._channel.write(NOTHING_CAME)
            return False
        source, _digest = self._backlog.finish()
        try:
            with source.open() as stream:
                while piece := stream.read(PIECE_BYTES):
                    self._channel.write(piece)
                    await self._channel.drain()
        finally:
            source.close()
        return _is_delimited(exchange)

    def discard(self) -> None:
        """Give the spool back without delivering it."""
        self._backlog.finish()[0].close()


def _is_delimited(exchange: Exchange) -> bool:
    framing = exchange.framing
    return (
        exchange.outcome is CaptureOutcome.COMPLETE
        and framing is not None
        and framing.kind in DELIMITED
        and not framing.surplus_bytes
        and not set(exchange.flags) - HARMLESS_FLAGS
    )
