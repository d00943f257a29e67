"""Signed note (c2sp.org/signed-note): parse, format, sign, open.

A note is text, a blank line, and signature lines `— name base64(key id | signature)`.
The text means nothing before `open_note` returned. Of cosignatures
(c2sp.org/tlog-cosignature) the Ed25519 form is verified; how many count, and whose, is
the reader's policy.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from archive.errors import (
    BadSignature,
    LimitExceeded,
    MalformedNote,
    UnknownAlgorithm,
    UnknownKey,
)
from archive.log.fields import format_base64, parse_base64, quote

ED25519 = 0x01
"""Signature over the note text."""
COSIGNATURE = 0x04
"""Ed25519 over a time and the note text."""
ML_DSA_44 = 0x06
"""Known by name and length only: this version does not verify it."""

PUBLIC_KEY_BYTES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
"""Bytes of a public key, by algorithm."""
KEY_HASH_BYTES = 4
"""Bytes of a key id: a hint which key to try, no more."""
ED25519_SIGNATURE_BYTES = 64
"""Bytes of an Ed25519 signature."""
TIME_BYTES = 8
"""Bytes of the POSIX time in front of a cosignature, big-endian."""
MAX_TIME = 2**63 - 1
"""The latest time that tlog-cosignature allows, in seconds."""
MAX_NOTE_BYTES = 65_536
"""Bytes of a note: 64 KiB hold a checkpoint and some 15 ML-DSA-44 cosignatures."""
MAX_SIGNATURES = 64
"""Signature lines of a note; signed-note asks for 16 at least."""

Ed25519Verify = Callable[[bytes, bytes, bytes], None]
"""Given public key, signature and message; raises BadSignature."""

_DASH = "\N{EM DASH}"
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")
"""All that ASCII has below the space, but for the newline."""
_NOT_IN_NAMES = re.compile(r"[\s+\x00-\x1f]")


def is_key_name(text: str) -> bool:
    """Whether a key may be called so: not empty, no white space, plus or control."""
    return bool(text) and _NOT_IN_NAMES.search(text) is None


def key_hash(name: str, algorithm: int, public_key: bytes) -> bytes:
    """Compute the key id: SHA-256(name | newline | algorithm | public key)[:4]."""
    hashed = name.encode() + b"\n" + bytes([algorithm]) + public_key
    return hashlib.sha256(hashed).digest()[:KEY_HASH_BYTES]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature line; `signature` is all that follows the key id."""

    name: str
    key_hash: bytes
    signature: bytes

    def __post_init__(self) -> None:
        _demand_text(self.name)
        if not is_key_name(self.name):
            raise MalformedNote(f"not a key name: {quote(self.name)}")
        if len(self.key_hash) != KEY_HASH_BYTES or not self.signature:
            raise MalformedNote(f"a signature of {quote(self.name)} is too short")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedNote:
    """Text and signature lines, neither trusted yet; `body` ends with a newline."""

    body: str
    signatures: tuple[NoteSignature, ...]

    def __post_init__(self) -> None:
        _demand_text(self.body)
        if not self.body.endswith("\n"):
            raise MalformedNote("the text of a note ends with a newline")
        if _CONTROLS.search(self.body) is not None:
            raise MalformedNote("a note holds a control character")
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise MalformedNote(f"a note has 1 to {MAX_SIGNATURES} signatures")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """Name and public key by which signature lines are found and verified."""

    name: str
    key_hash: bytes
    algorithm: int
    public_key: bytes

    def __post_init__(self) -> None:
        _demand_text(self.name)
        if not is_key_name(self.name):
            raise MalformedNote(f"not a key name: {quote(self.name)}")
        if self.algorithm not in PUBLIC_KEY_BYTES:
            raise UnknownAlgorithm(f"signature type {self.algorithm} of {self.name}")
        if len(self.public_key) != PUBLIC_KEY_BYTES[self.algorithm]:
            raise MalformedNote(f"the public key of {self.name} has a wrong length")
        if self.key_hash != key_hash(self.name, self.algorithm, self.public_key):
            raise MalformedNote(f"the key id of {self.name} is not that of its key")


class NoteSigner(Protocol):
    """Whoever holds a log key."""

    @property
    def vkey(self) -> VerifierKey:
        """The public half."""

    def sign(self, message: bytes) -> bytes:
        """Sign with Ed25519, 64 bytes."""


def make_vkey(name: str, algorithm: int, public_key: bytes) -> VerifierKey:
    """Put a verifier key together, its key id computed."""
    return VerifierKey(
        name=name,
        key_hash=key_hash(name, algorithm, public_key),
        algorithm=algorithm,
        public_key=public_key,
    )


def parse_vkey(text: str) -> VerifierKey:
    """Read `name+hex(key id)+base64(algorithm | public key)`.

    MalformedNote, or UnknownAlgorithm for a signature type not named above.
    """
    # The base64 part may hold a plus itself; the name may not.
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise MalformedNote(f"not a verifier key: {quote(text)}")
    name, key_id, encoded = parts
    material = parse_base64(encoded, MalformedNote)
    if len(key_id) != 2 * KEY_HASH_BYTES or set(key_id) - set("0123456789abcdef"):
        raise MalformedNote(f"not a key id of eight hex digits: {quote(key_id)}")
    if not material:
        raise MalformedNote(f"a verifier key without key: {quote(text)}")
    return VerifierKey(
        name=name,
        key_hash=bytes.fromhex(key_id),
        algorithm=material[0],
        public_key=material[1:],
    )


def format_vkey(vkey: VerifierKey) -> str:
    """Write a verifier key."""
    material = bytes([vkey.algorithm]) + vkey.public_key
    return f"{vkey.name}+{vkey.key_hash.hex()}+{format_base64(material)}"


def parse_note(data: bytes) -> SignedNote:
    """Read a note; MalformedNote or LimitExceeded. Nothing in it is trusted by that."""
    if len(data) > MAX_NOTE_BYTES:
        raise LimitExceeded(f"a note of more than {MAX_NOTE_BYTES} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise MalformedNote(f"byte {error.start} of a note is not UTF-8") from error
    # The last empty line divides: the text may hold others, signature lines none.
    body, blank_line, lines = text.rpartition("\n\n")
    if not blank_line or not lines.endswith("\n"):
        raise MalformedNote("a note is text, an empty line and signature lines")
    signatures = lines[:-1].split("\n")
    return SignedNote(
        body=body + "\n", signatures=tuple(_parse_signature(one) for one in signatures)
    )


def format_note(note: SignedNote) -> bytes:
    """Write a note; LimitExceeded if no reader would take it."""
    lines = "".join(_format_signature(signature) for signature in note.signatures)
    data = f"{note.body}\n{lines}".encode()
    if len(data) > MAX_NOTE_BYTES:
        raise LimitExceeded(f"a note of more than {MAX_NOTE_BYTES} bytes")
    return data


def sign_note(body: str, signer: NoteSigner) -> SignedNote:
    """Sign a text with a log's Ed25519 key."""
    if signer.vkey.algorithm != ED25519:
        raise AssertionError("a log signs with Ed25519")
    signature = signer.sign(body.encode())
    if len(signature) != ED25519_SIGNATURE_BYTES:
        raise AssertionError("not an Ed25519 signature")
    line = NoteSignature(
        name=signer.vkey.name, key_hash=signer.vkey.key_hash, signature=signature
    )
    return SignedNote(body=body, signatures=(line,))


def add_signatures(note: SignedNote, lines: Sequence[NoteSignature]) -> SignedNote:
    """Add signature lines behind those of a note; one line of each key is kept."""
    kept = {(line.name, line.key_hash): line for line in (*note.signatures, *lines)}
    return SignedNote(body=note.body, signatures=tuple(kept.values()))


def open_note(data: bytes, vkey: VerifierKey, verify: Ed25519Verify) -> SignedNote:
    """Read a note and demand a good signature of that key; see `verify_note`."""
    note = parse_note(data)
    verify_note(note, vkey, verify)
    return note


def verify_note(note: SignedNote, vkey: VerifierKey, verify: Ed25519Verify) -> None:
    """Demand that each line of the key, and at least one, is its signature.

    UnknownKey without such a line, BadSignature if one does not hold, UnknownAlgorithm
    for a key type that this version cannot verify. Lines of other keys are ignored.
    """
    lines = [
        line
        for line in note.signatures
        if (line.name, line.key_hash) == (vkey.name, vkey.key_hash)
    ]
    if not lines:
        raise UnknownKey(f"no signature of {vkey.name} ({vkey.key_hash.hex()})")
    for line in lines:
        signature, message = _signed_message(note.body, line, vkey.algorithm)
        if len(signature) != ED25519_SIGNATURE_BYTES:
            raise BadSignature(f"the signature of {vkey.name} has a wrong length")
        verify(vkey.public_key, signature, message)


def _signed_message(
    body: str, line: NoteSignature, algorithm: int
) -> tuple[bytes, bytes]:
    """Split a line into bare signature and the message it is made over."""
    if algorithm == ED25519:
        return line.signature, body.encode()
    if algorithm != COSIGNATURE:
        raise UnknownAlgorithm(f"signature type {algorithm} of {line.name}")
    seconds = int.from_bytes(line.signature[:TIME_BYTES])
    if seconds > MAX_TIME:
        raise BadSignature(f"the cosignature of {line.name} is of no possible time")
    message = f"cosignature/v1\ntime {seconds}\n{body}"
    return line.signature[TIME_BYTES:], message.encode()


def _parse_signature(line: str) -> NoteSignature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH:
        raise MalformedNote(f"not a signature line: {quote(line)}")
    data = parse_base64(parts[2], MalformedNote)
    return NoteSignature(
        name=parts[1], key_hash=data[:KEY_HASH_BYTES], signature=data[KEY_HASH_BYTES:]
    )


def _format_signature(line: NoteSignature) -> str:
    return f"{_DASH} {line.name} {format_base64(line.key_hash + line.signature)}\n"


def _demand_text(text: str) -> None:
    """Refuse what cannot be written as UTF-8 (lone surrogates)."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MalformedNote(f"not UTF-8: {quote(text)}") from error
