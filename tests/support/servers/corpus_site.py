"""A loopback server of real pages from the corpus that logs every byte it exchanges.

The replies differ the way real servers differ: framed by length, by chunks or by the
end of the connection; plain, gzip or deflate; charset declared, in capitals or missing.
Which page gets which is fixed, so two runs serve the same bytes.
"""

import gzip
import html
import itertools
import socketserver
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.servers.serving import QuietServer, serving

PAGES_OF_LARGE_COUNTRIES = {"de": 20, "uk": 16, "us": 16}
"""Of the other countries every page is served; these three are most of the corpus."""
CYRILLIC_BENCHMARK_PAGES = (
    "3c6d3381ef52ca26be2fbde19c1b0fe17d85682b726dfecf5e300c1ca34546b1",
    "c82b3d1d540bbbd6081bdfb78b4c068c583aa766bcaaefe7ad16d24e5413a829",
)
"""The two Russian pages among the 90 of the benchmark."""
CHUNK_BYTES = (1, 4095, 4096, 16 * 1024)
READ_BYTES = 64 * 1024
IDLE_SECONDS = 60
"""Of a connection: longer than a client keeps one, shorter than a test may take."""
STYLES = 6
"""Ways to frame and code a reply; see `_reply`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One response as it is written: pieces in order, then perhaps the end."""

    pieces: tuple[bytes, ...]
    framing: str
    """`length`, `chunked` or `close`."""
    ends_connection: bool

    @property
    def data(self) -> bytes:
        """All bytes of it."""
        return b"".join(self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePage:
    """A page of the corpus: where it is served, and how."""

    host: str
    path: str
    body: bytes
    """The page itself, before any coding."""
    reply: Reply

    @property
    def uri(self) -> str:
        """Its address."""
        return f"http://{self.host}{self.path}"


@dataclass(slots=True)
class Wire:
    """One connection: all bytes both ways, and the same cut into exchanges."""

    received: bytearray = field(default_factory=bytearray)
    sent: bytearray = field(default_factory=bytearray)
    exchanges: list[tuple[bytes, bytes]] = field(default_factory=list)


@dataclass(slots=True)
class CorpusSite:
    """Pages by host and path, and what went over each connection."""

    pages: tuple[SitePage, ...]
    port: int = 0
    wires: list[Wire] = field(default_factory=list)

    @property
    def exchanges(self) -> list[tuple[bytes, bytes]]:
        """Request and response of every exchange, in no order."""
        return [pair for wire in self.wires for pair in wire.exchanges]

    def connect_to(self) -> list[str]:
        """The options that lead every host here."""
        hosts = sorted({page.host for page in self.pages})
        pairs = (("--connect-to", f"{h}:80=127.0.0.1:{self.port}") for h in hosts)
        return list(itertools.chain.from_iterable(pairs))


def read_pages(corpus: Path) -> tuple[SitePage, ...]:
    """Choose the pages, the seed documents first, and fix how each is served."""
    chosen = [*_seeds(corpus / "seeds"), *_news(corpus / "html-news")]
    return tuple(
        SitePage(host=host, path=path, body=body, reply=_reply(number, body, stored))
        for number, (host, path, body, stored) in enumerate(chosen)
    )


@contextmanager
def serve(pages: tuple[SitePage, ...]) -> Iterator[CorpusSite]:
    """Serve pages on a free loopback port; the log is whole after the block."""
    site = CorpusSite(pages)
    replies = {(page.host, page.path): page.reply for page in pages}

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(IDLE_SECONDS)
            wire = Wire()
            site.wires.append(wire)
            while _exchange(self.request, wire, replies):
                pass

    class Server(QuietServer):
        """A lost connection shows as a difference of the logs."""

        # Closing waits for every connection, so that the log is whole.
        daemon_threads = False

    with serving(Server(("127.0.0.1", 0), Handler)) as site.port:
        yield site


def _exchange(
    connection: Any, wire: Wire, replies: dict[tuple[str, str], Reply]
) -> bool:
    """Read one request, answer it, log both; False when the connection is over."""
    begin = sum(len(request) for request, _ in wire.exchanges)
    while b"\r\n\r\n" not in wire.received[begin:]:
        data = connection.recv(READ_BYTES)
        wire.received += data
        if not data:
            return False
    end = wire.received.index(b"\r\n\r\n", begin) + 4
    request = bytes(wire.received[begin:end])
    reply = _find_reply(request, replies)
    answered = len(wire.sent)
    for piece in reply.pieces:
        connection.sendall(piece)
        wire.sent += piece
    wire.exchanges.append((request, bytes(wire.sent[answered:])))
    return not reply.ends_connection


NOT_FOUND = Reply(
    pieces=(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",),
    framing="length",
    ends_connection=False,
)


def _find_reply(request: bytes, replies: dict[tuple[str, str], Reply]) -> Reply:
    line, *headers = request.decode("latin-1").split("\r\n")
    path = line.split(" ")[1]
    for header in headers:
        name, _, value = header.partition(":")
        if name.lower() == "host":
            return replies.get((value.strip(), path), NOT_FOUND)
    return NOT_FOUND


def _seeds(folder: Path) -> Iterator[tuple[str, str, bytes, bytes | None]]:
    """Each text as a page: a paragraph a line, the longest of the first its title."""
    for path in sorted(folder.glob("*.txt")):
        lines = path.read_text("utf-8").split("\n")
        shown = [html.escape(line.strip()) for line in lines if line.strip()]
        paragraphs = "\n".join(f"<p>{line}</p>" for line in shown)
        page = (
            '<!DOCTYPE html>\n<html lang="en"><head>\n<meta charset="utf-8">\n'
            f"<title>{max(shown[:8], key=len)[:120]}</title>\n</head>\n"
            f"<body><article>\n{paragraphs}\n</article></body></html>\n"
        )
        yield "seeds.example", f"/{path.stem[:3]}", page.encode(), None


def _news(folder: Path) -> Iterator[tuple[str, str, bytes, bytes | None]]:
    """Pages country by country; the file itself is the gzip form of the body."""
    fundus = folder / "fundus"
    for country in sorted(path for path in fundus.iterdir() if path.is_dir()):
        files = sorted(country.glob("*.html.gz"))
        for path in files[: PAGES_OF_LARGE_COUNTRIES.get(country.name)]:
            yield from _news_page(f"news-{country.name}.example", path)
    for name in CYRILLIC_BENCHMARK_PAGES:
        path = folder / "article-extraction-benchmark" / "html" / f"{name}.html.gz"
        yield from _news_page("wday-ru.example", path)


def _news_page(host: str, path: Path) -> Iterator[tuple[str, str, bytes, bytes]]:
    stored = path.read_bytes()
    name = path.name.removesuffix(".html.gz")
    yield host, f"/{name}", gzip.decompress(stored), stored


def _reply(number: int, body: bytes, stored: bytes | None) -> Reply:
    """Frame and code a body in one of six styles; no two pages have the same head."""
    style = number % STYLES
    framing = ("length", "chunked", "length", "chunked", "length", "close")[style]
    if style in (2, 3):
        body = stored if stored is not None else gzip.compress(body, mtime=0)
    elif style == 4:
        body = zlib.compress(body, 1)
    head = [
        "HTTP/1.1 200 OK",
        *_content_headers(style),
        f"X-Page: {number}",
        *(f"set-cookie: part{part}={number}; Path=/" for part in range(number % 3)),
    ]
    if framing == "length":
        head.append(f"Content-Length: {len(body)}")
    elif framing == "chunked":
        head.append("Transfer-Encoding: chunked")
    ends = framing == "close" or number % 4 == 0
    if ends:
        head.append("Connection: close")
    first = "\r\n".join([*head, "", ""]).encode("latin-1")
    pieces = _chunks(body, number) if framing == "chunked" else (body,)
    return Reply(pieces=(first, *pieces), framing=framing, ends_connection=ends)


def _content_headers(style: int) -> tuple[str, ...]:
    """Type with or without charset, and the content coding, in mixed spellings."""
    return (
        ("Content-Type: text/html; charset=utf-8",),
        ("content-type: text/html;charset=UTF-8", "Vary:  Accept-Encoding "),
        ("Content-Type: text/html", "Content-Encoding: gzip"),
        ('Content-Type: text/html; charset="utf-8"', "content-encoding: GZIP"),
        ("Content-Type: text/html", "Content-Encoding: deflate"),
        ("Content-Type: text/html", "Server: example"),
    )[style]


def _chunks(body: bytes, number: int) -> tuple[bytes, ...]:
    """Chunks of changing sizes; capitals and a trailer now and then.

    No chunk extensions: FastWARC 2.0.1 cannot undo them.
    """
    pieces = []
    sizes = itertools.cycle(CHUNK_BYTES)
    at = 0
    while at < len(body):
        part = body[at : at + next(sizes)]
        size = f"{len(part):X}" if number % 2 else f"{len(part):x}"
        pieces.append(f"{size}\r\n".encode() + part + b"\r\n")
        at += len(part)
    trailer = b"X-Checksum: none\r\n" if number % 3 == 0 else b""
    return (*pieces, b"0\r\n" + trailer + b"\r\n")
