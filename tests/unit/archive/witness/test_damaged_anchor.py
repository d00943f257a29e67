"""A26: a damaged time-stamped checkpoint of ours keeps no witness from being asked."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.attest.keys.signing import verify_ed25519
from archive.errors import WitnessRefused
from archive.log.note import parse_note, parse_vkey, verify_note
from tests.support.archives.archives import fill, put_back_head
from tests.support.archives.stamped import StampedArchive, make_stamped
from tests.support.servers.witnesses import Running, running, writer_with


@pytest.fixture
def stamped(tmp_path: Path) -> Iterator[StampedArchive]:
    """Stamped once, and one job more."""
    with make_stamped(tmp_path, "First", fills=1) as made:
        fill_stamped(made)
        yield made


@pytest.fixture
def witness(stamped: StampedArchive, tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "w", logs=(stamped.made.identity.log_vkey,)) as made:
        yield made


def fill_stamped(stamped: StampedArchive) -> None:
    with stamped.writer() as writer:
        fill(writer, stamped.made, 1)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:30])


def change_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[3] ^= 1
    path.write_bytes(bytes(data))


def plant_beyond_the_log(path: Path) -> None:
    shutil.copytree(path.parent, path.parent.with_name("9999"))


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("damage", [cut, change_a_byte, plant_beyond_the_log, remove])
def test_A26_the_newest_checkpoint_is_cosigned_and_the_damage_told_once(
    damage: object, *, stamped: StampedArchive, witness: Running
) -> None:
    made = stamped.made
    heard: list[str] = []
    assert callable(damage)
    damage(stamped.anchors / str(max(stamped.sizes())) / "checkpoint")
    writer, cosigning = writer_with(made, witness.peer, tell=heard.append)
    with writer:
        fill(writer, made, 1)
    assert cosigning.pending == {}
    note = parse_note((made.root / "log" / "checkpoint").read_bytes())
    verify_note(note, parse_vkey(witness.peer.vkey), verify_ed25519)
    told = [line for line in heard if "cosign" in line]
    assert len(told) == (0 if damage is remove else 1)
    assert len(heard) == len(set(heard))


def test_A26_a_restored_copy_is_found_although_its_newest_anchor_is_damaged(
    stamped: StampedArchive, witness: Running, tmp_path: Path
) -> None:
    made = stamped.made
    shutil.copytree(made.root, tmp_path / "snapshot")
    with writer_with(made, witness.peer)[0] as writer:
        fill(writer, made, 2)
    shutil.rmtree(made.root)
    shutil.copytree(tmp_path / "snapshot", made.root)
    put_back_head(made.keys_folder, made.root)  # the keys from the same backup
    cut(stamped.anchors / str(max(stamped.sizes())) / "checkpoint")
    writer, _cosigning = writer_with(made, witness.peer)
    with pytest.raises(WitnessRefused, match="has seen our log at size"):
        writer.close()
