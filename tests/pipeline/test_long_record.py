"""W19: a record of 2 GB, pressed to 2 MB, is shown and downloaded in little memory."""

import hashlib
import http.client
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import pytest

from archive.capture import Capture
from archive.digest import Digest
from archive.store.writing.writer import ArchiveWriter
from tests.support.archives.archives import MadeArchive, make_archive, make_exchange
from tests.support.programs.command import COMMAND, Command

BODY_BYTES = 2 << 30
PIECE = bytes(1 << 20)
MOST_BYTES = 256 << 20
"""Resident, of the whole server, whatever is asked for."""
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    b"Content-Length: %d\r\n\r\n" % BODY_BYTES
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True, slots=True)
class FileBytes:
    """A ByteSource over a file: the zeros of it take no place on disk."""

    path: Path
    digest: Digest

    @property
    def length_bytes(self) -> int:
        return self.path.stat().st_size

    def open(self) -> BinaryIO:
        return self.path.open("rb")

    def close(self) -> None:
        """The test takes the file away."""


def long_capture(made: MadeArchive, folder: Path) -> tuple[Capture, Digest]:
    """Capture 2 GB of zeros; its id and the digest of its body."""
    path = folder / "response"
    with path.open("wb") as stream:
        stream.write(HEAD)
        stream.truncate(len(HEAD) + BODY_BYTES)
    wire, body = hashlib.sha256(HEAD), hashlib.sha256()
    for _ in range(BODY_BYTES // len(PIECE)):
        wire.update(PIECE)
        body.update(PIECE)
    usual = make_exchange("http://a.example/zeros", b"", made)
    assert usual.framing is not None
    exchange = replace(
        usual,
        response=FileBytes(path, Digest.of_running(wire)),
        wire_digest=Digest.of_running(wire),
        payload_digest=Digest.of_running(body),
        payload_bytes=BODY_BYTES,
        framing=replace(
            usual.framing,
            declared_length=BODY_BYTES,
            head_bytes=len(HEAD),
            body_bytes=BODY_BYTES,
        ),
    )
    with ArchiveWriter.open(  # as usual: it presses what can be pressed
        made.root,
        keys=made.keys(),
        clock=made.clock,
        random_bytes=made.random_bytes,
    ) as writer:
        capture = writer.capture(exchange).result()
    path.unlink()
    return capture, Digest.of_running(body)


@contextmanager
def served(made: MadeArchive, home: Path) -> Iterator[tuple[int, str, str]]:
    """`evidence serve`: its process and its origins."""
    command = Command(home=home, archive=made.root, trust=made.trust_folder)
    process = subprocess.Popen(
        [
            *(*COMMAND, "--archive", str(made.root), "serve", "--no-sweep"),
            *("--port", "0", "--replay-port", "0"),
        ],
        env=command.environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = process.stdout.readline() + process.stdout.readline()
        app, replay = re.findall(r"http://[a-z0-9.]+:\d+", lines)
        yield process.pid, app, replay
    finally:
        process.terminate()
        process.wait(timeout=60)
        if process.stdout is not None:
            process.stdout.close()


def ask(origin: str, path: str) -> tuple[int, int, str]:
    """Status, length and SHA-256 of an answer, read piece by piece."""
    split = urlsplit(origin)
    link = http.client.HTTPConnection("127.0.0.1", split.port, timeout=300)
    link.request("GET", path, headers={"Host": split.netloc})
    answer = link.getresponse()
    running, length = hashlib.sha256(), 0
    while piece := answer.read(1 << 20):
        running.update(piece)
        length += len(piece)
    link.close()
    return answer.status, length, running.hexdigest()


def peak_bytes(pid: int) -> int:
    """The most the process ever held."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) << 10


def test_W19_a_long_record_is_served_in_bounded_memory(tmp_path: Path) -> None:
    made = make_archive(tmp_path)
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        capture, body = long_capture(made, Path(folder))
    assert capture.location.length_bytes < 1 << 24
    with served(made, tmp_path / "home") as (pid, app, replay):
        short = capture.short_id
        peaks = {"start": peak_bytes(pid)}
        status, length, digest = ask(replay, f"/raw/{short}")
        assert (status, length, digest) == (200, BODY_BYTES, body.hex)
        peaks["raw"] = peak_bytes(pid)
        status, length, _ = ask(replay, f"/raw/{short}/wire")
        assert (status, length) == (200, len(HEAD) + BODY_BYTES)
        peaks["wire"] = peak_bytes(pid)
        status, length, digest = ask(replay, f"/raw/{short}/slice")
        assert (status, digest) == (200, capture.capture_id)
        for origin, path in (
            (replay, f"/v/{short}"),
            (app, f"/c/{short}"),
            (app, f"/c/{short}/source"),
            (app, f"/api/v1/c/{short}"),
        ):
            assert ask(origin, path)[0] == 200, path
            peaks[path] = peak_bytes(pid)
        assert max(peaks.values()) <= MOST_BYTES, peaks
