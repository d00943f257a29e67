"""Each row of the failure table: outcome, exception, a capture that verifies."""

import json
import socket
import socketserver
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from archive.attest.trust.folder import read_trust
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import Outcome
from tests.support.capturing.sources import (
    ALL_FETCHED,
    IGNORE_ROBOTS,
    host_tables,
    seed_table,
)
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site
from tests.support.servers.serving import serving

REPOSITORY = Path(__file__).parents[3]
SOURCE = (
    host_tables(mirrors=("nowhere.example", "closed.example", "box.internal"))
    + seed_table("http://a.example/")
    + ALL_FETCHED
    + "file_bytes = 50000\n"
    + IGNORE_ROBOTS
)
CLOSE = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
TABLE = {
    "http://a.example/whole": ("complete", None),
    "http://a.example/missing": ("complete", None),
    "http://a.example/cut": ("disconnect", "ResponseDataLossError"),
    "http://a.example/slow": ("timeout", "DownloadTimeoutError"),
    "http://a.example/long": ("length", "DownloadCancelledError"),
    "http://a.example/declared": ("length", "DownloadCancelledError"),
    "http://a.example/odd": ("not-http", "DownloadFailedError"),
    "http://a.example/empty": ("no-response", "DownloadFailedError"),
    "http://nowhere.example/": ("dns", "CannotResolveHostError"),
    "http://closed.example/": ("refused", "DownloadConnectionRefusedError"),
    "https://closed.example/": ("tls", "DownloadFailedError"),
    "http://box.internal/": ("policy", "DownloadCancelledError"),
}


class NoSuchName(socketserver.BaseRequestHandler):
    """A name server that knows no name."""

    def handle(self) -> None:
        query, sock = self.request
        sock.sendto(
            query[:2] + b"\x81\x83" + query[4:6] + bytes(6) + query[12:],
            self.client_address,
        )


class PlainSpeech(socketserver.BaseRequestHandler):
    """Speaks HTTP where TLS is expected."""

    def handle(self) -> None:
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


class NoTunnel(socketserver.StreamRequestHandler):
    """A proxy that leads nowhere."""

    def handle(self) -> None:
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def probe(evidence: Evidence, sources: Callable[..., Path]) -> Callable[..., Any]:
    def run(urls: list[str], *, source: str = SOURCE, **order: Any) -> dict[str, Any]:
        values = {
            "archive": str(evidence.archive),
            "source": "outlet",
            "sources": str(sources("outlet", source)),
            "connect_to": [],
            "requests": [(url, {"download_timeout": 2}) for url in urls],
            "settings": {"RETRY_ENABLED": False},
            **order,
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.capturing.probe"],
            input=json.dumps(values),
            env=evidence.environment(),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        return {seen["asked"]: seen for seen in report["seen"]}

    return run


def check_archive(evidence: Evidence, expected: dict[str, str]) -> None:
    """One capture for each address, with that outcome; each verifies by itself."""
    reader = ArchiveReader.open(evidence.archive)
    trust = read_trust(evidence.root / "trust", reader.identity.origin)
    captures = list(reader.captures())
    assert {c.target_uri: str(c.outcome) for c in captures} == expected
    assert len(captures) == len(expected)
    for capture in captures:
        report = verify_capture(reader, capture, trust=trust)
        assert report.outcome is Outcome.VERIFIED, capture
    reader.close()
    assert evidence.verified() == "VERIFIED"


def test_every_row_has_its_outcome_exception_and_capture(
    site: Site, evidence: Evidence, probe: Callable[..., Any]
) -> None:
    site.serve("/whole", "<p>")
    site.serve_raw("/cut", CLOSE + "Content-Length: 9\r\n\r\n", b"half")
    site.serve_raw("/long", CLOSE + "\r\n", bytes(60_000))
    site.serve("/declared", bytes(60_000), "Content-Type: application/pdf")
    site.serve_raw("/odd", "* OK IMAP4rev1 ready\r\n")
    site.serve_raw("/empty", "")
    with (
        serving(socketserver.UDPServer(("127.0.0.1", 0), NoSuchName)) as port,
        serving(socketserver.TCPServer(("127.0.0.1", 0), PlainSpeech)) as plain,
    ):
        connect_to = [
            f"a.example:80=127.0.0.1:{site.port}",
            "closed.example:80=127.0.0.1:1",
            f"closed.example:443=127.0.0.1:{plain}",
        ]
        seen = probe(list(TABLE), connect_to=connect_to, nameserver_port=port)
    site.gate.set()
    assert {url: s.get("error") for url, s in seen.items()} == {
        url: error for url, (_, error) in TABLE.items()
    }
    for url, (outcome, error) in TABLE.items():
        assert seen[url]["warc"]["outcome"] == outcome
        if error is not None:
            assert seen[url]["text"].startswith(f"{outcome}: ")
    check_archive(evidence, {url: outcome for url, (outcome, _) in TABLE.items()})


def test_a_bad_certificate_is_refused_where_the_source_says_so(
    evidence: Evidence, probe: Callable[..., Any]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("a.example").configure_cert(context)
    asked: list[bytes] = []

    class Secure(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with context.wrap_socket(self.request, server_side=True) as stream:
                asked.append(stream.recv(4096))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """The client goes away: that is the test."""

    url = "https://a.example/"
    with serving(Server(("127.0.0.1", 0), Secure)) as port:
        seen = probe(
            [url],
            source=SOURCE + 'tls = "require"\n',
            connect_to=[f"a.example:443=127.0.0.1:{port}"],
        )
    assert seen[url]["error"] == "DownloadCancelledError"
    assert b"".join(asked) == b""
    check_archive(evidence, {url: "tls-refused"})


def test_a_proxy_that_refuses_is_its_own_outcome(
    evidence: Evidence, probe: Callable[..., Any]
) -> None:
    url = "http://a.example/"
    with serving(socketserver.TCPServer(("127.0.0.1", 0), NoTunnel)) as port:
        seen = probe([url], proxies=[("office", f"http://127.0.0.1:{port}")])
    assert seen[url]["error"] == "DownloadFailedError"
    check_archive(evidence, {url: "proxy"})


def test_a_crawl_that_is_stopped_keeps_what_came(
    site: Site, evidence: Evidence, probe: Callable[..., Any]
) -> None:
    site.serve_raw("/whole", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"half")
    url = "http://a.example/whole"
    order = {"spider": "stopper", "stop_at": "headers_received", "stop_fails": True}
    connect_to = [f"a.example:80=127.0.0.1:{site.port}"]
    seen = probe([url], connect_to=connect_to, **order)
    assert seen[url]["error"] == "StopDownload"
    check_archive(evidence, {url: "stopped"})


def test_the_ports_of_this_table_are_closed() -> None:
    with socket.socket() as probe, pytest.raises(OSError, match="refused"):
        probe.connect(("127.0.0.1", 1))
