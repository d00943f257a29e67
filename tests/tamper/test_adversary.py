"""Whoever can write into an archive folder cannot make `verify` say VERIFIED.

Each attack changes a copy of a VERIFIED archive. Then the whole procedure must come to
an end in bounded time and memory, raise nothing, not say VERIFIED, and name the place
in a finding that counts.
"""

import os
import shutil
import tracemalloc
from pathlib import Path

import pytest

from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from archive.warc.member import Effort, write_member
from tests.support.archives.archives import MadeArchive
from tests.support.attacks.attacks import assert_refused, verify
from tests.support.attacks.forgery import (
    Forger,
    append,
    as_nobody,
    block,
    entries,
    last_segment,
    rewrite,
    segments,
)
from tests.support.judging.sound import assert_sound
from tests.support.programs.command import Command

pytestmark = pytest.mark.timeout(120)
MEMORY_BYTES = 220 << 20
"""More than any verification of these small archives may hold at once."""
BOMB_BYTES = 60 << 20
"""Unpacked bytes of one record of a bomb: below the limit of a job record."""
JOB = "urn:evidence:job:" + "a" * 26 + ":open"


# Two archives


def test_an_archive_signed_again_by_a_stranger_is_refused(
    made: MadeArchive, other: MadeArchive
) -> None:
    """Same id, same origin, whole and right in itself: only the keys are others."""
    assert other.identity.origin == made.identity.origin
    report = verify_archive(other.root, trust=made.trust())
    assert report.outcome is not Outcome.VERIFIED
    assert {3, 8} <= {f.step for f in report.findings if f.code != "holds"}


@pytest.mark.parametrize("part", ["segments", "log", "archive.toml", "texts"])
def test_a_part_of_another_archive_is_refused(
    made: MadeArchive, other: MadeArchive, part: str
) -> None:
    path = made.root / part
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if (other.root / part).is_dir():
        shutil.copytree(other.root / part, path)
    else:
        shutil.copy(other.root / part, path)
    assert verify(made).outcome is not Outcome.VERIFIED


def test_a_segment_of_another_archive_is_refused(
    made: MadeArchive, other: MadeArchive
) -> None:
    rewrite(segments(made.root)[0], segments(other.root)[0].read_bytes())
    assert_refused(made, "segments/2025/01/00000000", 3, 16)


def test_without_trust_nothing_is_verified(made: MadeArchive) -> None:
    report = verify_archive(made.root, trust=None)
    assert report.outcome is Outcome.NOT_CHECKED
    assert {3, 4, 8, 10, 21} <= set(report.not_checked)


# What cannot be read, is not read


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("segments/2025/01/00000000", "segment-unreadable"),
        ("log/checkpoint", "file-unreadable"),
        ("log/tile/0", "file-unreadable"),
        ("segments/2025", "folder-unreadable"),
        ("segments", "folder-unreadable"),
        ("anchors", "folder-unreadable"),
        ("texts/", "file-unreadable"),
        ("texts", "folder-unreadable"),
        ("quarantine", "folder-unreadable"),
        ("spool", "folder-unreadable"),
        ("log", "file-unreadable"),
        ("archive.toml", "file-unreadable"),
    ],
)
def test_what_cannot_be_read_is_no_pass(
    origin: MadeArchive, place: str, code: str
) -> None:
    trust = origin.trust()
    with as_nobody(origin) as made:
        path = next(made.root.glob(f"{place}*"))
        mode = path.stat().st_mode
        path.chmod(0)
        try:
            report = verify_archive(made.root, trust=trust)
        finally:
            path.chmod(mode)
    assert report.outcome is not Outcome.VERIFIED
    named = [finding for finding in report.findings if finding.code == code]
    assert any(place in f"{f.subject} {f.detail}" for f in named), report.findings


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("segments", "17 folder-unreadable segments/2025"),
        ("segments/2025", "17 folder-unreadable segments/2025/01"),
        ("segments/2025/01", "16 segment-unreadable segments/2025/01/00000000-"),
        ("log", "8 file-unreadable log/checkpoint"),
        ("log/tile", "15 file-unreadable log"),
        ("log/tile/0", "15 file-unreadable log"),
        ("log/tile/entries", "15 file-unreadable log"),
        ("texts", "17 file-unreadable texts/"),
        (".", "21 file-unreadable archive.toml"),
    ],
)
def test_what_is_listed_and_may_not_be_looked_into_is_told(
    origin: MadeArchive, place: str, found: str
) -> None:
    trust = origin.trust()
    with as_nobody(origin) as made:
        path = made.root / place
        mode = path.stat().st_mode
        path.chmod(0o400)
        try:
            report = assert_sound(verify_archive(made.root, trust=trust))
        finally:
            path.chmod(mode)
    assert report.outcome is not Outcome.VERIFIED
    told = [f"{one.step} {one.code} {one.subject}" for one in report.findings]
    assert any(line.startswith(found) for line in told), told


# Names that lie on a terminal


@pytest.mark.parametrize(
    "name",
    [
        b"x\nVERIFIED archive",
        b"\x1b[2K\x1b[1A VERIFIED",
        b"\xff\xfe",
        "\u202egz.crawh".encode(),
    ],
)
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_hostile_file_name_is_shown_escaped(
    made: MadeArchive, tmp_path: Path, name: bytes, options: tuple[str, ...]
) -> None:
    (made.root / os.fsdecode(name)).write_bytes(b"")
    command = Command(home=tmp_path, archive=made.root, trust=made.trust_folder)
    done = command.run("verify", *options)
    assert done.returncode == 3, done.stderr
    assert not any(line.startswith("VERIFIED") for line in done.stdout.splitlines())
    assert all(letter.isprintable() or letter == "\n" for letter in done.stdout)


# Bombs


def peak_of(made: MadeArchive) -> int:
    """Bytes that a verification holds at most; it must refuse."""
    tracemalloc.start()
    try:
        assert verify(made).outcome is not Outcome.VERIFIED
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_slice_of_many_bombs_does_not_fill_the_memory(made: MadeArchive) -> None:
    forger = Forger.stranger(made)
    bombs = [block(JOB, bytes(BOMB_BYTES)) for _ in range(8)]
    predicate: dict[str, object] = {"job": "a" * 26, "source_id": None, "count": 1}
    forger.append(forger.entry(forger.resources("job-open", predicate, *bombs)))
    assert last_segment(made.root).stat().st_size < 2 << 20
    assert peak_of(made) < MEMORY_BYTES


def test_a_member_of_two_gibibytes_does_not_fill_the_memory(made: MadeArchive) -> None:
    path = last_segment(made.root)
    with path.open("ab") as stream:
        zeros = bytes(1 << 20)
        write_member(stream, (zeros for _ in range(2048)), Effort.DENSE)
    assert peak_of(made) < MEMORY_BYTES


def test_json_of_many_small_values_does_not_fill_the_memory(made: MadeArchive) -> None:
    forger = Forger.stranger(made)
    bomb = b"[" + b"[]," * (BOMB_BYTES // 3) + b"[]]"
    predicate: dict[str, object] = {"job": "a" * 26, "source_id": None, "count": 1}
    forger.append(
        forger.entry(forger.resources("job-open", predicate, block(JOB, bomb)))
    )
    assert peak_of(made) < MEMORY_BYTES


def test_records_without_end_and_without_statement_do_not_fill_the_memory(
    made: MadeArchive,
) -> None:
    path = last_segment(made.root)
    entry = entries(segments(made.root)[0])[1]
    data = segments(made.root)[0].read_bytes()
    member = data[
        entry.slice_offset : entry.slice_offset + entry.records[0].span.length
    ]
    append(path, member * 60_000)
    assert peak_of(made) < MEMORY_BYTES
