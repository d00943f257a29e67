"""Leaf, checkpoint, proof: one accepted form, many refused."""

import base64
from typing import Any

import pytest

from archive.digest import Digest
from archive.errors import (
    FormatError,
    LimitExceeded,
    MalformedCheckpoint,
    MalformedLeaf,
    MalformedNote,
    MalformedProof,
    UnknownKey,
)
from archive.log.checkpoint import (
    Checkpoint,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
)
from archive.log.leaf import MAX_LEAF_BYTES, Leaf, format_leaf, parse_leaf
from archive.log.note import (
    MAX_NOTE_BYTES,
    Ed25519Verify,
    NoteSigner,
    format_note,
    sign_note,
)
from archive.log.proof import MAX_PROOF_BYTES, TlogProof, format_proof, parse_proof

HEX = "ab" * 32
LEAF = f"evidence/v1 capture sha256:{HEX} 0123456789abcdef MEUCIQ==\n".encode()
ROOT64 = base64.b64encode(bytes(32)).decode()
BODY = f"log.example/one\n7\n{ROOT64}\n"
SIGNED = BODY + "\n— log.example/one AAAAAAE=\n"
PROOF = f"c2sp.org/tlog-proof@v1\nindex 5\n{ROOT64}\n{ROOT64}\n\n{SIGNED}".encode()


def test_leaf_is_read_and_written_again() -> None:
    leaf = parse_leaf(LEAF)
    expected = Leaf(
        kind="capture",
        statement_digest=Digest(HEX),
        key_id="0123456789abcdef",
        signature=b"0E\x02!",
    )
    assert leaf == expected
    assert format_leaf(leaf) == LEAF


def test_leaf_of_an_unknown_kind_is_still_a_leaf() -> None:
    """What an unknown kind means is judged by `verify`, not by the format."""
    assert (
        parse_leaf(LEAF.replace(b"capture", b"future-kind-2")).kind == "future-kind-2"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"evidence/v1", b"evidence/v2", id="another version"),
        pytest.param(b"capture", b"Capture", id="capital letter"),
        pytest.param(b"capture", b"", id="no kind"),
        pytest.param(b"capture", b"-capture", id="kind begins with a hyphen"),
        pytest.param(b"capture", b"c" * 33, id="kind too long"),
        pytest.param(b"capture ", b"capture  ", id="two spaces"),
        pytest.param(b" ", b"\t", id="tabs"),
        pytest.param(b"sha256:", b"sha512:", id="another algorithm"),
        pytest.param(b"sha256:ab", b"sha256:AB", id="capital hex"),
        pytest.param(b"sha256:ab", b"sha256:", id="short digest"),
        pytest.param(b"0123456789abcdef", b"0123456789abcde", id="short key id"),
        pytest.param(b"0123456789abcdef", b"0123456789ABCDEF", id="capital key id"),
        pytest.param(b"MEUCIQ==", b"", id="no signature"),
        pytest.param(b"MEUCIQ==", b"MEUCIQ", id="no padding"),
        pytest.param(b"MEUCIQ==", b"MEUCIQ=", id="half the padding"),
        pytest.param(b"MEUCIQ==", b"MEUCIR==", id="spare bits set"),
        pytest.param(b"MEUCIQ==", b"MEUC\nIQ==", id="line break in base64"),
        pytest.param(b"MEUCIQ==", b"M-UCIQ==", id="base64 for URLs"),
        pytest.param(b"\n", b"", id="no newline"),
        pytest.param(b"\n", b"\r\n", id="carriage return"),
        pytest.param(b"\n", b"\n\n", id="a second newline"),
        pytest.param(b"\n", b" x\n", id="a sixth field"),
        pytest.param(b"capture", "cаpture".encode(), id="Cyrillic letter"),
        pytest.param(b"0123", "٠123".encode(), id="Arabic digit"),
    ],
)
def test_malformed_leaf_is_refused(old: bytes, new: bytes) -> None:
    assert old in LEAF
    with pytest.raises(MalformedLeaf):
        parse_leaf(LEAF.replace(old, new))


def test_leaf_longer_than_a_bundle_can_hold_is_refused_both_ways() -> None:
    def make(signature_bytes: int) -> Leaf:
        return Leaf(
            kind="key",
            statement_digest=Digest(HEX),
            key_id="0" * 16,
            signature=bytes(signature_bytes),
        )

    fitting = MAX_LEAF_BYTES * 3 // 4 - 90
    assert parse_leaf(format_leaf(make(fitting))) == make(fitting)
    with pytest.raises(LimitExceeded):
        format_leaf(make(MAX_LEAF_BYTES))
    with pytest.raises(LimitExceeded):
        parse_leaf(LEAF.rstrip() + b"A" * MAX_LEAF_BYTES)


@pytest.mark.parametrize(
    "change", [{"kind": "a b"}, {"key_id": "0"}, {"signature": b""}], ids=str
)
def test_leaf_value_that_no_line_could_hold_cannot_be_made(
    change: dict[str, Any],
) -> None:
    values: dict[str, Any] = {"kind": "key", "key_id": "0" * 16, "signature": b"x"}
    with pytest.raises(MalformedLeaf):
        Leaf(statement_digest=Digest(HEX), **(values | change))


def test_checkpoint_is_read_and_written_again() -> None:
    checkpoint = parse_checkpoint(BODY)
    assert checkpoint == Checkpoint(origin="log.example/one", size=7, root=bytes(32))
    assert format_checkpoint(checkpoint) == BODY


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("log.example/one", "", id="no origin"),
        pytest.param("log.example/one", "log example", id="space in the origin"),
        pytest.param("log.example/one", "log+one", id="plus in the origin"),
        pytest.param("\n7\n", "\n07\n", id="leading zero"),
        pytest.param("\n7\n", "\n+7\n", id="plus sign"),
        pytest.param("\n7\n", "\n-7\n", id="minus sign"),
        pytest.param("\n7\n", "\n7_0\n", id="underscore"),
        pytest.param("\n7\n", "\n 7\n", id="space"),
        pytest.param("\n7\n", "\n٧\n", id="Arabic digit"),
        pytest.param("\n7\n", "\n1000000000000000\n", id="16 digits"),
        pytest.param("\n7\n", "\n\n", id="no size"),
        pytest.param("\n7\n", "\n0x7\n", id="hex"),
        pytest.param(ROOT64, ROOT64[:-1], id="no padding"),
        pytest.param(ROOT64, "AAAA", id="short root"),
        pytest.param(ROOT64, ROOT64.replace("A=", "B="), id="spare bits set"),
        pytest.param(ROOT64, base64.b64encode(bytes(33)).decode(), id="long root"),
        pytest.param(f"{ROOT64}\n", f"{ROOT64}\nextension\n", id="extension line"),
        pytest.param(f"{ROOT64}\n", f"{ROOT64}\n\n", id="empty line at the end"),
        pytest.param(f"{ROOT64}\n", ROOT64, id="no newline"),
        pytest.param(f"\n{ROOT64}", "", id="no root"),
    ],
)
def test_malformed_checkpoint_is_refused(old: str, new: str) -> None:
    assert old in BODY
    with pytest.raises(MalformedCheckpoint):
        parse_checkpoint(BODY.replace(old, new))


def test_checkpoint_value_out_of_bounds_cannot_be_made() -> None:
    for size in (-1, 10**15):
        with pytest.raises(MalformedCheckpoint):
            Checkpoint(origin="o", size=size, root=bytes(32))


def test_checkpoint_opens_with_the_key_of_its_own_log_only(
    signer: NoteSigner, verify: Ed25519Verify
) -> None:
    own = Checkpoint(origin=signer.vkey.name, size=7, root=bytes(32))
    data = format_note(sign_note(format_checkpoint(own), signer))
    assert open_checkpoint(data, signer.vkey, verify) == own
    with pytest.raises(UnknownKey, match="signed by the log"):
        open_checkpoint(format_note(sign_note(BODY, signer)), signer.vkey, verify)


def test_proof_is_read_and_written_again() -> None:
    proof = parse_proof(PROOF)
    assert proof.index == 5
    assert proof.hashes == (bytes(32), bytes(32))
    assert proof.checkpoint_note == SIGNED.encode()
    assert format_proof(proof) == PROOF


def test_proof_of_the_only_leaf_has_no_hashes() -> None:
    data = f"c2sp.org/tlog-proof@v1\nindex 0\n\n{SIGNED}".encode()
    assert parse_proof(data).hashes == ()
    assert format_proof(parse_proof(data)) == data


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("tlog-proof@v1", "tlog-proof@v2", id="another version"),
        pytest.param("index 5", "extra AAAA\nindex 5", id="extra line"),
        pytest.param("index 5", "index 05", id="leading zero"),
        pytest.param("index 5", "index  5", id="two spaces"),
        pytest.param("index 5", "Index 5", id="capital letter"),
        pytest.param("index 5", "index 999999999999999", id="no leaf has that index"),
        pytest.param("index 5\n", "", id="no index"),
        pytest.param(f"index 5\n{ROOT64}\n{ROOT64}", "", id="header alone"),
        pytest.param(f"5\n{ROOT64}", f"5\n{ROOT64[:-1]}", id="no padding"),
        pytest.param(f"5\n{ROOT64}", "5\nAAAA", id="short hash"),
        pytest.param(f"5\n{ROOT64}", f"5\n{ROOT64}\r", id="carriage return"),
        pytest.param("c2sp", "с2sp", id="Cyrillic letter"),
        pytest.param(f"\n\n{SIGNED}", "\n", id="no checkpoint"),
        pytest.param(f"\n\n{SIGNED}", "\n\n", id="empty checkpoint"),
        pytest.param("\n\nlog", "\n\n\nlog", id="two empty lines"),
        pytest.param("AAAAAAE=\n", "AAAAAAE=\n\n", id="empty line at the end"),
        pytest.param("\n7\n", "\n07\n", id="checkpoint malformed"),
    ],
)
def test_malformed_proof_is_refused(old: str, new: str) -> None:
    text = PROOF.decode()
    assert old in text
    with pytest.raises((MalformedProof, MalformedNote, MalformedCheckpoint)):
        parse_proof(text.replace(old, new, 1).encode())


def test_bounds_of_a_proof_hold_both_ways() -> None:
    note = SIGNED.encode()
    most = TlogProof(index=5, hashes=(bytes(32),) * 63, checkpoint_note=note)
    assert parse_proof(format_proof(most)) == most
    with pytest.raises(LimitExceeded):
        TlogProof(index=5, hashes=(bytes(32),) * 64, checkpoint_note=note)
    with pytest.raises(LimitExceeded):
        parse_proof(PROOF + b"x" * MAX_PROOF_BYTES)
    filler = "x" * (MAX_NOTE_BYTES - len(note))
    longest = filler.encode() + note
    with pytest.raises(LimitExceeded):
        format_proof(TlogProof(index=5, hashes=(), checkpoint_note=longest))


def test_refusals_are_format_errors_with_exit_code_4() -> None:
    for error in (MalformedLeaf, MalformedNote, MalformedCheckpoint, MalformedProof):
        assert issubclass(error, FormatError)
        assert error.exit_code == 4
