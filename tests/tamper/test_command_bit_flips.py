"""One random bit flipped: `evidence verify` never ends with 0, and names the file."""

import json
import random
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.attacks.forgery import rewrite
from tests.support.programs.command import Command

ROUNDS = 20
SEED = 20250126
WORKERS = 2
"""Each flips bits in a copy of its own."""
NOT_VERIFIED = 3


@dataclass(frozen=True)
class Flip:
    """A bit of a file, the file named from the archive's folder."""

    place: str
    bit: int


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    """A small archive: a sealed and an open segment, two jobs, a few captures."""
    archive = make_archive(tmp_path_factory.mktemp("flips"))
    archive.fill(2)
    with archive.open_writer() as writer:
        writer.rotate()
    archive.fill(1)
    return archive


@pytest.fixture(scope="module")
def flips(made: MadeArchive) -> list[Flip]:
    """Bits anywhere in segments, log and archive.toml, all equally likely."""
    folders = (made.root / "segments", made.root / "log")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files = sorted([made.root / "archive.toml", *files])
    sizes = [path.stat().st_size for path in files]
    choice = random.Random(SEED)
    chosen = choice.choices(files, weights=sizes, k=ROUNDS)
    return [
        Flip(
            path.relative_to(made.root).as_posix(),
            choice.randrange(8 * path.stat().st_size),
        )
        for path in chosen
    ]


def copy_of(made: MadeArchive, home: Path) -> Command:
    """The command over a copy, with the trust of the archive's maker."""
    shutil.copytree(made.root, home / "archive")
    return Command(home=home, archive=home / "archive", trust=made.trust_folder)


def test_the_command_verifies_the_untouched_copy(
    made: MadeArchive, tmp_path: Path
) -> None:
    (report,) = copy_of(made, tmp_path).rows("verify", "--json")
    assert report["outcome"] == "VERIFIED"


def test_every_bit_flip_ends_with_exit_3_and_the_name_of_the_file(
    made: MadeArchive, flips: list[Flip], tmp_path: Path
) -> None:
    commands = [copy_of(made, tmp_path / str(number)) for number in range(WORKERS)]
    shares = [flips[number::WORKERS] for number in range(WORKERS)]
    began = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        problems = [*pool.map(problems_of, commands, shares)]
    print(f"{len(flips)} bit flips: {time.monotonic() - began:.1f} s")
    assert len({flip.place for flip in flips}) >= 3
    assert [problem for share in problems for problem in share] == []


def problems_of(command: Command, flips: Sequence[Flip]) -> list[tuple[Flip, str]]:
    """The flips that the command missed or did not place, and what it said."""
    found = []
    for flip in flips:
        path = command.archive / flip.place
        data = path.read_bytes()
        flipped = bytearray(data)
        flipped[flip.bit // 8] ^= 1 << flip.bit % 8
        rewrite(path, bytes(flipped))
        done = command.run("verify", "--json")
        rewrite(path, data)
        if done.returncode != NOT_VERIFIED or not names(done.stdout, flip.place):
            found.append((flip, f"{done.returncode} {done.stdout}{done.stderr}"))
    return found


def names(printed: str, place: str) -> bool:
    """Whether the report is bad and one of its bad findings names the file."""
    report = json.loads(printed)
    bad = [row for row in report["findings"] if row["outcome"] != "VERIFIED"]
    stem = place.removesuffix(".open")
    named = any(stem in f"{row['subject']} {row['detail']}" for row in bad)
    return named and report["outcome"] != "VERIFIED"
