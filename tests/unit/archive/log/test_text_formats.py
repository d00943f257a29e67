"""Leaf, note, verifier key, checkpoint, proof: one accepted form, many refused."""

import base64

import pytest

from archive.digest import Digest
from archive.errors import (
    BadSignature,
    FormatError,
    LimitExceeded,
    MalformedCheckpoint,
    MalformedLeaf,
    MalformedNote,
    MalformedProof,
    UnknownAlgorithm,
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
    COSIGNATURE,
    ED25519,
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    ML_DSA_44,
    Ed25519Verify,
    NoteSignature,
    NoteSigner,
    SignedNote,
    VerifierKey,
    format_note,
    format_vkey,
    key_hash,
    make_vkey,
    open_note,
    parse_note,
    parse_vkey,
    sign_note,
    verify_note,
)
from archive.log.proof import MAX_PROOF_BYTES, TlogProof, format_proof, parse_proof

HEX = "ab" * 32
LEAF = f"evidence/v1 capture sha256:{HEX} 0123456789abcdef MEUCIQ==\n".encode()
ROOT64 = base64.b64encode(bytes(32)).decode()
BODY = f"log.example/one\n7\n{ROOT64}\n"
SIGNED = BODY + "\n— log.example/one AAAAAAE=\n"
PROOF = f"c2sp.org/tlog-proof@v1\nindex 5\n{ROOT64}\n{ROOT64}\n\n{SIGNED}".encode()
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6"
    "TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()


class FixedTime:
    """A cosigner: Ed25519 over a stated time and the text."""

    def __init__(self, inner: NoteSigner, seconds: int) -> None:
        self.inner = inner
        self.seconds = seconds
        self.vkey = make_vkey("w.example", COSIGNATURE, inner.vkey.public_key)

    def cosign(self, note: SignedNote) -> SignedNote:
        message = f"cosignature/v1\ntime {self.seconds}\n{note.body}".encode()
        line = NoteSignature(
            name=self.vkey.name,
            key_hash=self.vkey.key_hash,
            signature=self.seconds.to_bytes(8, "big") + self.inner.sign(message),
        )
        return SignedNote(body=note.body, signatures=(*note.signatures, line))


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
    change: dict[str, str],
) -> None:
    values: dict[str, object] = {"kind": "key", "key_id": "0" * 16, "signature": b"x"}
    with pytest.raises(MalformedLeaf):
        Leaf(statement_digest=Digest(HEX), **(values | change))  # type: ignore[arg-type]


def test_example_of_the_specification_opens(verify: Ed25519Verify) -> None:
    vkey = parse_vkey(EXAMPLE_KEY)
    assert format_vkey(vkey) == EXAMPLE_KEY
    assert open_note(EXAMPLE_NOTE, vkey, verify).body == "This is an example message.\n"
    assert format_note(parse_note(EXAMPLE_NOTE)) == EXAMPLE_NOTE


def test_text_of_a_note_may_hold_empty_lines() -> None:
    note = parse_note("one\n\n\ntwo\n\n\n— n AAAAAAE=\n".encode())
    assert note.body == "one\n\n\ntwo\n\n"
    assert format_note(note) == "one\n\n\ntwo\n\n\n— n AAAAAAE=\n".encode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("text\n", id="text only"),
        pytest.param("text\n\n", id="no signature"),
        pytest.param("\n— n AAAAAAE=\n", id="no text"),
        pytest.param("text\n— n AAAAAAE=\n", id="no empty line"),
        pytest.param("text\n\n— n AAAAAAE=", id="no last newline"),
        pytest.param("text\n\n— n AAAAAAE=\n\n", id="empty line at the end"),
        pytest.param("text\n\n- n AAAAAAE=\n", id="hyphen for dash"),
        pytest.param("text\n\n—n AAAAAAE=\n", id="no space behind the dash"),
        pytest.param("text\n\n—  AAAAAAE=\n", id="no name"),
        pytest.param("text\n\n— n  AAAAAAE=\n", id="two spaces"),
        pytest.param("text\n\n— n AAAAAAE= \n", id="trailing space"),
        pytest.param("text\n\n— n AAAAAAE= x\n", id="fourth field"),
        pytest.param("text\n\n— n+m AAAAAAE=\n", id="plus in the name"),
        pytest.param("text\n\n— n\u00a0m AAAAAAE=\n", id="no-break space in the name"),
        pytest.param("text\n\n— n\u2003m AAAAAAE=\n", id="em space in the name"),
        pytest.param("text\n\n— n AAAAAA==\n", id="key id without signature"),
        pytest.param("text\n\n— n AAAA\n", id="short key id"),
        pytest.param("text\n\n— n AAAAAAF=\n", id="spare bits set"),
        pytest.param("text\n\n— n AAAAAAE\n", id="no padding"),
        pytest.param("te\txt\n\n— n AAAAAAE=\n", id="tab in the text"),
        pytest.param("text\r\n\n— n AAAAAAE=\n", id="carriage return"),
        pytest.param("te\0xt\n\n— n AAAAAAE=\n", id="zero byte"),
        pytest.param("text\n\n— n AAAAAAE=\nx\n", id="foreign line behind"),
    ],
)
def test_malformed_note_is_refused(text: str) -> None:
    with pytest.raises(MalformedNote):
        parse_note(text.encode())


def test_note_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(MalformedNote, match="byte 0"):
        parse_note(b"\xff\n\n" + "— n AAAAAAE=\n".encode())
    with pytest.raises(MalformedNote, match="UTF-8"):
        SignedNote(body="\ud800\n", signatures=parse_note(SIGNED.encode()).signatures)
    with pytest.raises(MalformedNote, match="newline"):
        SignedNote(body="x", signatures=parse_note(SIGNED.encode()).signatures)


def test_bounds_of_a_note_hold_both_ways() -> None:
    line = "— n AAAAAAE=\n"
    assert len(parse_note(f"x\n\n{line * MAX_SIGNATURES}".encode()).signatures) == 64
    with pytest.raises(MalformedNote, match="1 to 64"):
        parse_note(f"x\n\n{line * (MAX_SIGNATURES + 1)}".encode())
    longest = f"{'x' * (MAX_NOTE_BYTES - len(line.encode()) - 2)}\n\n{line}".encode()
    assert len(format_note(parse_note(longest))) == MAX_NOTE_BYTES
    with pytest.raises(LimitExceeded):
        parse_note(b"x" + longest)
    note = parse_note(longest)
    with pytest.raises(LimitExceeded):
        format_note(SignedNote(body="x" + note.body, signatures=note.signatures))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("example.com/foo+530d903a", id="two parts"),
        pytest.param(EXAMPLE_KEY.replace("530d903a", "530D903A"), id="capital hex"),
        pytest.param(EXAMPLE_KEY.replace("530d903a", "530d903b"), id="foreign key id"),
        pytest.param(EXAMPLE_KEY.replace("530d903a", "30d903a"), id="seven digits"),
        pytest.param(EXAMPLE_KEY.replace("+Aeky", "+Aek"), id="short key"),
        pytest.param(EXAMPLE_KEY.replace("com/foo", "com/fop"), id="another name"),
        pytest.param(EXAMPLE_KEY.replace("com/foo", "com foo"), id="space in the name"),
        pytest.param(EXAMPLE_KEY[15:], id="no name"),
        pytest.param(EXAMPLE_KEY + "\n", id="newline"),
        pytest.param("n+00000000+", id="no key"),
        pytest.param("n+00000000+AQ==", id="algorithm without key"),
        pytest.param("\ud800+00000000+AQ==", id="lone surrogate"),
    ],
)
def test_malformed_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(MalformedNote):
        parse_vkey(text)


def test_verifier_key_of_an_unknown_algorithm_is_no_key() -> None:
    material = base64.b64encode(b"\x02" + bytes(32)).decode()
    with pytest.raises(UnknownAlgorithm):
        parse_vkey(f"n+{key_hash('n', 2, bytes(32)).hex()}+{material}")


def test_signed_note_opens_with_its_key_only(
    signer: NoteSigner, make_signer: type[NoteSigner], verify: Ed25519Verify
) -> None:
    data = format_note(sign_note(BODY, signer))
    assert open_note(data, signer.vkey, verify).body == BODY
    stranger = make_signer(signer.vkey.name, b"\x01" * 32)  # type: ignore[call-arg]
    with pytest.raises(UnknownKey):
        open_note(data, stranger.vkey, verify)
    renamed = make_vkey("other", ED25519, signer.vkey.public_key)
    with pytest.raises(UnknownKey):
        open_note(data, renamed, verify)
    with pytest.raises(BadSignature):
        open_note(data.replace(b"\n7\n", b"\n8\n"), signer.vkey, verify)


def test_each_line_of_a_known_key_has_to_hold(
    signer: NoteSigner, verify: Ed25519Verify
) -> None:
    good = sign_note(BODY, signer)
    (line,) = good.signatures
    bad = NoteSignature(name=line.name, key_hash=line.key_hash, signature=bytes(64))
    short = NoteSignature(name=line.name, key_hash=line.key_hash, signature=bytes(63))
    foreign = NoteSignature(name=line.name, key_hash=b"none", signature=b"?")
    verify_note(SignedNote(body=BODY, signatures=(foreign, line)), signer.vkey, verify)
    for lines in ((line, bad), (bad, line), (short,), (line, short)):
        with pytest.raises(BadSignature):
            verify_note(SignedNote(body=BODY, signatures=lines), signer.vkey, verify)


def test_cosignature_covers_its_time(signer: NoteSigner, verify: Ed25519Verify) -> None:
    witness = FixedTime(signer, 1_679_315_147)
    note = witness.cosign(sign_note(BODY, signer))
    verify_note(note, witness.vkey, verify)
    line = note.signatures[1]
    later = (witness.seconds + 1).to_bytes(8, "big") + line.signature[8:]
    changed = NoteSignature(name=line.name, key_hash=line.key_hash, signature=later)
    with pytest.raises(BadSignature):
        verify_note(SignedNote(body=BODY, signatures=(changed,)), witness.vkey, verify)
    with pytest.raises(BadSignature, match="no possible time"):
        verify_note(FixedTime(signer, 2**63).cosign(note), witness.vkey, verify)


def test_algorithm_that_is_not_verified_never_passes(verify: Ed25519Verify) -> None:
    vkey = make_vkey("w.example", ML_DSA_44, bytes(1312))
    assert parse_vkey(format_vkey(vkey)) == vkey
    line = NoteSignature(name=vkey.name, key_hash=vkey.key_hash, signature=bytes(2428))
    with pytest.raises(UnknownAlgorithm):
        verify_note(SignedNote(body=BODY, signatures=(line,)), vkey, verify)


def test_signer_that_breaks_its_promise_is_our_own_mistake(signer: NoteSigner) -> None:
    class Broken:
        def __init__(self, vkey: VerifierKey) -> None:
            self.vkey = vkey

        def sign(self, message: bytes) -> bytes:
            return message[:3]

    with pytest.raises(AssertionError):
        sign_note(BODY, Broken(signer.vkey))
    with pytest.raises(AssertionError):
        sign_note(BODY, Broken(FixedTime(signer, 0).vkey))


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
