"""DER framing (X.690 section 10): every length in its one form, nothing left over.

ASN.1 libraries accept longer forms of the same value, so two files would say the same
and have two digests. Order inside a SET OF is not looked at: real authorities err.
"""

from archive.errors import FormatError

DEPTH_LIMIT = 32
"""Nested values: a token with its certificates has 16."""
_CONSTRUCTED = 0x20
_HIGH_TAG = 0x1F
_BOOLEAN, _INTEGER = 0x01, 0x02


def check_der(data: bytes) -> None:
    """Demand one DER value and nothing behind it; FormatError names the offset."""
    end = _check_value(data, 0, len(data), DEPTH_LIMIT)
    if end != len(data):
        raise FormatError(f"byte {end} stands behind the end of the DER value")


def split_der(data: bytes) -> list[bytes]:
    """The values inside a constructed value that `check_der` found in order."""
    at, _length = _read_length(data, 1, len(data))
    found = []
    while at < len(data):
        start, length = _read_length(data, at + 1, len(data))
        found.append(data[at : start + length])
        at = start + length
    return found


def wrap_der(tag: int, *parts: bytes) -> bytes:
    """Write one value around others."""
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    digits = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def _check_value(data: bytes, start: int, end: int, depth_left: int) -> int:
    """Check the value that begins at `start`; give the offset behind it."""
    if depth_left == 0:
        raise FormatError(f"DER nested more than {DEPTH_LIMIT} levels")
    if end - start < 2 or data[start] & _HIGH_TAG == _HIGH_TAG:
        raise FormatError(f"no DER value at byte {start}")
    at, length = _read_length(data, start + 1, end)
    stop = at + length
    if stop > end:
        raise FormatError(f"the DER value at byte {start} is cut")
    if data[start] & _CONSTRUCTED:
        while at < stop:
            at = _check_value(data, at, stop, depth_left - 1)
    elif data[start] == _BOOLEAN and data[at:stop] not in (b"\x00", b"\xff"):
        raise FormatError(f"the truth value at byte {start} is not DER")
    elif data[start] == _INTEGER and not _is_shortest(data[at:stop]):
        raise FormatError(f"the number at byte {start} is not DER")
    return stop


def _read_length(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Offset of the content and its length, in the shortest form."""
    first = data[at]
    if first < 0x80:
        return at + 1, first
    digits = data[at + 1 : min(end, at + 1 + (first & 0x7F))]
    length = int.from_bytes(digits)
    if first == 0x80 or len(digits) != first & 0x7F:
        raise FormatError(f"the length at byte {at} is cut or without an end")
    if digits[0] == 0 or length < 0x80:
        raise FormatError(f"the length at byte {at} is not in its shortest form")
    return at + 1 + len(digits), length


def _is_shortest(number: bytes) -> bool:
    """Whether an integer has no superfluous first byte."""
    if len(number) < 2:
        return len(number) == 1
    return not (
        (number[0] == 0 and number[1] < 0x80)
        or (number[0] == 0xFF and number[1] >= 0x80)
    )
