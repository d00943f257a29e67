"""The log changed by who can write into the folder.

Each attack changes a copy of a VERIFIED archive. Then the whole procedure must come to
an end in bounded time and memory, raise nothing, not say VERIFIED, and name the place
in a finding that counts.
"""

import os
import shutil
from pathlib import Path

import pytest

from archive.attest.keys.signing import Ed25519Signer
from archive.files import Files
from archive.log.checkpoint import Checkpoint, format_checkpoint
from archive.log.log import TiledLog
from archive.log.merkle import read_root
from archive.log.note import format_note, sign_note
from tests.support.archives.archives import MadeArchive
from tests.support.attacks.attacks import Attacks, assert_refused
from tests.support.attacks.forgery import (
    flip,
    link_to_copy,
    pipe_at,
    rewrite,
)

pytestmark = pytest.mark.timeout(120)
ATTACKS = Attacks()
attack = ATTACKS.attack


# The log


@attack("log/checkpoint", 8)
def the_checkpoint_is_deleted(made: MadeArchive) -> None:
    (made.root / "log" / "checkpoint").unlink()


@attack("log/checkpoint", 8)
def the_log_folder_is_deleted(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "log")


@attack("log/checkpoint", 8)
def the_log_folder_is_empty(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "log")
    (made.root / "log").mkdir()


@attack("log/checkpoint", 8)
def the_checkpoint_is_a_folder(made: MadeArchive) -> None:
    (made.root / "log" / "checkpoint").unlink()
    (made.root / "log" / "checkpoint").mkdir()


@attack("log/checkpoint", 8)
def the_checkpoint_is_a_pipe(made: MadeArchive) -> None:
    pipe_at(made.root / "log" / "checkpoint")


@attack("log/checkpoint", 8)
def the_checkpoint_is_a_link(made: MadeArchive) -> None:
    link_to_copy(made.root / "log" / "checkpoint", made.root.parent / "elsewhere")


@attack("log/checkpoint", 8)
def the_checkpoint_is_very_long(made: MadeArchive) -> None:
    os.truncate(made.root / "log" / "checkpoint", 1 << 40)


def sign_checkpoint(made: MadeArchive, key: Ed25519Signer, size: int) -> None:
    """Store a checkpoint over the first leaves, right in all but the key."""
    log = TiledLog(made.root / "log", Files())
    root = read_root(size, log.hash_reader(size))
    body = Checkpoint(origin=made.identity.origin, size=size, root=root)
    note = format_note(sign_note(format_checkpoint(body), key))
    rewrite(made.root / "log" / "checkpoint", note)


@attack("log/checkpoint", 8)
def the_checkpoint_is_signed_by_a_stranger(made: MadeArchive) -> None:
    key = Ed25519Signer.from_seed(bytes(32), name=made.identity.origin)
    sign_checkpoint(made, key, 5)


@attack("not logged yet", 7)
def an_older_checkpoint_is_put_back(made: MadeArchive) -> None:
    sign_checkpoint(made, made.keys().log, 9)


@attack("log/checkpoint", 8)
def the_body_of_the_checkpoint_has_one_line_more(made: MadeArchive) -> None:
    path = made.root / "log" / "checkpoint"
    rewrite(path, path.read_bytes().replace(b"=\n\n", b"=\nextra\n\n"))


@attack("log/tile/entries", 2, 15)
def a_leaf_is_changed_in_the_bundle(made: MadeArchive) -> None:
    flip(widest(made.root, "entries"), 100)


@attack("log/tile/0", 15)
def a_hash_is_changed_in_a_tile(made: MadeArchive) -> None:
    flip(widest(made.root, "0"), 40)


@attack("log/tile/0", 15)
def a_stale_partial_tile_is_changed(made: MadeArchive) -> None:
    folder = made.root / "log" / "tile" / "0" / "000.p"
    flip(sorted(folder.iterdir(), key=lambda path: int(path.name))[0], 3)


@attack("log/tile/entries", 15)
def the_bundle_is_deleted(made: MadeArchive) -> None:
    widest(made.root, "entries").unlink()


@attack("log/tile/0", 15)
def the_tile_is_deleted(made: MadeArchive) -> None:
    widest(made.root, "0").unlink()


@attack("log/tile/1/000", 15)
def a_tile_of_a_level_without_entries_is_added(made: MadeArchive) -> None:
    path = made.root / "log" / "tile" / "1" / "000.p" / "1"
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(32))


@attack("log/tile/0", 15)
def a_tile_is_a_pipe(made: MadeArchive) -> None:
    pipe_at(widest(made.root, "0"))


@attack("log/tile", 15)
def the_tiles_are_a_link(made: MadeArchive) -> None:
    link_to_copy(made.root / "log" / "tile", made.root.parent / "elsewhere")


@attack("log/notes", 15)
def a_foreign_file_lies_in_the_log(made: MadeArchive) -> None:
    (made.root / "log" / "notes").write_bytes(b"x")


def widest(root: Path, level: str) -> Path:
    """The partial tile or bundle that the checkpoint needs."""
    folder = root / "log" / "tile" / level / "000.p"
    return max(folder.iterdir(), key=lambda path: int(path.name))


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_the_folder_is_refused(made: MadeArchive, name: str) -> None:
    found = ATTACKS[name]
    found.run(made)
    assert_refused(made, found.place, *found.steps)
