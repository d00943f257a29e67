"""Run by test_small_disk in a mount namespace of its own: bodies without an end.

python -m tests.faults.on_endless_bodies HOME RESERVE_BYTES; prints one JSON object.
"""

import json
import os
import socketserver
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from archive.attest.trust.folder import read_trust
from archive.store.layout import read_identity
from archive.store.reading.reader import ArchiveReader
from archive.verify.whole.folder import verify_archive
from tests.support.capturing.wire import leads
from tests.support.programs.command import COMMAND, Command
from tests.support.servers.serving import QuietServer, serving

SIZE = "160m"
HOSTS = [f"h{number}.example" for number in range(8)]
"""As many as are spoken to at a time."""
NOISE = os.urandom(1 << 20)
LOOK_SECONDS = 0.002


class Endless(socketserver.StreamRequestHandler):
    """A body that goes on, and of which nothing can be compressed."""

    def handle(self) -> None:
        path = self.rfile.readline().split()[1]
        while self.rfile.readline().strip():
            pass
        head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n"
        if path != b"/endless":
            self.wfile.write(head + b"Content-Length: 5\r\n\r\nshort")
            return
        with suppress(OSError):
            self.wfile.write(head + b"\r\n")
            while True:
                self.wfile.write(NOISE)


class Least:
    """Looks how much is free, and remembers the least."""

    def __init__(self, disk: Path) -> None:
        self._disk = disk
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.free_bytes = self._look()

    def _look(self) -> int:
        found = os.statvfs(self._disk)
        return found.f_bavail * found.f_frsize

    def _run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self.free_bytes = min(self.free_bytes, self._look())

    def __enter__(self) -> "Least":
        self._thread.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        self._over.set()
        self._thread.join()


def main() -> None:
    home, reserve = Path(sys.argv[1]), sys.argv[2]
    disk = home / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(disk)]
    subprocess.run(mount, check=True)
    command = Command(home=home, archive=disk / "archive")
    assert command.run("init", "--name", "Observers of a test").returncode == 0
    urls = [f"http://{host}/endless" for host in HOSTS]
    with serving(QuietServer(("127.0.0.1", 0), Endless)) as port, Least(disk) as seen:
        to = leads(HOSTS, (80, f"127.0.0.1:{port}"))
        done = capture(command, urls, to, reserve)
        after = capture(command, ["http://h0.example/short"], to, reserve)
    origin = read_identity(command.archive).origin
    trust = read_trust(command.home / "trust", origin)
    reader = ArchiveReader.open(command.archive)
    kept = [c for c in reader.captures() if c.target_uri.endswith("/endless")]
    told = {
        "codes": [done.returncode, after.returncode],
        "said": done.stderr.decode() + after.stderr.decode(),
        "outcomes": [str(capture.outcome) for capture in kept],
        "lengths": [capture.location.length_bytes for capture in kept],
        "signals": [
            reader.jobs.read_closing(job.closing).signals
            for job in reader.jobs.since(datetime(2000, 1, 1, tzinfo=UTC))
            if job.closing is not None
        ],
        "unclosed": len(reader.jobs.unclosed()),
        "least": seen.free_bytes,
        "spool": [path.name for path in (command.archive / "spool").iterdir()],
        "verified": str(verify_archive(command.archive, trust=trust).outcome),
    }
    reader.close()
    print(json.dumps(told))


def capture(
    command: Command, urls: list[str], to: list[str], reserve: str
) -> "subprocess.CompletedProcess[bytes]":
    environ = {**command.environment(), "EVIDENCE_ARCHIVE__RESERVE_BYTES": reserve}
    return subprocess.run(
        [
            *(*COMMAND, "--archive", str(command.archive), "capture", "--json"),
            *("--parts", "none", *urls, *to),
        ],
        env=environ,
        capture_output=True,
        check=False,
        timeout=200,
    )


if __name__ == "__main__":
    main()
