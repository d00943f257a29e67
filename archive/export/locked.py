"""Age encryption of an export for named recipients; the only importer of pyrage."""

from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import pyrage

from archive.errors import StoreError, UsageProblem


def parse_recipients(texts: Sequence[str]) -> list[Any]:
    """Read public keys, `age1...` or `ssh-...`; UsageProblem names a bad one."""
    return [_parse(text.strip()) for text in texts]


def encrypt_pieces(
    pieces: Iterable[bytes], out: BinaryIO, recipients: Sequence[Any]
) -> None:
    """Encrypt bytes as they are made; none of them is ever on a disk in the clear.

    Raises what `pieces` raise; StoreError if `out` cannot be written.
    """
    plain = _Pieces(pieces)
    try:
        pyrage.encrypt_io(plain, out, list(recipients))
    except pyrage.EncryptError as error:
        if plain.problem is not None:
            raise plain.problem from error
        raise StoreError(f"cannot write what was encrypted: {error}") from error


class _Pieces:
    """Pieces of bytes as the stream that the library reads."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")
        self.problem: Exception | None = None
        """What ended the pieces: the library keeps the text of an error alone."""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        try:
            while not self._rest:
                self._rest = memoryview(next(self._pieces))
        except StopIteration:
            return b""
        except Exception as error:
            self.problem = error
            raise
        data, self._rest = self._rest[:size], self._rest[size:]
        return bytes(data)


def _parse(text: str) -> Any:
    kinds = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
    try:
        return kinds.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise UsageProblem(
            f"not a public key that age encrypts for: {text[:80]!r}; give `age1...` or "
            "`ssh-ed25519 ...`"
        ) from error
