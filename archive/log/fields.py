"""Strict fields of the C2SP text formats: one written form each, bounds named.

A reader that also accepts "+5", "05" or spare base64 bits lets changed bytes pass.
"""

import binascii
import re

from archive.errors import FormatError

MAX_DECIMAL_DIGITS = 15
"""Digits of any number: exact in a double, in JSON and in every shell's arithmetic."""
MAX_DECIMAL = 10**MAX_DECIMAL_DIGITS - 1
"""The largest number written; tree sizes end here too."""
QUOTED_CHARACTERS = 60
"""Characters of hostile input shown in a message."""

_DECIMAL = re.compile(rf"0|[1-9][0-9]{{0,{MAX_DECIMAL_DIGITS - 1}}}")


def parse_decimal(text: str, error: type[FormatError]) -> int:
    """Read an unsigned decimal without leading zeros; `error` for any other form."""
    if _DECIMAL.fullmatch(text) is None:
        raise error(
            f"not a number of at most {MAX_DECIMAL_DIGITS} digits: {quote(text)}"
        )
    return int(text)


def parse_base64(text: str, error: type[FormatError]) -> bytes:
    """Read standard base64 in its canonical form only; `error` for any other form."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as cause:
        raise error(f"not base64: {quote(text)}") from cause
    if format_base64(data) != text:
        raise error(f"not canonical base64: {quote(text)}")
    return data


def format_base64(data: bytes) -> str:
    """Write standard base64 with padding."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def quote(text: str) -> str:
    """Show the beginning of hostile text, harmless on a terminal."""
    return ascii(text[:QUOTED_CHARACTERS])
