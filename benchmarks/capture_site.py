"""The site that `capture.py` lets every tool fetch: loopback, plain or over TLS."""

import asyncio
import multiprocessing
import random
import signal
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import trustme

HOST = "bench.example"
LOOPBACK = "127.0.0.2"
"""Not 127.0.0.1: warcprox fetches nothing from there."""
BODIES = 32
"""Different bodies; further pages repeat them at their own addresses."""
LARGE_BODIES = 8
LARGE_BYTES = 500_000
MARKUP = (
    '<article class="news-list__item news-list__item--wide"><a class="news-list__link"'
    ' href="/news/2025/01/26/{number}"><h3 class="news-list__title">{line}</h3></a>'
    "</article>\n"
)
TITLE = b"<title>Results, station"
"""Each page has its number in its place: no site has the same page at two addresses."""
LETTERS = bytes.maketrans(b"0123456789", b"abcdefghij")
"""A number in letters: counters and times in digits make no other page."""
WORDS = 6_000
COMMON_WORDS = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one table row fetches."""

    label: str
    size: int
    """Bytes of each page."""
    pages: int
    scheme: str = "http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A running server."""

    load: Load
    port: int
    authority_pem: Path | None
    """The root certificate of an https site."""
    served: Any
    """How many pages went out so far; shared with the server."""

    @property
    def index(self) -> str:
        """The page that links to all others, for a tool that connects directly."""
        return f"{self.load.scheme}://{LOOPBACK}:{self.port}/"


def make_bodies(size: int) -> list[bytes]:
    """HTML that compresses to about a quarter, as real news pages do."""
    chance = random.Random(size)  # noqa: S311  the same pages in every run
    letters = "abcdefghijklmnoprstuvyz"
    words = [
        "".join(chance.choices(letters, k=chance.randint(2, 10))) for _ in range(WORDS)
    ]
    bodies = []
    for _ in range(LARGE_BODIES if size >= LARGE_BYTES else BODIES):
        parts = [b"<!doctype html>" + TITLE + b"</title><main>"]
        length = len(parts[0])
        while length < size:
            common = chance.choices(words[:COMMON_WORDS], k=17)
            line = " ".join(chance.sample([*common, *chance.choices(words, k=6)], 23))
            part = MARKUP.format(number=chance.randrange(10_000), line=line).encode()
            parts.append(part)
            length += len(part)
        bodies.append(b"".join(parts)[:size])
    return bodies


def _serve(
    load: Load,
    served: Any,
    pem: bytes | None,
    *,
    pipe: Connection,
    other_end: Connection,
) -> None:
    """Serve the index and its pages until killed, or whoever started it is gone."""
    other_end.close()  # ours of it: only the parent's shall keep the pipe open
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, too
    numbers = range(load.pages)
    links = "".join(f'<a href="/page/{n}">{n}</a>\n' for n in numbers).encode()
    bodies = make_bodies(load.size)

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                path = request.split(b" ", 2)[1]
                status, body = b"200 OK", links
                if path[6:].isdigit():
                    number = int(path[6:])
                    title = b"<title>Results " + path[6:].zfill(8).translate(LETTERS)
                    body = bodies[number % len(bodies)].replace(TITLE, title, 1)
                    served.value += 1
                elif path != b"/":
                    status, body = b"404 Not Found", b""
                writer.write(
                    b"HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\n"
                    b"Content-Length: %d\r\n\r\n%s" % (status, len(body), body)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def run() -> None:
        context = None
        if pem is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            trustme.LeafCert(pem, b"", []).configure_cert(context)
        server = await asyncio.start_server(answer, LOOPBACK, 0, ssl=context)
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(pipe.fileno(), gone.set)
        pipe.send(server.sockets[0].getsockname()[1])
        await gone.wait()

    asyncio.run(run())


@contextmanager
def running_site(load: Load, folder: Path) -> Iterator[Site]:
    """Serve a load in a process of its own; `folder` takes the root certificate."""
    authority = leaf = None
    if load.scheme == "https":
        maker = trustme.CA()
        issued = maker.issue_cert(HOST, LOOPBACK)
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        leaf = issued.private_key_pem.bytes() + chain
        authority = folder / "authority.pem"
        maker.cert_pem.write_to_path(str(authority))
    here, there = multiprocessing.Pipe()
    served = multiprocessing.Value("i", 0, lock=False)
    process = multiprocessing.Process(
        target=_serve,
        args=(load, served, leaf),
        kwargs={"pipe": there, "other_end": here},
    )
    process.start()
    there.close()
    try:
        yield Site(load=load, port=here.recv(), authority_pem=authority, served=served)
    finally:
        process.kill()
        process.join()
