"""Digest: parse, format and compare SHA-256 digests; ids that are made from them.

One written form, `sha256:` and 64 lower-case hex digits. No other algorithm is read.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from archive.errors import FormatError, UnknownAlgorithm

READ_BYTES = 1 << 20
"""Bytes read at a time when a stream is hashed: memory stays flat."""

_HEX = re.compile(r"[0-9a-f]{64}")
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_LETTER_PAIRS = [first + second for first in _BASE32 for second in _BASE32]
"""Two letters for ten bits: Python's own base32 is ten times as slow."""
_SHIFTS = range(120, -1, -10)
_SHORT = re.compile(r"[a-z2-7]{25}[aeimquy4]")
"""16 bytes are 128 bits; 26 base32 letters carry 130, so the last one has two zeros."""


@dataclass(frozen=True, slots=True)
class Digest:
    """A SHA-256 digest; `hex` is 64 lower-case digits."""

    hex: str

    def __post_init__(self) -> None:
        if _HEX.fullmatch(self.hex) is None:
            raise FormatError(f"not 64 lower-case hex digits: {self.hex[:80]!r}")

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """Read `sha256:<hex>`; FormatError or UnknownAlgorithm otherwise."""
        algorithm, colon, value = text.partition(":")
        if not colon:
            raise FormatError(f"digest without algorithm: {text[:80]!r}")
        if algorithm != "sha256":
            raise UnknownAlgorithm(f"digest algorithm {algorithm[:20]!r} is not sha256")
        return cls(value)

    @classmethod
    def of(cls, data: bytes) -> "Digest":
        """Hash bytes at hand."""
        made = object.__new__(cls)  # as `of_running`: a capture has a dozen of them
        object.__setattr__(made, "hex", hashlib.sha256(data).hexdigest())
        return made

    @classmethod
    def of_running(cls, running: "hashlib._Hash") -> "Digest":
        """What a SHA-256 has come to; its digits are in their form."""
        made = object.__new__(cls)
        object.__setattr__(made, "hex", running.hexdigest())
        return made

    @classmethod
    def of_chunks(cls, chunks: Iterable[bytes]) -> "Digest":
        """Hash chunks in order."""
        running = hashlib.sha256()
        for chunk in chunks:
            running.update(chunk)
        return cls.of_running(running)

    @classmethod
    def of_stream(cls, stream: BinaryIO) -> "Digest":
        """Hash what is left of a binary stream, in constant memory."""
        return cls.of_chunks(iter(lambda: stream.read(READ_BYTES), b""))

    @property
    def raw(self) -> bytes:
        """The 32 bytes."""
        return bytes.fromhex(self.hex)

    @property
    def short_id(self) -> str:
        """The first 16 bytes in lower-case base32 without padding, 26 letters."""
        return format_short_id(self.raw[:16])

    def __str__(self) -> str:
        return f"sha256:{self.hex}"


def format_short_id(raw: bytes) -> str:
    """Write 16 bytes as the 26 letters used in links and as archive id."""
    if len(raw) != 16:
        raise AssertionError("a short id is made of 16 bytes")
    number = int.from_bytes(raw) << 2  # 26 letters of five bits are two bits more
    return "".join([_LETTER_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def is_short_id(text: str) -> bool:
    """Whether the text is a short id in its only form (last letter carries 2 bits)."""
    return _SHORT.fullmatch(text) is not None


def is_hex_digest(text: str) -> bool:
    """Whether the text is 64 lower-case hex digits."""
    return _HEX.fullmatch(text) is not None


def derive_record_id(digest: Digest) -> str:
    """Cut a version 8 UUID (RFC 9562) from the first 16 bytes of a digest."""
    digits = digest.hex
    variant = "89ab"[int(digits[16], 16) & 3]  # its upper two bits are 10
    return (
        f"urn:uuid:{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-"
        f"{variant}{digits[17:20]}-{digits[20:32]}"
    )
