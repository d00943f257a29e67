"""Notes and verifier keys: one accepted form, many refused; which key opens what."""

import base64

import pytest

from archive.errors import (
    BadSignature,
    LimitExceeded,
    MalformedNote,
    UnknownAlgorithm,
    UnknownKey,
)
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
from tests.support.archives.log_parts import FixedSigner

ROOT64 = base64.b64encode(bytes(32)).decode()
BODY = f"log.example/one\n7\n{ROOT64}\n"
SIGNED = BODY + "\n— log.example/one AAAAAAE=\n"
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
    signer: NoteSigner, verify: Ed25519Verify
) -> None:
    data = format_note(sign_note(BODY, signer))
    assert open_note(data, signer.vkey, verify).body == BODY
    stranger = FixedSigner(signer.vkey.name, b"\x01" * 32)
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
