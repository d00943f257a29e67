"""One random bit flipped in any file of an archive is found, and placed in its record.

The golden archive has every kind of statement and file: segments, tiles, entry bundles,
checkpoint, tokens with chain and query, a kept text, a tail set aside, archive.toml.
Half of the flips fall on any byte of it, half on a kind of file first.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentEntry, SegmentWalk
from archive.verify.reporting.report import Outcome, Report
from tests.support.attacks.bench import Bench, bad, names, relative
from tests.support.attacks.tamper import Victim

EVERYDAY, SLOW = 200, 1000
CHUNKS = 10
LOCATED = 0.99
"""Of the flips in segments: the share whose very record is named."""
KINDS = ("segments", "tile", "checkpoint", "anchors", "texts", "quarantine", "toml")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A copy of the golden archive to flip bits in."""
    victim = Victim.copy(tmp_path_factory.mktemp("flips"))
    return Bench(root=victim.root, trust=victim.trust)


def kind_of(path: Path) -> str:
    """Which of the kinds a file is."""
    return next(kind for kind in KINDS if kind in path.as_posix())


def draw(bench: Bench, choice: random.Random) -> Iterator[tuple[Path, int]]:
    """A file and a bit of it, again and again."""
    files = [path for path in bench.files() if not path.name.endswith(".unfinished")]
    sizes = [path.stat().st_size for path in files]
    by_kind = defaultdict(list)
    for path in files:
        by_kind[kind_of(path.relative_to(bench.root))].append(path)
    assert set(by_kind) == set(KINDS)
    while True:
        (path,) = choice.choices(files, weights=sizes)
        yield path, choice.randrange(8 * path.stat().st_size)
        path = choice.choice(by_kind[choice.choice(KINDS)])
        yield path, choice.randrange(8 * path.stat().st_size)


def test_the_untouched_archive_is_verified(bench: Bench) -> None:
    report = bench.judge()
    assert report.outcome is Outcome.VERIFIED, bad(report)


def test_200_random_bit_flips_are_found_and_placed(bench: Bench) -> None:
    flip_and_judge(bench, random.Random(20250126), EVERYDAY)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_bit_flip_10000_are_found_and_placed(bench: Bench, chunk: int) -> None:
    flip_and_judge(bench, random.Random(chunk), SLOW)


def flip_and_judge(bench: Bench, choice: random.Random, rounds: int) -> None:
    entries = {
        found.path: list(SegmentWalk(found.path))
        for found in list_segments(bench.root / "segments")
    }
    flips = draw(bench, choice)
    placed: list[bool] = []
    misplaced: list[tuple[str, int]] = []
    for _ in range(rounds):
        path, bit = next(flips)
        data = bytearray(path.read_bytes())
        data[bit // 8] ^= 1 << bit % 8
        report = bench.judge_with(path, bytes(data))
        name = relative(bench.root, path)
        assert report.outcome is not Outcome.VERIFIED, (name, bit)
        assert names(report, name), (name, bit, bad(report))
        if path in entries:
            placed.append(is_placed(report, name, entries[path], bit // 8))
            if not placed[-1]:
                misplaced.append((name, bit))
    share = sum(placed) / len(placed)
    print(f"{rounds} found; {share:.2%} of {len(placed)} in segments placed")
    assert share >= LOCATED, misplaced[:20]


def is_placed(report: Report, name: str, entries: list[SegmentEntry], at: int) -> bool:
    """Whether a finding names the record that holds the byte, or its statement."""
    entry = next(one for one in entries if one.slice_offset <= at < one.end_bytes)
    texts = [f"{finding.subject} {finding.detail}" for finding in bad(report)]
    texts = [text for text in texts if name in text]
    here = f"offset {entry.slice_offset})"  # the entry, by its checks
    if at >= entry.statement_offset:
        words = [f"record at offset {entry.statement_offset}", here]
        return any(word in text for text in texts for word in words)
    spans = [record.span for record in entry.records]
    number = next(n for n, span in enumerate(spans) if at < span.offset + span.length)
    if any(f"record at offset {spans[number].offset}" in text for text in texts):
        return True
    is_alone = len(spans) == 1
    return any(
        here in text and (is_alone or f"record {number}:" in text) for text in texts
    )
