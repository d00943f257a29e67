import json
from pathlib import Path

import pytest

from archive.errors import BadSignature, UnknownKey
from archive.files import Files
from archive.log.checkpoint import parse_checkpoint
from archive.log.merkle import read_root, root_from_hashes
from archive.log.note import (
    COSIGNATURE,
    Ed25519Verify,
    VerifierKey,
    format_note,
    format_vkey,
    open_note,
    parse_note,
    parse_vkey,
)
from archive.log.tilefiles import TileFiles

pytestmark = pytest.mark.corpus

LOG = "000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea9706"
SIZE = 300


@pytest.fixture
def witness_folder(tlog_corpus: Path) -> Path:
    return tlog_corpus / "sunlight" / "witness"


@pytest.fixture
def mirror_log(witness_folder: Path) -> Path:
    return witness_folder / "mirror" / LOG


def read_key(path: Path) -> VerifierKey:
    (text,) = json.loads(path.read_text(encoding="utf-8"))["verifier_keys"]
    vkey = parse_vkey(text)
    assert format_vkey(vkey) == text
    return vkey


def test_cosignatures_of_witness_and_mirror_verify(
    witness_folder: Path, mirror_log: Path, verify: Ed25519Verify
) -> None:
    for key_file, folder in (
        (witness_folder / "witness.v0.json", witness_folder / LOG),
        (witness_folder / "mirror" / "mirror.v0.json", mirror_log),
    ):
        vkey = read_key(key_file)
        assert vkey.algorithm == COSIGNATURE
        data = (folder / "checkpoint").read_bytes()
        note = open_note(data, vkey, verify)
        assert format_note(note) == data
        assert parse_checkpoint(note.body).size == SIZE


def test_cosignature_of_another_text_or_key_is_refused(
    witness_folder: Path, mirror_log: Path, verify: Ed25519Verify
) -> None:
    witness = read_key(witness_folder / "witness.v0.json")
    mirrored = (mirror_log / "checkpoint").read_bytes()
    with pytest.raises(UnknownKey):
        open_note(mirrored, witness, verify)
    data = (witness_folder / LOG / "checkpoint").read_bytes()
    with pytest.raises(BadSignature):
        open_note(data.replace(b"\n300\n", b"\n301\n"), witness, verify)


def test_300_leaf_hashes_give_the_root_of_the_mirror(mirror_log: Path) -> None:
    data = (mirror_log / "checkpoint").read_bytes()
    checkpoint = parse_checkpoint(parse_note(data).body)
    tiles = TileFiles(mirror_log, Files())
    hashes = [*tiles.read_tile(0, 0, 256), *tiles.read_tile(0, 1, SIZE - 256)]
    assert root_from_hashes(hashes) == checkpoint.root
    assert tiles.read_tile(1, 0, 1) == [root_from_hashes(hashes[:256])]
    stored = read_root(SIZE, lambda wanted: tiles.read_subtrees(wanted, SIZE))
    assert stored == checkpoint.root


def test_the_two_checkpoints_of_one_size_are_a_split_view(
    witness_folder: Path, mirror_log: Path
) -> None:
    """The fixtures happen to be proof of misconduct: two roots for one size."""
    one, other = (
        parse_checkpoint(parse_note((folder / "checkpoint").read_bytes()).body)
        for folder in (witness_folder / LOG, mirror_log)
    )
    assert (one.origin, one.size) == (other.origin, other.size)
    assert one.root != other.root
