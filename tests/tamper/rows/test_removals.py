"""Rows of the attack table: what is gone without a tombstone, or was never logged."""

import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from archive.attest.records.extract import ExtractLine, ExtractRun
from archive.digest import Digest, format_short_id
from archive.store.texts import text_path
from archive.verify.reporting.report import Outcome
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.archives.texts import write_text
from tests.support.attacks.bench import Bench, bad, fires, names, relative
from tests.support.attacks.tamper import (
    Entry,
    Victim,
)
from tests.support.attacks.victim_jobs import close_job, failed, open_job

pytestmark = pytest.mark.timeout(600)


# Row: file, record, statement or tail removed; no tombstone


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """An archive of more than 200 files: segments, tiles, texts."""
    made = make_archive(tmp_path_factory.mktemp("wide"))
    captures = made.fill(1)
    for _ in range(6):
        with made.open_writer() as writer:
            writer.rotate()
        captures += made.fill(1)
    lines = []
    for number in range(190):
        text = write_text(made.root, f"text {number}")
        file = Digest.of(text_path(made.root, text).read_bytes())
        capture = captures[number % len(captures)].capture_id
        lines.append(
            ExtractLine(capture=capture, extractor="x/1", text=text, file=file)
        )
    with made.open_writer() as writer:
        writer.state_extract(run_of(made, lines)).result()
    bench = Bench(root=made.root, trust=made.trust())
    assert bench.judge().outcome is Outcome.VERIFIED
    return bench


def run_of(made: MadeArchive, lines: Sequence[ExtractLine]) -> ExtractRun:
    return ExtractRun(
        run_id=format_short_id(made.random_bytes(16)),
        finished_at=made.clock(),
        extractor="x/1",
        lines=tuple(lines),
    )


def test_file_removed(wide: Bench, share: int) -> None:
    files = wide.files()
    assert len(files) >= 200
    # Its seal comes with the next one: until then it is known by its entries alone.
    newest = max(path.name for path in files if "segments" in path.parts)
    for path in files[::share]:
        if path.name == "archive.toml":
            continue  # then there is no archive: the command says so, exit 6
        report = wide.judge_with(path, None)
        if is_superseded(path):
            continue  # nothing was in it that is not in the wider file beside it
        fires(report, 7, 8, 15, 16, 17)
        name = relative(wide.root, path)
        serial = name.rpartition("/")[2][:8]
        words = (name, serial, *(["entries "] if path.name == newest else []))
        assert any(names(report, word) for word in words) or "tile" in name, name


def is_superseded(path: Path) -> bool:
    """A partial tile or entry bundle beside a wider one."""
    if not path.parent.name.endswith(".p"):
        return False
    return any(int(other.name) > int(path.name) for other in path.parent.iterdir())


@pytest.mark.parametrize("what", ["record", "statement", "entry"])
def test_record_statement_or_entry_removed(
    victim: Victim, bench: Bench, what: str
) -> None:
    for number, path in enumerate(victim.segments):
        entries = victim.entries(number)
        for place, entry in enumerate(entries):
            for data in without(entry, what):
                pieces = [one.data for one in entries]
                pieces[place] = data
                fires(bench.judge_with(path, b"".join(pieces)), 5, 7, 16, 17, 19)


def without(entry: Entry, what: str) -> Iterator[bytes]:
    """The entry without each of its records, its statement, or all of it."""
    if what == "entry":
        yield b""
    elif what == "statement" and entry.members:
        yield b"".join(entry.members)
    elif what == "record":
        for number in range(len(entry.members)):
            left = [m for place, m in enumerate(entry.members) if place != number]
            yield b"".join(left) + entry.record


def test_tail_removed(
    victim: Victim, bench: Bench, choice: random.Random, share: int
) -> None:
    for number, path in enumerate(victim.segments):
        data, entries = path.read_bytes(), victim.entries(number)
        ends = [
            sum(len(entry.data) for entry in entries[:n]) for n in range(len(entries))
        ]
        cuts = ends + [choice.randrange(len(data)) for _ in range(60 // share)]
        for cut in cuts:
            fires(bench.judge_with(path, data[:cut]), 7, 16, 17)


# Row: capture never logged


@pytest.mark.parametrize("dropped", [1, 2, 49, 50, 51, 99, 100])
def test_outcomes_dropped_are_each_named(tmp_path: Path, dropped: int) -> None:
    drop_outcomes(tmp_path, range(dropped))


@pytest.mark.slow
def test_outcomes_dropped_1_to_100_are_each_named(tmp_path: Path) -> None:
    choice = random.Random(18)
    for dropped in range(1, 101):
        folder = tmp_path / str(dropped)
        folder.mkdir()
        drop_outcomes(folder, choice.sample(range(120), dropped))
        shutil.rmtree(folder)


def drop_outcomes(folder: Path, dropped: Sequence[int]) -> None:
    """A job promises 120 seeds and says nothing of some of them."""
    victim = Victim.copy(folder)
    seeds = tuple(f"http://a.example/seed/{number}/" for number in range(120))
    open_job(victim, *seeds)
    close_job(victim, *(failed(n) for n in range(len(seeds)) if n not in dropped))
    report = victim.verify()
    fires(report, 18)
    found = [f.detail for f in bad(report) if f.code == "seed-without-outcome"]
    assert found == [f"{seeds[n]}: no outcome" for n in sorted(dropped)]
