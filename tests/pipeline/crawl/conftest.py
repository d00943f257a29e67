"""A small site on loopback that logs every byte, and the command over a new archive."""

import json
import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from archive.store.reader import ArchiveReader

REPOSITORY = Path(__file__).parents[3]
COMMAND = (sys.executable, "-c", "from archive.cli.root import main; main()")
SECONDS = 90


@dataclass
class Site:
    """Pages by path of any host; everything on the wire is in `log`."""

    port: int = 0
    pages: dict[str, bytes] = field(default_factory=dict)
    log: list[tuple[bytes, bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    head: bytes = b""
    """Of the request that is being answered, lower case."""
    gate: threading.Event = field(default_factory=threading.Event)
    turns: dict[str, list[bytes]] = field(default_factory=dict)

    def serve(self, path: str, body: bytes | str = b"", *head: str) -> None:
        """Answer 200 with exactly these bytes; `head` lines replace the type."""
        data = body.encode() if isinstance(body, str) else body
        lines = [*(head or ("Content-Type: text/html; charset=utf-8",))]
        lines += [f"Content-Length: {len(data)}"]
        self.serve_raw(path, "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]), data)

    def serve_raw(self, path: str, head: str, body: bytes = b"") -> None:
        self.pages[path] = head.encode("latin-1") + body

    def serve_in_turn(self, path: str, *replies: bytes) -> None:
        """Answer with these one after the other, then for ever with the last."""
        self.turns[path] = list(replies)
        self.pages[path] = replies[-1]

    def answer(self, path: str) -> bytes:
        if self.turns.get(path):
            return self.turns[path].pop(0)
        if path.startswith("/slow"):
            self.gate.wait(SECONDS)
        missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        return self.pages.get(path, missing)

    @property
    def paths(self) -> list[str]:
        return [request.split(b" ", 2)[1].decode() for request, _ in self.log]

    def connect_to(self, *hosts: str) -> list[str]:
        return [
            argument
            for host in hosts
            for argument in ("--connect-to", f"{host}:80=127.0.0.1:{self.port}")
        ]


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while request := self._read():
                path = request.split(b" ", 2)[1].decode()
                made.asked.append(path)
                made.head = request.lower()
                reply = made.answer(path)
                made.log.append((request, reply))
                self.wfile.write(reply)
                is_http = reply.startswith(b"HTTP/")
                if b"\r\nConnection: close\r\n" in reply or not is_http:
                    return

        def _read(self) -> bytes:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = self.rfile.readline()
                if not line:
                    return b""
                head += line
            return head

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that goes away is part of these tests."""

    with Server(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield made
        made.gate.set()
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class Evidence:
    """The command over one archive, with keys and trust of its own."""

    root: Path
    archive: Path

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("EVIDENCE_")}
        return {
            **kept,
            "PYTHONPATH": str(REPOSITORY),
            "EVIDENCE_TRUST_DIR": str(self.root / "trust"),
            "XDG_DATA_HOME": str(self.root / "data"),
        }

    def arguments(self, *verb: str) -> list[str]:
        return [*COMMAND, "--archive", str(self.archive), *verb]

    def run(self, *verb: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.arguments(*verb),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    def start(self, *verb: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.arguments(*verb),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def rows(self, *verb: str) -> tuple[int, list[dict[str, Any]]]:
        done = self.run(*verb)
        assert "Traceback" not in done.stderr, done.stderr
        lines = done.stdout.splitlines()
        return done.returncode, [json.loads(line) for line in lines]

    def verified(self) -> str:
        """The outcome of `evidence verify`."""
        _, (report,) = self.rows("verify", "--json")
        return str(report["outcome"])

    def blocks(self) -> list[tuple[bytes, bytes]]:
        """Request and response blocks of every capture, in order."""
        reader = ArchiveReader.open(self.archive)
        reader.catch_up()
        found = []
        for capture in reader.captures():
            if capture.kind == "capture":
                recorded = reader.read_exchange(capture)
                found.append((recorded.request, recorded.response or b""))
        reader.close()
        return found


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    made = Evidence(root=tmp_path, archive=tmp_path / "archive")
    done = made.run("init", "--name", "Pipeline test")
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def sources(tmp_path: Path) -> Callable[..., Path]:
    def write(source_id: str, *parts: str) -> Path:
        folder = tmp_path / "sources"
        folder.mkdir(exist_ok=True)
        head = f"""
id = "{source_id}"
title = "{source_id}"
publisher = "Test"
group = "independent"
jurisdiction = "BY"
languages = ["be"]
confidence = "verified"
timezone = "Europe/Minsk"
"""
        (folder / f"{source_id}.toml").write_text(head + "\n".join(parts))
        return folder

    return write
