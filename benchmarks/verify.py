"""What verifying a whole archive costs beside the inflating and hashing it must do.

An archive of pages, pictures and small answers is made. Then child processes go
through the same files by turns: a loop that only inflates every member and makes the
hashes that verification makes (member, slice and file over the stored bytes; record,
block and payload over the unpacked ones), `verify_archive` in one process, and
`verify_archive` as `evidence verify` runs it, with two reading processes beside it.

Two shares of the loop's speed are shown. By CPU: of one process, threads and all,
which other programs on the machine hardly change. By the clock: of the loop, which is
one process, and of the verification that reads in two; it means something on a quiet
machine only, and the bar is held against it. What CPU both together cost is shown
beside it.

usage: python benchmarks/verify.py [--megabytes 2048] [--rounds 2] [--json]
"""

import argparse
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from archive.attest.keys.keyfolder import KeyFolder
from archive.attest.trust.folder import read_trust
from archive.capture import Exchange
from archive.store.create import CreateRequest, create_archive
from archive.store.layout import read_identity
from archive.store.segments.segment import list_segments
from archive.store.writing.writer import ArchiveWriter
from archive.verify.policy import Wishes
from archive.verify.segments.readers import READERS_MOST
from archive.verify.whole.folder import verify_archive
from archive.version import SOFTWARE
from tests.support.archives.exchanges import CONNECTION, TIMINGS, answered

BAR = 0.60
"""Least speed of verification, as a part of that of the loop."""
MEMORY_BAR_BYTES = 200 << 20
CHUNK_BYTES = 1 << 18
WORDS = 20_000
KINDS_OF_CHILDREN = ("loop", "verify", "together")
KINDS = (
    ("text/html; charset=utf-8", 60_000, 6),
    ("image/jpeg", 90_000, 3),
    ("application/json", 4_000, 2),
)
"""Media type, mean bytes of a body, how often of eleven: as in a crawl of news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One child: what it went through, and what that cost."""

    cpu_seconds: float
    """Of the process and of those it started."""
    wall_seconds: float
    stored_bytes: int
    unpacked_bytes: int
    peak_bytes: int
    outcome: str


def make_archive(folder: Path, megabytes: int) -> None:
    """Write captures until so many bytes are stored."""
    draw = random.Random(7)  # noqa: S311 - the same archive in every run
    letters = "abcdefghijklmnopqrstuvwxyzабвгдеёжзійклмнопрстуўфхцчшыьэюя"
    words = [
        "".join(draw.choices(letters, k=draw.randint(2, 11))) for _ in range(WORDS)
    ]
    noise = draw.randbytes(4 << 20)
    root = folder / "archive"
    create_archive(
        CreateRequest(
            root=root,
            name="Benchmark",
            keys_folder=lambda _archive_id: folder / "keys",
            trust_folder=folder / "trust",
            software=SOFTWARE,
            clock=lambda: datetime.now(UTC),
            random_bytes=os.urandom,
        )
    )
    with ArchiveWriter.open(
        root,
        keys=KeyFolder.load(folder / "keys", read_identity(root)),
        clock=lambda: datetime.now(UTC),
        random_bytes=os.urandom,
    ) as writer:
        stored, number, waiting = 0, 0, []
        while stored < megabytes << 20:
            media, mean, _often = draw.choices(KINDS, [often for *_, often in KINDS])[0]
            length = int(mean * draw.uniform(0.3, 1.9))
            if media.startswith("image"):
                start = draw.randrange(len(noise) - length)
                body = number.to_bytes(8) + noise[start : start + length]
            else:
                text = " ".join(draw.choices(words, k=length // 12))
                body = f"<p>{number} {text}</p>".encode()
            waiting.append(writer.capture(exchange(number, media, body)))
            number += 1
            if len(waiting) == 64:
                stored += sum(w.result().location.length_bytes for w in waiting)
                waiting.clear()


def exchange(number: int, media: str, body: bytes) -> Exchange:
    """A complete exchange as the engine hands it in."""
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n"
        "Server: nginx\r\nCache-Control: max-age=60\r\n\r\n"
    ).encode()
    return answered(
        f"http://bench.example/{number}",
        head + body,
        at=datetime.now(UTC),
        request=b"GET / HTTP/1.1\r\nHost: bench.example\r\n\r\n",
        timings=TIMINGS,
        connection=replace(CONNECTION, sequence=number),
    )


def only_inflate_and_hash(root: Path) -> tuple[int, int]:
    """Stored and unpacked bytes of the segments, after all the hashes over them.

    With the inflater of verification (zlib: strict about each member's end), in as few
    calls as there can be: nothing is parsed.
    """
    stored = unpacked = 0
    for segment in list_segments(root / "segments"):
        whole = hashlib.sha256()
        with segment.path.open("rb") as stream:
            data = b""
            inflater = zlib.decompressobj(wbits=31)
            hashes = [hashlib.sha256() for _ in range(5)]
            while True:
                if not data:
                    data = stream.read(CHUNK_BYTES)
                    if not data:
                        break
                    whole.update(data)
                chunk = inflater.decompress(data)
                used = data[: len(data) - len(inflater.unused_data)]
                for running in hashes[:2]:
                    running.update(used)
                for running in hashes[2:]:
                    running.update(chunk)
                stored += len(used)
                unpacked += len(chunk)
                data = inflater.unused_data
                if inflater.eof:
                    for running in hashes:
                        running.hexdigest()
                    inflater = zlib.decompressobj(wbits=31)
                    hashes = [hashlib.sha256() for _ in range(5)]
        whole.hexdigest()
    return stored, unpacked


def run_child(kind: str, folder: Path) -> Pass:
    """What a child process does and prints."""
    root = folder / "archive"
    cpu, wall = cpu_seconds(), time.perf_counter()
    stored = unpacked = 0
    outcome = "done"
    if kind == "loop":
        stored, unpacked = only_inflate_and_hash(root)
    else:
        trust = read_trust(folder / "trust", read_identity(root).origin)
        wishes = Wishes(side_by_side=kind == "together")
        outcome = str(verify_archive(root, trust=trust, wishes=wishes).outcome)
    return Pass(
        cpu_seconds=cpu_seconds() - cpu,
        wall_seconds=time.perf_counter() - wall,
        stored_bytes=stored,
        unpacked_bytes=unpacked,
        peak_bytes=peak_bytes(kind),
        outcome=outcome,
    )


def cpu_seconds() -> float:
    """Of this process and of those that it started and saw end."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def peak_bytes(kind: str) -> int:
    """The most memory of all processes together, each counted at its own peak."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
    return own + (READERS_MOST * largest if kind == "together" else 0)


def measure(folder: Path, rounds: int) -> dict[str, list[Pass]]:
    """Loop and verifications by turns, each in a process of its own."""
    found: dict[str, list[Pass]] = {kind: [] for kind in KINDS_OF_CHILDREN}
    for _ in range(rounds):
        for kind, passes in found.items():
            done = subprocess.run(  # noqa: S603 - this very file
                [sys.executable, __file__, "--child", kind, "--folder", str(folder)],
                check=True,
                capture_output=True,
                text=True,
            )
            passes.append(Pass(**json.loads(done.stdout)))
    return found


def main() -> None:
    """Make, measure, print; exit 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", choices=KINDS_OF_CHILDREN, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(asdict(run_child(options.child, options.folder))))  # noqa: T201
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        make_archive(Path(name), options.megabytes)
        found = measure(Path(name), options.rounds)
    report(found, as_json=options.json)


def report(found: dict[str, list[Pass]], *, as_json: bool) -> None:
    """The figures, and whether the bars are met."""
    loop = min(found["loop"], key=lambda one: one.cpu_seconds)
    verify = min(found["verify"], key=lambda one: one.cpu_seconds)
    together = min(found["together"], key=lambda one: one.wall_seconds)
    peak = max(one.peak_bytes for one in (*found["verify"], *found["together"]))
    quick = min(one.wall_seconds for one in found["loop"])
    share = quick / together.wall_seconds
    figures = {
        "stored_megabytes": loop.stored_bytes / 1e6,
        "unpacked_megabytes": loop.unpacked_bytes / 1e6,
        "loop_cpu_seconds": loop.cpu_seconds,
        "verify_cpu_seconds": verify.cpu_seconds,
        "share_of_loop_by_cpu": loop.cpu_seconds / verify.cpu_seconds,
        "verify_stored_megabytes_per_cpu_second": loop.stored_bytes
        / 1e6
        / verify.cpu_seconds,
        "verify_unpacked_megabytes_per_cpu_second": loop.unpacked_bytes
        / 1e6
        / verify.cpu_seconds,
        "loop_clock_seconds": quick,
        "verify_clock_seconds": min(one.wall_seconds for one in found["verify"]),
        "together_clock_seconds": together.wall_seconds,
        "together_cpu_seconds": min(one.cpu_seconds for one in found["together"]),
        "together_stored_megabytes_per_second": loop.stored_bytes
        / 1e6
        / together.wall_seconds,
        "together_unpacked_megabytes_per_second": loop.unpacked_bytes
        / 1e6
        / together.wall_seconds,
        "share_of_loop_by_clock": share,
        "peak_megabytes": peak / 1e6,
    }
    if as_json:
        print(json.dumps({**figures, "outcome": verify.outcome}))  # noqa: T201
    else:
        for name, value in figures.items():
            print(f"{name.replace('_', ' '):42} {value:12.2f}")  # noqa: T201
        print(f"{'outcome':42} {verify.outcome:>12}")  # noqa: T201
        print(f"{'bar: share of loop by clock':42} {BAR:12.2f}")  # noqa: T201
    outcomes = {one.outcome for one in (*found["verify"], *found["together"])}
    missed = share < BAR or peak > MEMORY_BAR_BYTES or outcomes != {"VERIFIED"}
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
