"""Attacks on the log and on the files and names of an archive's folder.

Each is played on the golden archive; the findings that must follow stand above it.
"""

import gzip
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

from archive.attest.keys.signing import Ed25519Signer
from tests.support.archives.texts import write_text
from tests.support.attacks.tamper import (
    OPEN,
    Attack,
    Row,
    Table,
    Victim,
    flip,
    play,
)
from tests.support.judging.told import GoldenReports

table = Table()


# The log


def rolled_back(victim: Victim, *, tiles: bool) -> None:
    """An older checkpoint of the same log, with or without its own tiles."""
    older = Victim.copy(victim.root.parent / "older")
    older.rewrite(OPEN, older.entries(OPEN)[:-2])
    older.log_anew()
    shutil.copy(older.root / "log" / "checkpoint", victim.root / "log" / "checkpoint")
    if tiles:
        shutil.rmtree(victim.root / "log")
        shutil.copytree(older.root / "log", victim.root / "log")


@table.fires("7 not-logged-yet NOT CHECKED", "15 tile-wrong")
def checkpoint_rolled_back_and_segments_kept(victim: Victim) -> None:
    rolled_back(victim, tiles=False)


@table.fires("7 not-logged-yet NOT CHECKED")
def log_rolled_back_and_segments_kept(victim: Victim) -> None:
    rolled_back(victim, tiles=True)


@table.fires(
    "2 not-reached NOT CHECKED",
    "7 not-reached NOT CHECKED",
    "8 checkpoint-missing NOT CHECKED",
    "15 not-reached NOT CHECKED",
)
def checkpoint_removed(victim: Victim) -> None:
    (victim.root / "log" / "checkpoint").unlink()


@table.fires(
    "2 not-reached NOT CHECKED",
    "7 not-reached NOT CHECKED",
    "8 checkpoint-bad",
    "15 not-reached NOT CHECKED",
)
def checkpoint_of_another_log(victim: Victim) -> None:
    signer = Ed25519Signer.from_seed(bytes(range(32)), name="another.example/log")
    victim.keys = replace(victim.keys, log=signer)
    victim.identity = replace(victim.identity, origin="another.example/log")
    victim.log_anew()


@table.fires(
    "2 not-reached NOT CHECKED",
    "7 not-reached NOT CHECKED",
    "8 checkpoint-bad NOT CHECKED",
    "15 not-reached NOT CHECKED",
)
def checkpoint_signed_by_another_log_key(victim: Victim) -> None:
    signer = Ed25519Signer.from_seed(b"\1" * 32, name=victim.identity.origin)
    victim.keys = replace(victim.keys, log=signer)
    victim.log_anew()


@table.fires(
    "2 not-reached NOT CHECKED",
    "7 not-reached NOT CHECKED",
    "8 checkpoint-bad",
    "15 not-reached NOT CHECKED",
)
def checkpoint_with_an_edited_root(victim: Victim) -> None:
    path = victim.root / "log" / "checkpoint"
    lines = path.read_text().splitlines(keepends=True)
    lines[2] = "A" * 43 + "=\n"
    path.write_text("".join(lines))


@table.fires(
    "2 not-reached NOT CHECKED",
    "7 not-reached NOT CHECKED",
    "8 checkpoint-bad",
    "15 not-reached NOT CHECKED",
)
def checkpoint_with_an_extension_line(victim: Victim) -> None:
    path = victim.root / "log" / "checkpoint"
    path.write_text(path.read_text().replace("\n\n", "\nmore\n\n", 1))


@table.fires(
    "2 not-reached NOT CHECKED",
    "7 not-reached NOT CHECKED",
    "8 checkpoint-unreadable",
    "15 not-reached NOT CHECKED",
)
def checkpoint_is_a_link(victim: Victim) -> None:
    path = victim.root / "log" / "checkpoint"
    path.rename(victim.root.parent / "checkpoint")
    path.symlink_to(victim.root.parent / "checkpoint")


@table.fires(
    "2 not-reached NOT CHECKED",
    "7 not-reached NOT CHECKED",
    "8 checkpoint-unreadable",
    "15 not-reached NOT CHECKED",
)
def log_removed(victim: Victim) -> None:
    shutil.rmtree(victim.root / "log")


@table.fires("15 tile-wrong")
def tile_edited(victim: Victim) -> None:
    flip(victim.root / "log" / "tile" / "0" / "000.p" / "17", 100)


@table.fires("15 tile-wrong")
def stale_partial_tile_edited(victim: Victim) -> None:
    flip(victim.root / "log" / "tile" / "0" / "000.p" / "7", 100)


@table.fires("15 tile-wrong")
def tile_removed(victim: Victim) -> None:
    (victim.root / "log" / "tile" / "0" / "000.p" / "17").unlink()


@table.fires("15 tile-wrong")
def tile_cut(victim: Victim) -> None:
    os.truncate(victim.root / "log" / "tile" / "0" / "000.p" / "17", 32)


@table.fires("2 leaf-differs", "15 tile-wrong")
def entry_bundle_edited(victim: Victim) -> None:
    path = victim.root / "log" / "tile" / "entries" / "000.p" / "17"
    path.write_bytes(path.read_bytes().replace(b" capture ", b" cupture ", 1))


@table.fires("15 tile-wrong")
def stale_entry_bundle_edited(victim: Victim) -> None:
    path = victim.root / "log" / "tile" / "entries" / "000.p" / "7"
    path.write_bytes(path.read_bytes().replace(b" capture ", b" cupture ", 1))


@table.fires("2 leaf-differs", "15 entries-unreadable", "15 tile-wrong")
def entry_bundle_removed(victim: Victim) -> None:
    (victim.root / "log" / "tile" / "entries" / "000.p" / "17").unlink()


@table.fires("15 tile-wrong")
def tile_beyond_the_checkpoint_planted(victim: Victim) -> None:
    path = victim.root / "log" / "tile" / "0" / "000.p"
    shutil.copy(path / "17", path / "18")


@table.fires("15 tile-wrong")
def foreign_file_in_the_log(victim: Victim) -> None:
    (victim.root / "log" / "tile" / "notes.txt").write_text("x")


# Files and names


def planted(name: str) -> Attack:
    """A file that belongs to nothing."""

    def plant(victim: Victim) -> None:
        path = victim.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"planted")

    plant.__name__ = "planted_" + re.sub(r"[^a-z0-9]+", "_", ascii(name))
    return plant


for planted_name in (
    "readme.txt",
    ".hidden",
    "log2/checkpoint",
    "segments/notes.txt",
    "segments/2025/01/notes.warc.gz",
    "segments/2025/01/00000009-abcd2345.warc.gz.bak",
    "segments/2025/\N{ARABIC-INDIC DIGIT ONE}\N{ARABIC-INDIC DIGIT TWO}/x",
    "spool/notes",
    "spool/0000000\N{ARABIC-INDIC DIGIT ONE}.batch",
    "texts/notes",
    "texts/" + "A" * 64 + ".gz",
    "quarantine/notes",
    "anchors/notes",
    "anchors/9/2.tsr",
    "anchors/10/checkpoint",
):
    table.fires("17 file-unknown")(planted(planted_name))


@table.fires("17 file-unknown")
def folder_of_evidence_is_a_link(victim: Victim) -> None:
    path = victim.root / "texts"
    path.rename(victim.root.parent / "texts")
    path.symlink_to(victim.root.parent / "texts")


@table.fires(
    *(f"{step} not-reached NOT CHECKED" for step in (1, 2, 3, 4, 5, 6, 7, 10)),
    "16 segment-unreadable NOT CHECKED",
    "17 file-unknown",
    *(f"{step} not-reached NOT CHECKED" for step in (18, 19, 21)),
)
def link_among_the_segments(victim: Victim) -> None:
    path = victim.segments[OPEN]
    moved = path.rename(victim.root.parent / path.name)
    path.symlink_to(moved)


@table.fires("17 file-unknown")
def link_in_the_spool(victim: Victim) -> None:
    (victim.root / "spool" / "raw-1").symlink_to("/dev/zero")


@table.fires("17 file-unknown")
def pipe_among_the_segments(victim: Victim) -> None:
    folder = victim.segments[OPEN].parent
    os.mkfifo(folder / "00000003-abcd2345.warc.gz.open")


@table.fires("17 lock-not-empty")
def lock_with_content(victim: Victim) -> None:
    (victim.root / "lock").write_bytes(b"x")


@table.fires("17 file-unknown", "17 lock-not-empty")
def lock_is_a_pipe(victim: Victim) -> None:
    (victim.root / "lock").unlink()
    os.mkfifo(victim.root / "lock")


@table.fires()
def lock_removed(victim: Victim) -> None:
    (victim.root / "lock").unlink()


@table.fires("17 text-altered")
def kept_text_edited(victim: Victim) -> None:
    victim.file("texts/*.gz").write_bytes(gzip.compress(b"other words", mtime=0))


@table.fires("17 text-missing")
def kept_text_removed(victim: Victim) -> None:
    victim.file("texts/*.gz").unlink()


@table.fires()
def kept_text_not_stated_yet_is_only_said(victim: Victim) -> None:
    write_text(victim.root, "a text of an indexer that was killed")


@table.fires("17 tail-altered")
def tail_in_quarantine_edited(victim: Victim) -> None:
    flip(victim.file("quarantine/*.torn"), 0)


@table.fires()
def tail_in_quarantine_removed_is_only_said(victim: Victim) -> None:
    victim.file("quarantine/*.torn").unlink()


@table.fires("20 anchor-altered")
def token_edited(victim: Victim) -> None:
    flip(victim.root / "anchors" / "9" / "1.tsr", 100)


@table.fires("20 anchor-missing")
def token_removed(victim: Victim) -> None:
    (victim.root / "anchors" / "9" / "1.tsr").unlink()


@table.fires("20 anchor-missing")
def all_anchors_removed(victim: Victim) -> None:
    shutil.rmtree(victim.root / "anchors")


# The test


@table.each()
def test_each_attack_fires_exactly_what_the_table_says(
    row: Row, tmp_path: Path, golden_reports: GoldenReports
) -> None:
    play(row, tmp_path, golden_reports)
