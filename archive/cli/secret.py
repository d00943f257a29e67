"""The passphrase of the private keys: from a descriptor or a terminal, nowhere else.

It never stands in arguments, environment, logs or what is printed of an object.
"""

import os
import sys
from dataclasses import dataclass, field

import click

from archive.attest.keys.keyfile import PASSPHRASE_LIMIT_BYTES, check_passphrase
from archive.errors import KeyProblem


@dataclass(slots=True)
class Secret:
    """A passphrase that is known, or may be asked for."""

    _value: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, text: str | None) -> "Secret":
        """One that another process of ours handed on."""
        return cls(None if text is None else text.encode())

    def text(self) -> str | None:
        """To hand it on to a child, through a pipe."""
        return None if self._value is None else self._value.decode()

    def get(self) -> bytes | None:
        """The passphrase, if it is known."""
        return self._value

    def ask(self) -> None:
        """Ask for it on a terminal, once; where there is none, it stays unknown."""
        if self._value is None and sys.stdin is not None and sys.stdin.isatty():
            typed = click.prompt("Passphrase", hide_input=True, err=True)
            self._value = check_passphrase(str(typed).encode())


def read_secret(descriptor: int) -> Secret:
    """Read a passphrase from a descriptor: everything, or up to the first line end."""
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            data = stream.read(PASSPHRASE_LIMIT_BYTES + 2)
    except OSError as error:
        raise KeyProblem(
            f"the passphrase cannot be read from descriptor {descriptor}: "
            f"{error.strerror}"
        ) from error
    passphrase = check_passphrase(data.partition(b"\n")[0])
    try:
        passphrase.decode()
    except UnicodeDecodeError as error:
        raise KeyProblem("the passphrase is not UTF-8; give another one") from error
    return Secret(passphrase)
