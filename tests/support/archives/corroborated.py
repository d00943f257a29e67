"""Archives of several operators, each with a capture of one address."""

import gzip
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from archive.attest.trust.folder import TrustSet
from archive.capture import Capture, CaptureOutcome, Exchange
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.corroboration import (
    Agreement,
    Corroboration,
    Partner,
    corroborate,
)
from tests.support.archives.archives import MadeArchive, make_archive, make_exchange
from tests.support.archives.exchanges import answered, unanswered

URI = "http://a.example/results"
PAGE = b"<p>Candidate A: 51 %</p>" * 10
OTHER = b"<p>Candidate B: 51 %</p>" * 10


def failed(exchange: Exchange) -> Exchange:
    """The same attempt, refused."""
    return unanswered(
        exchange.target_uri,
        CaptureOutcome.REFUSED,
        at=exchange.started_at,
        phase="tcp",
        detail="refused",
        connection=exchange.connection,
    )


def coded(exchange: Exchange, body: bytes, *, is_broken: bool) -> Exchange:
    """The same payload in gzip, cut where it is to be broken."""
    packed = gzip.compress(body, mtime=0)
    packed = packed[:-9] if is_broken else packed
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(packed)
    return answered(exchange.target_uri, head + packed, at=exchange.started_at)


class World:
    """Archives of several operators, opened for reading at the end."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self.made: list[MadeArchive] = []
        self.captures: list[Capture] = []

    def archive(
        self,
        name: str,
        body: bytes | None,
        *,
        delay: timedelta = timedelta(),
        coding: str = "",
    ) -> MadeArchive:
        """One more archive with one capture; None: the attempt failed."""
        number = len(self.made)
        made = make_archive(self._folder / str(number), name=name, seed=str(number))
        made.clock.now += delay
        exchange = make_exchange(URI, body or b"x", made)
        if coding:
            exchange = coded(exchange, body or b"", is_broken=coding != "gzip")
        with made.open_writer() as writer:
            sent = failed(exchange) if body is None else exchange
            self.captures.append(writer.capture(sent).result())
        self.made.append(made)
        return made

    def partner(self, number: int, *, known: bool = True) -> Partner:
        made = self.made[number]
        reader = ArchiveReader.open(made.root)
        self._stack.callback(reader.close)
        trust: TrustSet | None = made.trust() if known else None
        return Partner(reader=reader, trust=trust)

    def compare(self, *numbers: int, **options: Any) -> Corroboration:
        """The first archive against others."""
        others = [self.partner(number) for number in numbers]
        return corroborate(self.partner(0), self.captures[0], others, **options)


def agreements(found: Corroboration) -> list[Agreement | None]:
    return [one.agreement for one in found.comparisons]


def replace_trust(partner: Partner, trust: TrustSet) -> Partner:
    return Partner(reader=partner.reader, trust=trust)


def add(world: World, number: int, *bodies: bytes, hours: float = 0) -> list[Capture]:
    """More captures in one of the archives, that long after the clock was there."""
    made = world.made[number]
    made.clock.now += timedelta(hours=hours)
    with made.open_writer() as writer:
        return [
            writer.capture(make_exchange(URI, body, made)).result() for body in bodies
        ]
