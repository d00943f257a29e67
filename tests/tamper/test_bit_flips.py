"""One random bit flipped anywhere in segments, log or archive.toml is always found."""

import random
from pathlib import Path

import pytest

from archive.verify.folder import verify_archive
from archive.verify.report import Outcome
from tests.support.archives import MadeArchive, make_archive

ROUNDS = 1000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    """A small archive: two segments, a job, a few captures."""
    archive = make_archive(tmp_path_factory.mktemp("flips"))
    archive.fill(2)
    with archive.open_writer() as writer:
        writer.rotate()
    archive.fill(1)
    return archive


def evidence_files(root: Path) -> list[Path]:
    """Every file whose bytes are evidence."""
    folders = [root / "segments", root / "log"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return sorted([root / "archive.toml", *files])


def test_the_untouched_archive_is_verified(made: MadeArchive) -> None:
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED, list(report.of(Outcome.FAILED))


def test_a_thousand_random_bit_flips_are_found_and_placed(made: MadeArchive) -> None:
    trust = made.trust()
    choice = random.Random(20250126)
    files = evidence_files(made.root)
    sizes = [path.stat().st_size for path in files]
    unplaced = []
    for _ in range(ROUNDS):
        (path,) = choice.choices(files, weights=sizes)
        data = path.read_bytes()
        bit = choice.randrange(8 * len(data))
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        rewrite(path, bytes(flipped))
        try:
            report = verify_archive(made.root, trust=trust)
        finally:
            rewrite(path, data)
        place = path.relative_to(made.root).as_posix()
        assert report.outcome is not Outcome.VERIFIED, (place, bit)
        if not names_place(report.findings, place):
            unplaced.append((place, bit))
    assert not unplaced


def names_place(findings: object, place: str) -> bool:
    """Whether a failed finding names the file, or the entry in it."""
    stem = place.removesuffix(".open")
    texts = [
        f"{finding.subject} {finding.detail}"
        for finding in findings  # type: ignore[attr-defined]
        if finding.outcome is not Outcome.VERIFIED
    ]
    return any(stem in text for text in texts)


def rewrite(path: Path, data: bytes) -> None:
    """Change a file that is read-only, keeping its mode."""
    mode = path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(data)
    path.chmod(mode)
