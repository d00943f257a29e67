"""The made-up campaign served over loopback: every answer as of a virtual clock."""

import asyncio
import contextlib
import hashlib
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from tests.support.campaign.world import World

HOLD_SECONDS = 0.02
"""Between two looks whether answers are still held back."""


@dataclass(slots=True)
class VirtualClock:
    """The clock of this machine plus what a file says."""

    path: Path
    offset: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def set(self, to: datetime) -> None:
        """Set the clock of the command and its children."""
        self.offset = to - datetime.now(UTC)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(str(self.offset.total_seconds()))
        fresh.rename(self.path)


class WorldServer:
    """Serves the world as it is at the instant of a clock; one thread."""

    def __init__(self, world: World, clock: VirtualClock) -> None:
        self.world, self.clock = world, clock
        self.truth: timedelta = timedelta()
        """What the command's clock is wrong by: the world goes on by the right one."""
        self.asked: list[tuple[float, str, str]] = []
        """Steady time, host, path of each request."""
        self.served: dict[tuple[str, str, str], datetime] = {}
        """By host, path and digest of the body: when it was served first."""
        self.busiest: Counter[str] = Counter()
        self._talking: Counter[str] = Counter()
        """By host: requests being answered now; the most there ever were."""
        self.seconds = 0.0
        """Of each answer."""
        self.held = False
        """While it is so nobody gets an answer."""
        self.refused: Counter[str] = Counter()
        """Requests that met an outage, by its kind."""
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def now(self) -> datetime:
        return self.clock.now() - self.truth

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        async def main() -> None:
            server = await asyncio.start_server(self._talk, sock=self._listening)
            await self._stop.wait()
            server.close()
            talks = asyncio.all_tasks() - {asyncio.current_task()}
            for talk in talks:
                talk.cancel()
            await asyncio.gather(*talks, return_exceptions=True)
            await asyncio.sleep(0)  # sockets are closed in the next turn

        self._loop.run_until_complete(main())
        self._loop.close()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                    reply = await self._answer(head)
                    if reply is None:
                        break
                    writer.write(reply)
                    await writer.drain()
        finally:
            writer.close()

    async def _answer(self, head: str) -> bytes | None:
        line, *fields = head.split("\r\n")
        values = {k.lower(): v for k, _, v in (f.partition(": ") for f in fields)}
        host, path = values["host"], line.split(" ")[1]
        self.asked.append((time.monotonic(), host, path))
        self._talking[host] += 1
        self.busiest[host] = max(self.busiest[host], self._talking[host])
        try:
            await asyncio.sleep(self.seconds)
            while self.held:
                await asyncio.sleep(HOLD_SECONDS)
            return self._reply(host, path, values)
        finally:
            self._talking[host] -= 1

    def _reply(self, host: str, path: str, values: dict[str, str]) -> bytes | None:
        now = self.now()
        outage = self.world.outage_at(host, now)
        if outage is not None:
            self.refused[outage] += 1
        answer = self.world.answer(host, path, now)
        digest = hashlib.sha256(answer.body).hexdigest()
        self.served.setdefault((host, path, digest), now)
        if answer.status is None:
            return None
        lines = [f"Content-Type: {answer.media_type}", f"ETag: {answer.etag}"]
        status, body = answer.status, answer.body
        if status == 200 and values.get("if-none-match") == answer.etag:
            status, body = 304, b""
        lines.append(f"Content-Length: {len(body)}")
        text = "\r\n".join([f"HTTP/1.1 {status} X", *lines, "", ""])
        return text.encode("latin-1") + body
