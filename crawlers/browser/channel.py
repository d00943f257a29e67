"""One connection of the browser to our proxy: plain bytes, later TLS on the same one.

The TLS of asyncio cannot begin in the middle of a stream after a look at its first
byte; two memory buffers and an SSLObject can.
"""

import asyncio
import contextlib
import ssl

READ_BYTES = 64 << 10


class ChannelClosed(Exception):
    """The browser ended the connection, or it was ended under our hands."""


class Channel:
    """Reads and writes; after `start_tls` through our loopback certificate."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()
        self._tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()

    @property
    def is_gone(self) -> bool:
        """Whether the browser listens no more."""
        return self._reader.at_eof() or self._writer.is_closing()

    @property
    def pending_bytes(self) -> int:
        """Bytes that the browser has not taken yet."""
        return self._writer.transport.get_write_buffer_size()

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Shake hands as the server; what was read ahead belongs to the handshake."""
        self._incoming.write(bytes(self._buffer))
        self._buffer.clear()
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                await self._receive_raw()
            except ssl.SSLError as error:
                raise ChannelClosed(str(error)) from error
            else:
                break
        self._tls = tls
        self._flush()

    async def read_first(self) -> int:
        """The next byte, left where it is."""
        while not self._buffer:
            self._buffer += await self._receive()
        return self._buffer[0]

    async def read_until(self, end: bytes, *, limit_bytes: int) -> bytes:
        """Everything to `end`, included."""
        searched = 0
        while True:
            found = self._buffer.find(end, max(0, searched - len(end)))
            if found >= 0:
                return self._take(found + len(end))
            searched = len(self._buffer)
            if searched > limit_bytes:
                raise ChannelClosed(f"no end within {limit_bytes} bytes")
            self._buffer += await self._receive()

    async def read_exactly(self, count: int) -> bytes:
        """That many bytes."""
        while len(self._buffer) < count:
            self._buffer += await self._receive()
        return self._take(count)

    def write(self, data: bytes) -> None:
        """Hand bytes on; they wait in memory until the browser takes them."""
        if not data or self._writer.is_closing():
            return
        if self._tls is None:
            self._writer.write(data)
            return
        self._tls.write(data)
        self._flush()

    async def drain(self) -> None:
        """Wait until little is pending; ChannelClosed if the browser is gone."""
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise ChannelClosed("the browser is gone") from error

    def close(self) -> None:
        """End the connection behind what was written."""
        if self._tls is not None and not self._writer.is_closing():
            # Our close_notify goes out; the browser's is not waited for.
            with contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()
            self._flush()
        self._writer.close()

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    async def _receive(self) -> bytes:
        """More of what the browser says, at least one byte."""
        if self._tls is None:
            return await self._read_raw()
        while True:
            try:
                data = self._tls.read(READ_BYTES)
            except ssl.SSLWantReadError:
                self._flush()
                await self._receive_raw()
            except ssl.SSLError as error:
                raise ChannelClosed(str(error)) from error
            else:
                if not data:
                    raise ChannelClosed("the browser closed the connection")
                return data

    async def _receive_raw(self) -> None:
        self._incoming.write(await self._read_raw())

    async def _read_raw(self) -> bytes:
        try:
            data = await self._reader.read(READ_BYTES)
        except ConnectionError as error:
            raise ChannelClosed("the browser reset the connection") from error
        if not data:
            raise ChannelClosed("the browser closed the connection")
        return data

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._writer.write(self._outgoing.read())
