"""Large bodies and bombs are captured whole in little memory; slow hosts together.

The memory is the peak of the command and of its crawl child, over that of the same
command when it captures one small page.
"""

import hashlib
import os
import socketserver
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from archive.attest.trust.folder import read_trust
from archive.capture import Capture
from archive.store.layout import read_identity
from archive.store.reading.reader import ArchiveReader
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.capturing.sources import IGNORE_ROBOTS, source_head
from tests.support.inputs.bombs import bombs, deflated_zeros
from tests.support.programs.command import COMMAND, Command
from tests.support.servers.serving import QuietServer, serving

MEBI = 1 << 20
GIBI = 1 << 30
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""A small process between: a child begins with the peak of whoever starts it."""
GROWTH_BYTES = 120 * 10**6
"""At most this over idle, for a body of any size."""
BOMB_GROWTH_BYTES = 256 * MEBI
SOURCE = (
    source_head()
    + """
[[host]]
name = "a.example"
role = "main"
known = "test"

{seeds}

[[scope]]
path = '/.*'
action = "follow"

[limits]
delay_ms = 0
concurrency = 100
file_bytes = 2_000_000_000
"""
    + IGNORE_ROBOTS
)


@dataclass
class Bodies:
    """Serves heads with bodies that are made piece by piece."""

    port: int = 0
    made: dict[str, tuple[bytes, Callable[[], Iterator[bytes]]]] = field(
        default_factory=dict
    )
    asked: list[tuple[str, float]] = field(default_factory=list)

    def serve(self, path: str, body: bytes, *head: str) -> None:
        lines = ["HTTP/1.1 200 OK", *head, f"Content-Length: {len(body)}", "", ""]
        self.made[path] = ("\r\n".join(lines).encode(), lambda: iter([body]))

    def serve_noise(self, path: str, size: int) -> None:
        """Bytes without a pattern, so many (a multiple of 1 MiB)."""
        noise = os.urandom(MEBI)
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
        head += f"Content-Length: {size}\r\n\r\n"
        self.made[path] = (head.encode(), lambda: iter([noise] * (size // MEBI)))

    def block_digest(self, path: str) -> str:
        head, pieces = self.made[path]
        running = hashlib.sha256(head)
        for piece in pieces():
            running.update(piece)
        return running.hexdigest()


@pytest.fixture
def bodies() -> Iterator[Bodies]:
    made = Bodies()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline():
                while self.rfile.readline() not in (b"\r\n", b""):
                    pass
                missing = (b"HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n", lambda: ())
                path = line.split(b" ")[1].decode()
                made.asked.append((path, time.monotonic()))
                if path.startswith("/slow/"):
                    time.sleep(1)
                head, pieces = made.made.get(path, missing)
                self.wfile.write(head)
                for piece in pieces():
                    self.wfile.write(piece)

    with serving(QuietServer(("127.0.0.1", 0), Handler)) as made.port:
        yield made


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Runs of the command over archives of their own."""

    home: Path
    bodies: Bodies

    def peak(self, name: str, verb: str, paths: list[str]) -> tuple[int, Command]:
        """Peak resident bytes of the command and its children; its archive."""
        command = Command(home=self.home, archive=self.home / name)
        assert command.run("init", "--name", "Observers of a test").returncode == 0
        urls = [f"http://a.example{path}" for path in paths]
        what = urls if verb == "capture" else self._source(name, urls)
        done = subprocess.run(
            [
                *(sys.executable, "-c", MEASURE, *COMMAND),
                *("--archive", str(command.archive), verb, *what),
                *("--connect-to", f"a.example:80=127.0.0.1:{self.bodies.port}"),
            ],
            env=command.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return int(done.stdout.splitlines()[-1]) * 1024, command

    def _source(self, name: str, urls: list[str]) -> list[str]:
        folder = self.home / f"{name}-sources"
        folder.mkdir()
        seeds = "".join(f'[[seed]]\nurl = "{url}"\nspider = "page"\n' for url in urls)
        (folder / "outlet.toml").write_text(SOURCE.format(seeds=seeds))
        return ["outlet", "--sources", str(folder)]

    def growth(self, verb: str, paths: list[str]) -> tuple[int, Command]:
        """Peak over that of one small page."""
        self.bodies.serve("/small", b"<p>small", "Content-Type: text/html")
        idle, _ = self.peak("idle", verb, ["/small"])
        peak, command = self.peak("archive", verb, paths)
        print(f"{verb} {paths}: {peak - idle:,} bytes over {idle:,}")
        return peak - idle, command


@pytest.fixture
def measured(tmp_path: Path, bodies: Bodies) -> Measured:
    return Measured(home=tmp_path, bodies=bodies)


def judge(command: Command, bodies: Bodies, paths: list[str]) -> None:
    """VERIFIED, and every block is the one that was sent."""
    trust = read_trust(command.home / "trust", read_identity(command.archive).origin)
    report = verify_archive(command.archive, trust=trust)
    assert report.outcome is Outcome.VERIFIED, list(report.of(Outcome.FAILED))
    reader = ArchiveReader.open(command.archive)
    found: dict[str, Capture] = {
        c.target_uri: c for c in reader.captures() if c.kind == "capture"
    }
    reader.close()
    for path in paths:
        digest = found[f"http://a.example{path}"].block_digest
        assert digest is not None
        assert digest.hex == bodies.block_digest(path), path


def check_large(measured: Measured, verb: str, size: int) -> None:
    measured.bodies.serve_noise("/large", size)
    growth, command = measured.growth(verb, ["/large"])
    assert growth <= GROWTH_BYTES
    judge(command, measured.bodies, ["/large"])


HTML = "Content-Type: text/html; charset=utf-8"
VERBS = pytest.mark.parametrize("verb", ["capture", "crawl"])


@VERBS
def test_a_large_body_and_a_bomb_take_little_memory(
    measured: Measured, verb: str
) -> None:
    bomb = deflated_zeros(300 * MEBI, 31)
    measured.bodies.serve("/bomb", bomb, HTML, "Content-Encoding: gzip")
    measured.bodies.serve_noise("/large", 64 * MEBI)
    growth, command = measured.growth(verb, ["/bomb", "/large"])
    assert growth <= GROWTH_BYTES
    judge(command, measured.bodies, ["/bomb", "/large"])


@pytest.mark.slow
@VERBS
def test_a_body_of_500_mb_takes_little_memory(measured: Measured, verb: str) -> None:
    check_large(measured, verb, 500 * MEBI)


@pytest.mark.slow
@VERBS
@pytest.mark.parametrize("size", [100 * MEBI, 10 * GIBI])
def test_C5_eight_bombs_are_kept_as_they_came_and_the_run_goes_on(
    measured: Measured, verb: str, size: int
) -> None:
    paths = []
    for number, (coding, body) in enumerate(bombs(size).values()):
        paths.append(f"/bomb{number}")
        head = (HTML, f"Content-Encoding: {coding}")
        measured.bodies.serve(paths[-1], body, *head)
    growth, command = measured.growth(verb, paths)
    assert growth <= BOMB_GROWTH_BYTES
    judge(command, measured.bodies, paths)


SLOW_REPLIES = 200
SLOW_SECONDS = 3.0
"""For replies that take 1 s each, at most 100 of them at a time."""

ROUNDS = 2
"""The better one counts."""


def test_200_slow_replies_are_waited_for_together(measured: Measured) -> None:
    bodies = measured.bodies
    links = "".join(f"<a href=/slow/{n}>{n}</a>" for n in range(SLOW_REPLIES))
    bodies.serve("/links", links.encode(), HTML)
    for number in range(SLOW_REPLIES):
        bodies.serve(f"/slow/{number}", b"<p>slow", HTML)
    took = min(crawl_slow_replies(measured, number) for number in range(ROUNDS))
    # 2 s are waiting; the rest is work, which takes longer where others work, too.
    assert took <= 2 + (SLOW_SECONDS - 2) * crowding()


def crowding() -> float:
    """How many times longer than its CPU time work takes here, now."""
    wall, cpu = time.perf_counter(), time.process_time()
    while time.process_time() < cpu + 0.2:
        pass
    return (time.perf_counter() - wall) / (time.process_time() - cpu)


def crawl_slow_replies(measured: Measured, number: int) -> float:
    """Seconds from the first request to the last reply; everything is kept."""
    measured.bodies.asked.clear()
    _, command = measured.peak(f"archive{number}", "crawl", ["/links"])
    paths = {path: at for path, at in measured.bodies.asked if "/slow/" in path}
    assert len(paths) == SLOW_REPLIES
    judge(command, measured.bodies, list(paths))
    return max(paths.values()) + 1 - min(paths.values())
