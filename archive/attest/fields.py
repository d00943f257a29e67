"""Validators of single values in signed JSON: each one refuses, or returns nothing.

A validator takes the value and the path of its field, which its refusal names.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from archive.digest import is_hex_digest, is_short_id
from archive.errors import FormatError, MalformedStatement
from archive.instant import parse_instant
from archive.log.fields import MAX_DECIMAL, parse_base64

Validator = Callable[[Any, str], None]
Table = Mapping[str, Validator]

_CONTROLS = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]"
)
"""Controls, line separators, direction overrides: a list of its own, because Python's
idea of "printable" changes with each version of Unicode and old statements must not.
"""


def refuse(path: str, reason: str) -> MalformedStatement:
    """Make the refusal of one field; the caller raises it."""
    return MalformedStatement(f"{path}: {reason}")


def text(*, limit: int, low: int = 1, lines: bool = False) -> Validator:
    """Up to `limit` code points, no control characters; `lines` allows line feeds."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or not low <= len(value) <= limit:
            raise refuse(path, f"is not a text of {low} to {limit} characters")
        if _CONTROLS.search(value.replace("\n", "") if lines else value):
            raise refuse(path, "holds a control character")

    return check


def as_text(value: str, *, limit: int) -> str:
    """Make words of a stranger fit `text`: what it refuses becomes U+FFFD, then cut."""
    plain = _CONTROLS.sub("\ufffd", value).encode("utf-8", "replace").decode()
    return plain[:limit]


def pattern(expression: str, meaning: str) -> Validator:
    """Text that the regular expression matches as a whole (ASCII rules)."""
    compiled = re.compile(expression, re.ASCII)

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise refuse(path, f"is not {meaning}")

    return check


def one_of(*words: str) -> Validator:
    """One word of a closed list."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or value not in words:
            raise refuse(path, f"is none of {', '.join(words)}")

    return check


def integer(*, low: int = 0, high: int = MAX_DECIMAL) -> Validator:
    """An integer in `low <= n <= high`; JSON true and false are none."""

    def check(value: Any, path: str) -> None:
        if type(value) is not int or not low <= value <= high:
            raise refuse(path, f"is not an integer from {low} to {high}")

    return check


def nullable(inner: Validator) -> Validator:
    """The inner form, or null."""

    def check(value: Any, path: str) -> None:
        if value is not None:
            inner(value, path)

    return check


def array(inner: Validator, *, low: int, high: int, unique: bool = False) -> Validator:
    """An array of `low` to `high` members; `unique` refuses a repeated text."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, list) or not low <= len(value) <= high:
            raise refuse(path, f"is not an array of {low} to {high} members")
        for position, member in enumerate(value):
            try:
                inner(member, "")
            except MalformedStatement:
                inner(member, f"{path}[{position}]")
                raise
        if unique and len(set(value)) != len(value):
            raise refuse(path, "names one member twice")

    return check


def table(fields: Table) -> Validator:
    """An object with exactly these keys."""

    def check(value: Any, path: str) -> None:
        check_table(fields, value, path)

    return check


def check_table(fields: Table, value: Any, path: str) -> None:
    """Refuse an object that lacks a key, has one more, or a value out of form."""
    check_keys(fields, value, path)
    check_values(fields, value, path)


def check_keys(fields: Table, value: Any, path: str) -> None:
    """Refuse what is no object with exactly these keys."""
    if not isinstance(value, dict):
        raise refuse(path, "is not an object")
    if value.keys() != fields.keys():
        missing = sorted(fields.keys() - value.keys())
        surplus = sorted(value.keys() - fields.keys())
        raise refuse(path, f"lacks {missing}, has unknown {[k[:40] for k in surplus]}")


def check_values(fields: Table, value: Any, path: str) -> None:
    """Refuse a value out of its form, of an object that has these keys."""
    for key, validator in fields.items():
        try:
            validator(value[key], "")
        except MalformedStatement:
            # Only now its path matters: spelling it for each good field takes longer
            # than checking them.
            validator(value[key], f"{path}.{key}")
            raise


def required(fields: Table) -> Validator:
    """An object with at least these keys: JSON that is no predicate."""

    def check(value: Any, path: str) -> None:
        check_required(fields, value, path)

    return check


def check_required(fields: Table, value: Any, path: str) -> None:
    """Refuse an object that lacks a key or has a wrong value; more keys are fine."""
    if not isinstance(value, Mapping):
        raise refuse(path, "is not an object")
    for key, validator in fields.items():
        if key not in value:
            raise refuse(f"{path}.{key}", "is missing")
        validator(value[key], f"{path}.{key}")


def mapping(value: Any, path: str) -> None:
    """An object with any keys."""
    if not isinstance(value, Mapping):
        raise refuse(path, "is not an object")


def null(value: Any, path: str) -> None:
    """Null and nothing else."""
    if value is not None:
        raise refuse(path, "is not null")


def hex_digest(value: Any, path: str) -> None:
    """64 lower-case hex digits: capture ids, and keys that name the algorithm."""
    if not isinstance(value, str) or not is_hex_digest(value):
        raise refuse(path, "is not 64 lower-case hex digits")


def short_id(value: Any, path: str) -> None:
    """16 bytes as 26 base32 letters."""
    if not isinstance(value, str) or not is_short_id(value):
        raise refuse(path, "is not an id of 26 base32 letters")


def instant(value: Any, path: str) -> None:
    """A time of the one written form that exists in the calendar."""
    if not isinstance(value, str):
        raise refuse(path, "is not a time")
    try:
        parse_instant(value)
    except FormatError as error:
        raise refuse(path, str(error)) from error


def encoded(*, low: int, high: int) -> Validator:
    """Canonical base64 of `low` to `high` bytes."""

    def check(value: Any, path: str) -> None:
        # Four letters carry three bytes: too long a text is never decoded.
        if not isinstance(value, str) or len(value) > (high + 2) // 3 * 4:
            raise refuse(path, f"is not base64 of {low} to {high} bytes")
        try:
            size = len(parse_base64(value, MalformedStatement))
        except MalformedStatement as error:
            raise refuse(path, str(error)) from error
        if not low <= size <= high:
            raise refuse(path, f"is not base64 of {low} to {high} bytes")

    return check


digest = pattern(r"sha256:[0-9a-f]{64}", "`sha256:` and 64 lower-case hex digits")
