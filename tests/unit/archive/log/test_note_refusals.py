"""Each refusal of a note or a verifier key says what it found; bounds are exact.

A person who reads the sentence must know what to look at, so the words are a promise.
"""

from dataclasses import dataclass
from typing import Any

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
    MAX_TIME,
    ML_DSA_44,
    NoteSignature,
    SignedNote,
    VerifierKey,
    add_signatures,
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
from tests.support.judging.refusals import Case

HASH = bytes(32)
LINE = NoteSignature(name="a.example", key_hash=b"1234", signature=b"x")
KEY = make_vkey("a.example", ED25519, HASH)


def note(body: str = "x\n", count: int = 1) -> SignedNote:
    return SignedNote(body=body, signatures=(LINE,) * count)


def vkey(**changes: Any) -> VerifierKey:
    values: dict[str, Any] = {
        "name": "a.example",
        "algorithm": ED25519,
        "public_key": HASH,
    }
    values |= changes
    if "key_hash" not in values:
        values["key_hash"] = key_hash(*values.values())
    return VerifierKey(**values)


def nothing(_key: bytes, _signature: bytes, _message: bytes) -> None:
    """Every signature holds."""


def signed(signature: bytes, key: VerifierKey = KEY) -> SignedNote:
    line = NoteSignature(name=key.name, key_hash=key.key_hash, signature=signature)
    return SignedNote(body="x\n", signatures=(line,))


COSIGNER = make_vkey("a.example", COSIGNATURE, HASH)
DILITHIUM = make_vkey("a.example", ML_DSA_44, bytes(1312))
LATE = (MAX_TIME + 1).to_bytes(8, "big") + bytes(64)

CASES = {
    "name": Case(
        lambda: NoteSignature(name="a b", key_hash=b"1234", signature=b"x"),
        MalformedNote,
        "not a key name: 'a b'",
    ),
    "name-control": Case(
        lambda: NoteSignature(name="a\x1f", key_hash=b"1234", signature=b"x"),
        MalformedNote,
        "not a key name: 'a\\x1f'",
    ),
    "name-surrogate": Case(
        lambda: NoteSignature(name="a\ud800", key_hash=b"1234", signature=b"x"),
        MalformedNote,
        "not UTF-8: 'a\\ud800'",
    ),
    "key-hash": Case(
        lambda: NoteSignature(name="a", key_hash=b"123", signature=b"x"),
        MalformedNote,
        "a signature of 'a' is too short",
    ),
    "no-signature": Case(
        lambda: NoteSignature(name="a", key_hash=b"1234", signature=b""),
        MalformedNote,
        "a signature of 'a' is too short",
    ),
    "body-surrogate": Case(
        lambda: note("\ud800\n"), MalformedNote, "not UTF-8: '\\ud800\\n'"
    ),
    "body-end": Case(
        lambda: note("x"), MalformedNote, "the text of a note ends with a newline"
    ),
    "body-control": Case(
        lambda: note("x\x1f\n"), MalformedNote, "a note holds a control character"
    ),
    "no-lines": Case(
        lambda: note(count=0), MalformedNote, "a note has 1 to 64 signatures"
    ),
    "lines": Case(
        lambda: note(count=65), MalformedNote, "a note has 1 to 64 signatures"
    ),
    "vkey-name": Case(lambda: vkey(name="a+b"), MalformedNote, "not a key name: 'a+b'"),
    "vkey-surrogate": Case(
        lambda: vkey(name="\ud800", key_hash=b"1234"),
        MalformedNote,
        "not UTF-8: '\\ud800'",
    ),
    "vkey-algorithm": Case(
        lambda: vkey(algorithm=9),
        UnknownAlgorithm,
        "signature type 9 of a.example",
    ),
    "vkey-length": Case(
        lambda: vkey(public_key=bytes(31)),
        MalformedNote,
        "the public key of a.example has a wrong length",
    ),
    "vkey-hash": Case(
        lambda: vkey(key_hash=b"1234"),
        MalformedNote,
        "the key id of a.example is not that of its key",
    ),
    "vkey-parts": Case(
        lambda: parse_vkey("a+12345678"),
        MalformedNote,
        "not a verifier key: 'a+12345678'",
    ),
    "vkey-id": Case(
        lambda: parse_vkey("a+1234567G+AAAA"),
        MalformedNote,
        "not a key id of eight hex digits: '1234567G'",
    ),
    "vkey-id-long": Case(
        lambda: parse_vkey("a+123456789+AAAA"),
        MalformedNote,
        "not a key id of eight hex digits: '123456789'",
    ),
    "vkey-id-letter": Case(
        lambda: parse_vkey("a+1234567X+AAAA"),
        MalformedNote,
        "not a key id of eight hex digits: '1234567X'",
    ),
    "vkey-base64": Case(
        lambda: parse_vkey("a+12345678+?"), MalformedNote, "not base64: '?'"
    ),
    "vkey-empty": Case(
        lambda: parse_vkey("a+12345678+"),
        MalformedNote,
        "a verifier key without key: 'a+12345678+'",
    ),
    "note-long": Case(
        lambda: parse_note(bytes(MAX_NOTE_BYTES + 1)),
        LimitExceeded,
        f"a note of more than {MAX_NOTE_BYTES} bytes",
    ),
    "note-utf8": Case(
        lambda: parse_note(b"ab\xff"), MalformedNote, "byte 2 of a note is not UTF-8"
    ),
    "note-no-blank-line": Case(
        lambda: parse_note(b"x\n"),
        MalformedNote,
        "a note is text, an empty line and signature lines",
    ),
    "note-open-end": Case(
        lambda: parse_note("x\n\n— a.example AAAAAAE=".encode()),
        MalformedNote,
        "a note is text, an empty line and signature lines",
    ),
    "note-line": Case(
        lambda: parse_note(b"x\n\n- a.example AAAAAAE=\n"),
        MalformedNote,
        "not a signature line: '- a.example AAAAAAE='",
    ),
    "note-line-of-four": Case(
        lambda: parse_note("x\n\n— a.example AAAAAAE= more\n".encode()),
        MalformedNote,
        "not a signature line: '\\u2014 a.example AAAAAAE= more'",
    ),
    "note-line-of-two": Case(
        lambda: parse_note("x\n\n— AAAAAAE=\n".encode()),
        MalformedNote,
        "not a signature line: '\\u2014 AAAAAAE='",
    ),
    "note-line-base64": Case(
        lambda: parse_note("x\n\n— a.example ?\n".encode()),
        MalformedNote,
        "not base64: '?'",
    ),
    "note-written-long": Case(
        lambda: format_note(note("x" * MAX_NOTE_BYTES + "\n")),
        LimitExceeded,
        f"a note of more than {MAX_NOTE_BYTES} bytes",
    ),
    "no-key": Case(
        lambda: verify_note(note(), KEY, nothing),
        UnknownKey,
        f"no signature of a.example ({KEY.key_hash.hex()})",
    ),
    "signature-length": Case(
        lambda: verify_note(signed(bytes(63)), KEY, nothing),
        BadSignature,
        "the signature of a.example has a wrong length",
    ),
    "signature-type": Case(
        lambda: verify_note(signed(bytes(64), DILITHIUM), DILITHIUM, nothing),
        UnknownAlgorithm,
        "signature type 6 of a.example",
    ),
    "cosignature-time": Case(
        lambda: verify_note(signed(LATE, COSIGNER), COSIGNER, nothing),
        BadSignature,
        "the cosignature of a.example is of no possible time",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_refusal_says_exactly_what_it_found(case: Case) -> None:
    case.check()


# Bounds: the last value that is allowed is allowed


def test_the_longest_note_is_read_and_written() -> None:
    rest = len(format_note(note("x\n")))
    longest = note("x" * (MAX_NOTE_BYTES - rest + 1) + "\n")
    assert len(format_note(longest)) == MAX_NOTE_BYTES
    assert parse_note(format_note(longest)) == longest


def test_as_many_lines_as_are_allowed_are_read() -> None:
    most = note(count=MAX_SIGNATURES)
    assert parse_note(format_note(most)) == most
    more = format_note(most) + "— a.example MTIzNHg=\n".encode()
    with pytest.raises(MalformedNote, match="1 to 64 signatures"):
        parse_note(more)


def test_the_latest_time_of_a_cosignature_is_read() -> None:
    seen: list[bytes] = []
    latest = MAX_TIME.to_bytes(8, "big") + bytes(64)
    verify_note(
        signed(latest, COSIGNER), COSIGNER, lambda _key, _sig, text: seen.append(text)
    )
    assert seen == [f"cosignature/v1\ntime {MAX_TIME}\nx\n".encode()]


def test_what_is_verified_is_key_signature_and_text() -> None:
    seen: list[tuple[bytes, bytes, bytes]] = []

    def verify(key: bytes, signature: bytes, text: bytes) -> None:
        seen.append((key, signature, text))

    data = format_note(signed(b"s" * 64))
    assert open_note(data, KEY, verify) == signed(b"s" * 64)
    assert seen == [(KEY.public_key, b"s" * 64, b"x\n")]


def test_a_key_with_a_plus_in_its_base64_is_read() -> None:
    """The material begins with the algorithm; what follows may hold any letter."""
    key = make_vkey("a.example", ED25519, b"\0\0\xfb\xef\xbe" + bytes(27))
    text = format_vkey(key)
    assert text.count("+") > 2
    assert parse_vkey(text) == key


def test_lines_are_added_behind_and_each_key_keeps_its_last() -> None:
    other = NoteSignature(name="b.example", key_hash=b"1234", signature=b"y")
    again = NoteSignature(name="a.example", key_hash=b"1234", signature=b"z")
    added = add_signatures(note(), (other, again))
    assert added.body == "x\n"
    assert added.signatures == (again, other)


@dataclass
class Signer:
    """Signs with as many bytes as it is told."""

    vkey: VerifierKey
    length: int = 64

    def sign(self, message: bytes) -> bytes:
        assert message == b"x\n"
        return b"s" * self.length


def test_a_signer_that_breaks_its_promise_is_our_own_mistake() -> None:
    assert sign_note("x\n", Signer(KEY)) == signed(b"s" * 64)
    with pytest.raises(AssertionError, match=r"^a log signs with Ed25519$"):
        sign_note("x\n", Signer(COSIGNER))
    with pytest.raises(AssertionError, match=r"^not an Ed25519 signature$"):
        sign_note("x\n", Signer(KEY, 63))
