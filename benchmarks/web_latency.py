# ruff: noqa: S603, T201  our own commands, a table is printed
"""Latency of the pages and of the cleaned replay, over sockets, of one server process.

An archive of many captures is made once and kept (`--folder`); `evidence serve` answers
over it. Each kind of page is asked for over kept-alive and over new connections, wall
time by the client, CPU time of the server beside it, which counts on a crowded machine.
Replay: named pages on a new server, cold; then their captures of the next day, whose
bytes are others and whose style sheets are known by then; then these again. pywb, in an
environment of its own, serves the same WARC files.

Each line is printed as soon as it is measured. A part that cannot be measured says why
in its place, and the others are still measured; the exit code is then 2, with a bar
missed 1.

usage: python benchmarks/web_latency.py --folder DIR [--captures 100000] [--rounds 200]
                                [--part NAME]... [--no-peer] [--json]
"""

import argparse
import http.client
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from archive.errors import EvidenceError
from archive.store.reading.reader import ArchiveReader
from benchmarks.pywb_peer import PEER, install_pywb
from benchmarks.web_archive import EVIDENCE, START, WORDS, BenchArchive, build
from web.overview import key_of

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_CORPUS = ROOT.parent / "shared" / "corpus"
DAYS = ("first", "later")
START_SECONDS = 120.0
PAGE_LINE = '"mime": "text/html", "status"'
TICKS = os.sysconf("SC_CLK_TCK")
BARS_MS = {"record page": 60.0, "search": 80.0, "calendar": 60.0, "TimeMap": 60.0}
REPLAY_MS, REPLAY_CPU_SECONDS = 15.0, 20.0
STOP_SECONDS = 60.0
BROKEN = (
    *(OSError, EvidenceError, subprocess.SubprocessError, http.client.HTTPException),
    *(ValueError, LookupError),
)
"""What may keep one part from being measured; the others are measured all the same."""
Ask = Callable[["Link"], int]
"""Asks once; gives the status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one kind of request cost."""

    name: str
    requests: int
    failures: int
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    """Of the server, a request, all its threads."""


class Link:
    """Asks a server; keeps the connection or makes a new one each time."""

    def __init__(self, origin: str, *, keep: bool) -> None:
        split = urlsplit(origin)
        self._host, self._port = split.netloc, split.port or 80
        self._keep = keep
        self._open: http.client.HTTPConnection | None = None

    def ask(
        self, path: str, form: str | None = None, **headers: str
    ) -> tuple[int, str, bytes]:
        """Status, Location and body."""
        link = self._open or http.client.HTTPConnection("127.0.0.1", self._port)
        sent = {"Host": self._host, **headers}
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        link.request("GET" if form is None else "POST", path, form, sent)
        answer = link.getresponse()
        found = answer.status, answer.headers.get("Location", ""), answer.read()
        if self._keep and not answer.will_close:
            self._open = link
        else:
            link.close()
            self._open = None
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server process."""

    pid: int
    app: str
    replay: str

    def cpu_seconds(self) -> float:
        """User and system time so far, ended children included."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(field) for field in fields[11:15]) / TICKS


@contextmanager
def serving(made: BenchArchive) -> Iterator[Running]:
    """`evidence serve` over the archive; it is warmed by one look at the first page."""
    command = [*EVIDENCE, "serve", "--no-sweep", "--port", "0", "--replay-port", "0"]
    process = subprocess.Popen(
        command,
        env=made.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if process.stdout is None:
            raise AssertionError("a pipe was asked for")
        lines = process.stdout.readline() + process.stdout.readline()
        origins = re.findall(r"http://[a-z0-9.]+:\d+", lines)
        if len(origins) < 2:
            raise ValueError("`evidence serve` did not start, see above")
        running = Running(pid=process.pid, app=origins[0], replay=origins[1])
        Link(running.app, keep=False).ask("/")
        yield running
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """End a server; one that does not listen is killed: its figures are had."""
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def measure(
    name: str, server: Running, origin: str, asks: Sequence[Ask]
) -> Iterator[Row]:
    """Each request once over a kept connection and once over new ones."""
    for kind, keep in (("kept", True), ("new", False)):
        link = Link(origin, keep=keep)
        times, failures = [], 0
        cpu = server.cpu_seconds()
        for ask in asks:
            begun = time.perf_counter()
            status = ask(link)
            times.append(1000 * (time.perf_counter() - begun))
            failures += status != http.HTTPStatus.OK
        cpu = server.cpu_seconds() - cpu
        yield _row(f"{name}, {kind}", times, failures, cpu)


def _row(name: str, times: list[float], failures: int, cpu_seconds: float) -> Row:
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    return Row(
        name=name,
        requests=len(times),
        failures=failures,
        p50_ms=statistics.median(times),
        p95_ms=cuts[18],
        cpu_ms=1000 * cpu_seconds / len(times),
    )


def _get(path: str, **headers: str) -> Ask:
    return lambda link: link.ask(path, **headers)[0]


def _search(query: str) -> Ask:
    def ask(link: Link) -> int:
        _, place, _ = link.ask("/search", f"q={quote(query)}")
        return link.ask(place)[0]

    return ask


def page_rows(made: BenchArchive, rounds: int) -> Iterator[Row]:
    """Record page, search, calendar, TimeMap."""
    chance = random.Random(11)  # noqa: S311
    reader = ArchiveReader.open(made.root)
    with closing(reader):
        leaves = chance.sample(range(1, reader.next_leaf - 1_500), rounds)
        captures = [next(reader.captures(leaf)) for leaf in leaves]
    uris = [one.target_uri for one in captures]
    uris[0] = "https://source-0.example/news/0"
    queries = [" ".join(chance.sample(WORDS, k=1 + n % 3)) for n in range(rounds)]
    kinds: dict[str, list[Ask]] = {
        "record page": [_get(f"/c/{one.short_id}") for one in captures],
        "search": [_search(query) for query in queries],
        "calendar": [_get(f"/u/{key_of(uri)}") for uri in uris],
        "TimeMap": [_get(f"/timemap/link/{uri}") for uri in uris],
    }
    with serving(made) as server:
        for name, asks in kinds.items():
            yield from measure(name, server, server.app, asks)


def replay_rows(made: BenchArchive) -> Iterator[Row]:
    """Named pages on a new server; then those of the next day; then these again."""
    first, later = ([getattr(one, day) for one in made.news] for day in DAYS)
    for kind, keep in (("kept", True), ("new", False)):
        with serving(made) as server:
            for name, ids in (
                ("replay cold", first),
                ("replay sheets warm", later),
                ("replay again", later),
            ):
                yield _replay(f"{name}, {kind}", ids, server, keep=keep)


def _replay(name: str, ids: Sequence[str], server: Running, *, keep: bool) -> Row:
    link = Link(server.replay, keep=keep)
    times, failures = [], 0
    cpu = server.cpu_seconds()
    for short_id in ids:
        begun = time.perf_counter()
        status, _, body = link.ask(f"/v/{short_id}")
        times.append(1000 * (time.perf_counter() - begun))
        failures += status != http.HTTPStatus.OK or b"<body" not in body
    return _row(name, times, failures, server.cpu_seconds() - cpu)


def peer_rows(made: BenchArchive) -> Iterator[Row]:
    """What pywb needs over the same files: index first, then the same pages."""
    folder = _peer_folder(made)
    with _pywb(folder) as server:
        for kind, keep in (("kept", True), ("new", False)):
            link = Link(server.app, keep=keep)
            times, failures = [], 0
            cpu = server.cpu_seconds()
            for one in made.news:
                begun = time.perf_counter()
                status, _, body = link.ask(f"/all/{START:%Y}1228mp_/{one.uri}")
                times.append(1000 * (time.perf_counter() - begun))
                failures += status != http.HTTPStatus.OK or b"<" not in body
            cpu = server.cpu_seconds() - cpu
            yield _row(f"pywb replay, {kind}", times, failures, cpu)


def _peer_folder(made: BenchArchive) -> Path:
    """The folder of pywb over the same files; it is whole or is made anew."""
    install_pywb(PEER)
    folder = made.folder / "pywb"
    index = folder / "collections" / "all" / "indexes" / "index.cdxj"
    if index.exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    manager = str(PEER / "bin" / "wb-manager")
    quiet = subprocess.DEVNULL
    subprocess.run([manager, "init", "all"], cwd=folder, stdout=quiet, check=True)
    segments = sorted((made.root / "segments").rglob("*.warc.gz*"))
    target = folder / "collections" / "all" / "archive"
    for number, path in enumerate(segments):
        (target / f"{number}.warc.gz").symlink_to(path.resolve())
    names = [str(path) for path in sorted(target.iterdir())]
    asked = [str(PEER / "bin" / "cdx-indexer"), "-j", "-s", *names]
    found = subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=True)
    # Its indexer takes metadata records for answers: only pages are for replay.
    pages = [line for line in found.stdout.splitlines(True) if PAGE_LINE in line]
    index.write_text("".join(pages))
    return folder


@contextmanager
def _pywb(folder: Path) -> Iterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [str(PEER / "bin" / "wayback"), "-b", "127.0.0.1", "-p", str(port)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    end = time.monotonic() + START_SECONDS
    try:
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.2)
        else:
            raise ValueError("pywb did not start")
        origin = f"http://127.0.0.1:{port}"
        yield Running(pid=process.pid, app=origin, replay=origin)
    finally:
        _end(process)


@dataclass(slots=True, kw_only=True)
class Table:
    """Prints each row as it comes, so that what was measured is seen in any case."""

    as_json: bool = False
    rows: list[Row] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)

    def part(self, name: str, rows: Callable[[], Iterable[Row]]) -> None:
        """Measure one part; if it breaks, say why and go on."""
        try:
            for row in rows():
                self.rows.append(row)
                if not self.as_json:
                    print(_line(row), flush=True)
        except BROKEN as error:
            self.broken[name] = f"{type(error).__name__}: {error}"
            told = sys.stderr if self.as_json else sys.stdout
            print(f"{name}: NOT MEASURED, {self.broken[name]}", file=told, flush=True)

    def finish(self) -> int:
        """2 where a part broke, 1 where a bar is missed, else 0."""
        if self.as_json:
            print(json.dumps([asdict(row) for row in self.rows], indent=1))
        return 2 if self.broken else int(any(_misses(row) for row in self.rows))


def main() -> int:
    """Print the figures; 1 where a bar is missed, 2 where a part was not measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True, help="kept between runs")
    parser.add_argument("--captures", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--part", choices=("pages", "replay", "pywb"), action="append")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    corpus = Path(os.environ.get("CORPUS_DIR") or DEFAULT_CORPUS)
    made = build(asked.folder.resolve(), corpus, asked.captures)
    parts: dict[str, Callable[[], Iterable[Row]]] = {
        "pages": lambda: page_rows(made, asked.rounds),
        "replay": lambda: replay_rows(made),
        "pywb": lambda: peer_rows(made),
    }
    if asked.no_peer:
        del parts["pywb"]
    table = Table(as_json=asked.json)
    for name, rows in parts.items():
        if asked.part is None or name in asked.part:
            table.part(name, rows)
    return table.finish()


def _line(row: Row) -> str:
    return (
        f"{row.name:<28} {row.requests:>4} requests, {row.failures} failed, "
        f"p50 {row.p50_ms:7.1f} ms, p95 {row.p95_ms:7.1f} ms, "
        f"server CPU {row.cpu_ms:6.1f} ms a request"
        + ("  MISSED" if _misses(row) else "")
    )


def _misses(row: Row) -> bool:
    if row.name.startswith("pywb"):
        return False
    if row.name.startswith("replay sheets warm"):
        is_slow = row.p50_ms > REPLAY_MS or row.cpu_ms > REPLAY_CPU_SECONDS
        return is_slow or bool(row.failures)
    bar = BARS_MS.get(row.name.partition(",")[0])
    return bool(row.failures) or (bar is not None and row.p95_ms > bar)


if __name__ == "__main__":
    sys.exit(main())
