"""What stating a capture costs without a network: append, checkpoint, prove, check.

Batches of captures of 2 KB go to the writer of a new archive: each is stored, signed
and acknowledged (fsync) before the next batch is handed in, and a checkpoint follows
each batch. Then proofs are made from the tiles on disk and checked. CPU time is that
of this process; the disk's own time for the same syncs is measured beside it.

usage: python benchmarks/append.py [--captures 6400] [--batch 64] [--rounds 5] [--json]
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from archive.attest.keys.keyfolder import KeyFolder
from archive.capture import (
    DnsFacts,
    Exchange,
    ExchangeContext,
)
from archive.digest import format_short_id
from archive.log.merkle import leaf_hash, read_root, verify_inclusion
from archive.log.proof import TlogProof, format_proof, parse_proof
from archive.log.reader import LogReader
from archive.store.create import CreateRequest, create_archive
from archive.store.layout import ArchivePaths, read_identity
from archive.store.writing.writer import ArchiveWriter
from archive.version import SOFTWARE
from tests.support.archives.exchanges import CONNECTION, TIMINGS, answered

PAGE_BYTES = 2_000
PROOFS = 500
"""Leaves, spread over the log, that are proved and checked in each round."""
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
    b"Content-Length: %d\r\n\r\n"
)
REQUEST = (
    b"GET /page HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: Mozilla/5.0 (compatible)"
    b"\r\nAccept: text/html\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one new archive gave."""

    captures_per_second: float
    cpu_us_a_capture: float
    """All threads of the process."""
    fsync_ms: float
    """One fsync of 4 KB on this disk, in the same minute."""
    proof_ms: float
    """Making one inclusion proof from the tiles, cold each time."""
    check_ms: float
    """Reading one proof file and checking it against the root."""


def _now() -> datetime:
    return datetime.now(UTC)


def _exchange(number: int, job_id: str) -> Exchange:
    """One complete page, all different."""
    line = f"<p>Line of page {number}: turnout, commission, observers {{}}</p>\n"
    text = "".join(line.format(n * 7919 % 10_007) for n in range(40))
    body = text.encode()[:PAGE_BYTES]
    head = HEAD % len(body)
    uri = f"http://bench.example/page/{number}"
    return answered(
        uri,
        head + body,
        at=_now(),
        request=REQUEST,
        timings=TIMINGS,
        connection=replace(
            CONNECTION,
            sequence=number,
            dns=DnsFacts(
                origin="dns",
                addresses=("192.0.2.7",),
                ttl_seconds=60,
                age_seconds=1,
                answer=b"answer of a name server",
            ),
        ),
        context=ExchangeContext(job_id=job_id, source_id="bench"),
    )


def _new_archive(folder: Path) -> Callable[[], ArchiveWriter]:
    """Make an archive with new keys; what opens its writer."""
    root, keys = folder / "archive", folder / "keys"
    create_archive(
        CreateRequest(
            root=root,
            name="Benchmark",
            keys_folder=lambda _archive_id: keys,
            trust_folder=folder / "trust",
            software=SOFTWARE,
            clock=_now,
            random_bytes=os.urandom,
        )
    )

    def open_writer() -> ArchiveWriter:
        return ArchiveWriter.open(
            root,
            keys=KeyFolder.load(keys, read_identity(root)),
            clock=_now,
            random_bytes=os.urandom,
        )

    return open_writer


def _append(writer: ArchiveWriter, exchanges: list[Exchange], batch: int) -> None:
    """Batch by batch: all acknowledged, then a checkpoint over them."""
    for at in range(0, len(exchanges), batch):
        futures = [writer.capture(one) for one in exchanges[at : at + batch]]
        for future in futures:
            future.result()
        writer.checkpoint()


def _time_fsync(folder: Path) -> float:
    """Milliseconds of one fsync behind a write of 4 KB; the median of 50."""
    times = []
    with (folder / "fsync").open("wb", buffering=0) as stream:
        for _ in range(50):
            stream.write(b"x" * 4096)
            begun = time.perf_counter()
            os.fsync(stream.fileno())
            times.append(time.perf_counter() - begun)
    return 1000 * statistics.median(times)


def _time_proofs(log: LogReader, leaves: list[int]) -> tuple[float, float]:
    """Milliseconds of making one proof, and of reading and checking one; medians."""
    size, note = log.size, log.read_checkpoint()
    if note is None:
        raise AssertionError("the log has a checkpoint")
    root = read_root(size, log.hash_reader(size))
    made, checked = [], []
    for index in leaves:
        (leaf,) = log.read_leaves(index, index + 1)
        begun = time.perf_counter()
        hashes = log.prove(index, size)
        made.append(time.perf_counter() - begun)
        text = format_proof(TlogProof(index=index, hashes=hashes, checkpoint_note=note))
        begun = time.perf_counter()
        proof = parse_proof(text)
        verify_inclusion(
            leaf_hash=leaf_hash(leaf),
            index=proof.index,
            size=size,
            proof=proof.hashes,
            root=root,
        )
        checked.append(time.perf_counter() - begun)
    return 1000 * statistics.median(made), 1000 * statistics.median(checked)


def _round(captures: int, batch: int, place: Path | None) -> Round:
    with tempfile.TemporaryDirectory(dir=place) as name:
        folder = Path(name)
        open_writer = _new_archive(folder)
        job_id = format_short_id(os.urandom(16))
        exchanges = [_exchange(number, job_id) for number in range(captures)]
        with open_writer() as writer:
            cpu, begun = time.process_time(), time.perf_counter()
            _append(writer, exchanges, batch)
            seconds = time.perf_counter() - begun
            cpu = time.process_time() - cpu
        log = LogReader(ArchivePaths(folder / "archive").log)
        chosen = random.Random(7).choices(range(log.size), k=PROOFS)  # noqa: S311
        proof_ms, check_ms = _time_proofs(log, chosen)
        return Round(
            captures_per_second=captures / seconds,
            cpu_us_a_capture=1_000_000 * cpu / captures,
            fsync_ms=_time_fsync(folder),
            proof_ms=proof_ms,
            check_ms=check_ms,
        )


def main() -> None:
    """Print median, best and worst of each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captures", type=int, default=6_400)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rounds = [
        _round(options.captures, options.batch, options.folder)
        for _ in range(options.rounds)
    ]
    if options.json:
        sys.stdout.write(json.dumps([asdict(one) for one in rounds]) + "\n")
        return
    sys.stdout.write(f"{'':22}{'median':>10}{'lowest':>10}{'highest':>10}\n")
    for name in asdict(rounds[0]):
        values = [getattr(one, name) for one in rounds]
        row = (statistics.median(values), min(values), max(values))
        sys.stdout.write(f"{name:22}" + "".join(f"{v:10.3f}" for v in row) + "\n")


if __name__ == "__main__":
    main()
