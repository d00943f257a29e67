"""The one JSON form of everything signed: dump it, and read only what equals a dump.

With ASCII keys, no floats and integers below 2^53 this form equals RFC 8785.
"""

import json
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from archive.errors import FormatError, LimitExceeded

JsonValue: TypeAlias = (
    bool | int | str | list["JsonValue"] | dict[str, "JsonValue"] | None
)

INTEGER_LIMIT = 1 << 53
"""Integers stay below it in size: every JSON reader holds them exactly."""
INTEGER_DIGITS = 16
"""2^53 has 16 decimal digits: longer numbers are refused before they are computed."""
VALUES_LIMIT = 2_000_000
"""Commas and brackets of one text, so about its values: each takes some 60 bytes of
memory. A job of 100,000 seeds has a few for each of them."""
DEPTH_LIMIT = 32
"""Nested arrays and objects: our own formats need 5, free descriptions a few more."""
_PLAIN = frozenset({str, bool, type(None)})
"""Types with nothing to check. Most values are of them: calling a function for each
took twice as long as all the rest.
"""
_WRITER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def dump_canonical(value: object) -> bytes:
    """Write the canonical form; a value outside the profile is our own mistake.

    Text from outside may hold lone surrogates; that is a FormatError, not a mistake.
    """
    _check(value, DEPTH_LIMIT)
    return dump_checked(value)


def dump_checked(value: object) -> bytes:
    """The same for a value that is inside the profile, as a table of fields has shown.

    Looking through it once more takes longer than writing it.
    """
    return encode_text(dump_text(value))


def dump_text(value: object) -> str:
    """The same before it becomes bytes, for whoever looks at what was written.

    TypeError or ValueError for what no JSON can say.
    """
    return _WRITER.encode(value)


def encode_text(text: str) -> bytes:
    """JSON as UTF-8; FormatError where it holds a lone surrogate."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise FormatError(
            "text holds a lone surrogate; JSON cannot carry it"
        ) from error


def parse_canonical(data: bytes, *, limit_bytes: int) -> JsonValue:
    """Read JSON that equals its own canonical form; FormatError for anything else."""
    if len(data) > limit_bytes:
        raise LimitExceeded(
            f"JSON of {len(data)} bytes; at most {limit_bytes} are read"
        )
    if data.count(b",") + data.count(b"[") + data.count(b"{") > VALUES_LIMIT:
        raise LimitExceeded(f"JSON of more than {VALUES_LIMIT} values")
    value = _parse_plain(data)
    return _parse(data) if value is None else value


def _parse_plain(data: bytes) -> JsonValue | None:
    """Read the usual case without a call for each object; None: take a closer look.

    What is ASCII has no other keys. A key that stands twice, and any other spelling,
    is not what is written again.
    """
    if not data.isascii():
        return None
    if data.count(b"[") + data.count(b"{") > DEPTH_LIMIT:
        return None
    try:
        value: JsonValue = _PLAIN_READER.decode(data.decode("ascii"))
        return value if dump_checked(value) == data else None
    except (ValueError, FormatError):
        return None


def _parse(data: bytes) -> JsonValue:
    """Read what `parse_canonical` reads, or say what is wrong with it."""
    try:
        value: JsonValue = _READER.decode(data.decode())
    except UnicodeDecodeError as error:
        raise FormatError(f"JSON is not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise FormatError(f"not JSON: {error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise LimitExceeded("JSON is nested too deeply") from error
    if data.count(b"[") + data.count(b"{") > DEPTH_LIMIT:  # else it is not so deep
        _refuse_depth(value, DEPTH_LIMIT)
    # What was read is inside the profile: each hook refused what is not.
    if dump_checked(value) != data:
        raise FormatError("JSON is not in canonical form (order, spaces or escapes)")
    return value


def _unique_object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise FormatError("a JSON object names a key twice")
    for key in members:
        if not key.isascii():
            raise FormatError(f"JSON key {key[:40]!r} is not ASCII")
    return members


def _bounded_integer(digits: str) -> int:
    # One more for the sign: a number of so few letters is computed in no time.
    if len(digits) <= INTEGER_DIGITS + 1:
        value = int(digits)
        if -INTEGER_LIMIT < value < INTEGER_LIMIT:
            return value
    raise FormatError(f"JSON integer {digits[:24]} is not below 2^53 in size")


def _refuse_number(text: str) -> JsonValue:
    raise FormatError(f"JSON number {text[:24]} is not an integer")


def _refuse_depth(value: JsonValue, depth_left: int) -> None:
    if isinstance(value, dict):
        members: Iterable[JsonValue] = value.values()
    elif isinstance(value, list):
        members = value
    else:
        return
    if depth_left == 0:
        raise LimitExceeded(f"JSON is nested more than {DEPTH_LIMIT} levels")
    for inner in members:
        if type(inner) not in _PLAIN:
            _refuse_depth(inner, depth_left - 1)


def _check(value: object, depth_left: int) -> None:
    """Assert that a value of ours is inside the profile."""
    if type(value) in _PLAIN or isinstance(value, str):
        return
    if isinstance(value, int):
        if abs(value) >= INTEGER_LIMIT:
            raise AssertionError(f"integer {value} is not below 2^53 in size")
        return
    if depth_left == 0:
        raise AssertionError(f"nested more than {DEPTH_LIMIT} levels")
    members: Iterable[object]
    # The usual type first: asking for the abstract one is slow.
    if isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101
        for key in value:
            if not isinstance(key, str) or not key.isascii():
                raise AssertionError(f"key {key!r} is not ASCII text")
        members = value.values()
    elif isinstance(value, list | tuple):
        members = value
    else:
        raise AssertionError(f"{type(value).__name__} is outside the JSON profile")
    for inner in members:
        if type(inner) not in _PLAIN:
            _check(inner, depth_left - 1)


_PLAIN_READER = json.JSONDecoder(
    parse_int=_bounded_integer,
    parse_float=_refuse_number,
    parse_constant=_refuse_number,
)
_READER = json.JSONDecoder(
    object_pairs_hook=_unique_object,
    parse_int=_bounded_integer,
    parse_float=_refuse_number,
    parse_constant=_refuse_number,
)
