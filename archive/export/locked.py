"""Age encryption of an export for named recipients; the only importer of pyrage."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyrage

from archive.errors import StoreError, UsageProblem


def parse_recipients(texts: Sequence[str]) -> list[Any]:
    """Read public keys, `age1...` or `ssh-...`; UsageProblem names a bad one."""
    return [_parse(text.strip()) for text in texts]


def encrypt_file(plain: Path, out: Path, recipients: Sequence[Any]) -> None:
    """Encrypt a file for all recipients into a new one."""
    try:
        pyrage.encrypt_file(str(plain), str(out), list(recipients))
    except (pyrage.EncryptError, OSError) as error:
        raise StoreError(f"cannot encrypt into {out}: {error}") from error


def _parse(text: str) -> Any:
    kinds = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
    try:
        return kinds.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise UsageProblem(
            f"not a public key that age encrypts for: {text[:80]!r}; give `age1...` or "
            "`ssh-ed25519 ...`"
        ) from error
