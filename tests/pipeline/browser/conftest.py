"""A site on loopback over http and https that logs every byte, for a real browser."""

import base64
import gzip
import shutil
import socketserver
import ssl
import struct
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from archive.store.reader import ArchiveReader
from archive.warc.slice import read_records
from tests.support.command import Command

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
Answer = bytes | tuple[bytes | float, ...]
"""Bytes to be sent, or pieces of them with pauses in seconds."""
CHUNKED = "Transfer-Encoding: chunked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One request and its answer, as they were on the wire here."""

    host: str
    request: bytes
    response: bytes

    @property
    def path(self) -> str:
        return self.request.split(b" ", 2)[1].decode()


@dataclass
class BrowserSite:
    """Answers by host and path; whatever was on the wire is in `log`."""

    http_port: int = 0
    https_port: int = 0
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    log: list[Served] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    """Set at the end of the test: what waits for it hangs until then."""
    on_request: Callable[[str], None] = lambda path: None
    asked: list[str] = field(default_factory=list)
    """Paths in the order of asking, answered or not."""

    def serve(
        self, host: str, path: str, body: Any, *head: str, code: int = 200
    ) -> None:
        data = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {code} X", *head]
        if CHUNKED not in head:
            lines.append(f"Content-Length: {len(data)}")
        self.answers[host, path] = "\r\n".join([*lines, "", ""]).encode() + data

    def html(
        self, host: str, path: str, body: str, *head: str, code: int = 200
    ) -> None:
        page = f"<!DOCTYPE html><meta charset=utf-8>{body}"
        self.serve(host, path, page, "Content-Type: text/html", *head, code=code)

    def find(self, host: str, path: str) -> Answer:
        missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"
        return self.answers.get((host, path), missing)

    def lead(self, *hosts: str) -> list[str]:
        """Options that lead these hosts here, over both schemes."""
        ports = ((80, self.http_port), (443, self.https_port))
        return [
            argument
            for host in hosts
            for outside, inside in ports
            for argument in ("--connect-to", f"{host}:{outside}=127.0.0.1:{inside}")
        ]

    def paths(self, host: str) -> list[str]:
        return [served.path for served in self.log if served.host == host]


def _handler(site: BrowserSite) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                while self._serve_one():
                    pass

        def _serve_one(self) -> bool:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = self.rfile.readline()
                if not line:
                    return False
                head += line
            fields = dict(
                line.split(b": ", 1)
                for line in head.split(b"\r\n")[1:]
                if b": " in line
            )
            lower = {name.lower(): value for name, value in fields.items()}
            body = self.rfile.read(int(lower.get(b"content-length", b"0")))
            host, path = lower[b"host"].decode(), head.split(b" ", 2)[1].decode()
            site.asked.append(path)
            site.on_request(path)
            sent = self._send(site.find(host, path))
            site.log.append(Served(host=host, request=head + body, response=sent))
            return b"\r\nConnection: close\r\n" not in sent

        def _send(self, answer: Answer) -> bytes:
            sent = b""
            for piece in (answer,) if isinstance(answer, bytes) else answer:
                if isinstance(piece, bytes):
                    self.wfile.write(piece)
                    sent += piece
                elif piece < 0:
                    site.gate.wait(120)
                else:
                    time.sleep(piece)
            return sent

    return Handler


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    tls: ssl.SSLContext | None = None

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        if self.tls is not None:
            connection = self.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of these tests."""


@contextmanager
def running_site() -> Iterator[BrowserSite]:
    made = BrowserSite()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("*.test").configure_cert(context)
    handler = _handler(made)
    with (
        _Server(("127.0.0.1", 0), handler) as plain,
        _Server(("127.0.0.1", 0), handler) as secure,
    ):
        secure.tls = context
        made.http_port = plain.server_address[1]
        made.https_port = secure.server_address[1]
        threads = [
            threading.Thread(target=server.serve_forever, daemon=True)
            for server in (plain, secure)
        ]
        for thread in threads:
            thread.start()
        yield made
        made.gate.set()
        for server in (plain, secure):
            server.shutdown()
        for thread in threads:
            thread.join()


@pytest.fixture
def site() -> Iterator[BrowserSite]:
    with running_site() as made:
        yield made


def picture(width: int = 8, height: int = 8) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    rows = (b"\0" + b"\x20\x60\xa0" * width) * height
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", size), chunk(b"IDAT", zlib.compress(rows))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


FONT = base64.b64decode("AAEAAAAAAAA=")
"""The beginning of a font; the browser asks for it and throws it away."""


def many_parts(site: BrowserSite) -> None:
    """A page with one of everything, on `page.test`; helpers on `other.test`."""
    site.html(
        "page.test",
        "/",
        "<title>Пример страницы</title><link rel=stylesheet href=/style.css>"
        "<link rel=icon href=/icon.png><h1 id=h>Выборы</h1><p id=p>…</p>"
        "<img src=/picture.png><img src=/moved.png><img src=/missing.png>"
        "<img src=//10.1.2.3/refused.png><iframe src=//other.test/frame></iframe>"
        "<div style='height:2500px'></div><script src=/script.js></script>",
        "X-Odd:  two  spaces ",
    )
    css = gzip.compress(
        b"@font-face{font-family:F;src:url(/font.woff2)}"
        b"h1{font-family:F,serif;color:red;background:url(/back.png)}"
    )
    site.serve(
        *("page.test", "/style.css", css),
        "Content-Type: text/css",
        "Content-Encoding: gzip",
    )
    site.serve(
        "page.test",
        "/script.js",
        "document.getElementById('p').textContent = 'made by ' + 'script';"
        "fetch('/chunked').then(r => r.text()).then(t => document.body.append(t));"
        "fetch('//other.test/api', {method: 'POST', body: 'q=1',"
        " headers: {'X-Asks': '1'}}).then(r => r.text())"
        ".then(t => document.body.append(t));"
        "console.error('a complaint'); new WebSocket('ws://page.test/socket');",
        "Content-Type: text/javascript",
    )
    chunks = b"4;x=1\r\none \r\n3\r\ntwo\r\n0\r\nX-Trailer: t\r\n\r\n"
    site.serve("page.test", "/chunked", chunks, CHUNKED)
    for name in ("icon", "picture", "back"):
        site.serve("page.test", f"/{name}.png", picture(), "Content-Type: image/png")
    site.serve("page.test", "/font.woff2", FONT, "Content-Type: font/woff2")
    site.serve("page.test", "/moved.png", b"", "Location: /picture.png?2", code=302)
    site.serve("page.test", "/picture.png?2", picture(), "Content-Type: image/png")
    site.html("other.test", "/frame", "<p>framed<script src=/inner.js></script>")
    site.serve(
        "other.test",
        "/inner.js",
        "fetch('/within?a={}')",
        "Content-Type: text/javascript",
    )
    site.serve("other.test", "/within?a={}", b"{}", "Content-Type: application/json")
    allow = (
        "Access-Control-Allow-Origin: *",
        "Access-Control-Allow-Headers: X-Asks",
        "Access-Control-Allow-Methods: POST",
    )
    site.serve("other.test", "/api", b"answered", *allow)


@pytest.fixture(scope="session")
def chromium(require_program: Callable[[str], Path]) -> Path:
    """A browser of this machine, or a skip that names `chromium`."""
    for name in PROGRAMS[1:]:
        if shutil.which(name):
            return Path(name)
    return require_program(PROGRAMS[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What an archive holds, read back."""

    blocks: list[tuple[bytes, bytes]]
    """Request and response of every exchange, interim heads first."""
    captures: list[Any]
    metadata: list[dict[str, Any]]
    pages: list[tuple[Any, dict[str, Any]]]
    """Each page capture with its records by `TYPE:target_uri`."""


def read_archive(archive: Path) -> Records:
    """Read all captures and pages of an archive."""
    records = Records(blocks=[], captures=[], metadata=[], pages=[])
    reader = ArchiveReader.open(archive)
    reader.catch_up()
    for capture in reader.captures():
        if capture.kind == "capture":
            recorded = reader.read_exchange(capture)
            records.blocks.append((recorded.request, recorded.response or b""))
            records.captures.append(capture)
            records.metadata.append(dict(recorded.metadata))
            continue
        with reader.open_slice(capture) as stream:
            found = {
                f"{record.header.type}:{record.header.target_uri}": record
                for record in read_records(stream, keep=lambda _header: 1 << 26)
            }
        records.pages.append((capture, found))
    reader.close()
    return records


def new_archive(folder: Path) -> Command:
    made = Command(home=folder / "home", archive=folder / "archive")
    done = made.run("init", "--name", "Pages")
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def evidence(tmp_path: Path, chromium: Path) -> Command:
    return new_archive(tmp_path)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedPage:
    """The page of many parts after `capture --page`, for tests that only look."""

    site: BrowserSite
    evidence: Command
    records: Records
    done: "subprocess.CompletedProcess[str]"


@pytest.fixture(scope="session")
def captured_pages(
    tmp_path_factory: pytest.TempPathFactory, chromium: Path
) -> Iterator[Callable[[str], CapturedPage]]:
    """Give the page captured over http or https, each once in a session."""
    made: dict[str, CapturedPage] = {}
    with ExitStack() as stack:

        def capture(scheme: str) -> CapturedPage:
            if scheme not in made:
                site = stack.enter_context(running_site())
                many_parts(site)
                evidence = new_archive(tmp_path_factory.mktemp(scheme))
                hosts = site.lead("page.test", "other.test")
                done = evidence.run(
                    "capture", "--page", f"{scheme}://page.test/", *hosts
                )
                made[scheme] = CapturedPage(
                    site=site,
                    evidence=evidence,
                    records=read_archive(evidence.archive),
                    done=done,
                )
            return made[scheme]

        yield capture


@pytest.fixture
def captured(
    captured_pages: Callable[[str], CapturedPage], request: pytest.FixtureRequest
) -> CapturedPage:
    """The page over http, or over the scheme that the test names as parameter."""
    return captured_pages(getattr(request, "param", "http"))


def listening(pid: int) -> list[tuple[str, int]]:
    """Addresses and ports on which a process and its descendants listen."""
    inodes = {inode for process in family(pid) for inode in sockets_of(process)}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, port = fields[1].split(":")
                found.append((address, int(port, 16)))
    return found


def sockets_of(pid: int) -> set[str]:
    inodes = set()
    with suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                name = str(descriptor.readlink())
                if name.startswith("socket:["):
                    inodes.add(name[8:-1])
    return inodes


def family(pid: int) -> set[int]:
    """A process and all that came of it, so far as they are still its own."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            stat = (folder / "stat").read_text()
            parents[int(folder.name)] = int(stat.rsplit(")", 1)[1].split()[1])
    found, before = {pid}, 0
    while len(found) > before:
        before = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found


@pytest.fixture
def read() -> Callable[[Path], Records]:
    return read_archive


@pytest.fixture
def listening_of() -> Callable[[int], list[tuple[str, int]]]:
    return listening


@pytest.fixture
def family_of() -> Callable[[int], set[int]]:
    return family
