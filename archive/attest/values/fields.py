"""Validators of single values in signed JSON: each one refuses, or returns nothing.

A validator takes the value and the path of its field, which its refusal names. Some
also know what their values look like when written: whole statements are looked at with
one expression that is made of these (kinds.py).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from archive.digest import is_hex_digest, is_short_id
from archive.errors import FormatError, MalformedStatement
from archive.instant import parse_instant
from archive.log.fields import MAX_DECIMAL, parse_base64

Check = Callable[[Any, str], None]


@dataclass(frozen=True, slots=True)
class Validator:
    """Refuses a value, or returns nothing."""

    check: Check
    written: str | None = None
    """An expression that fits canonical JSON of values that are not refused, perhaps
    not of all of them, and no other text; None: there is none."""

    def __call__(self, value: Any, path: str) -> None:
        """Refuse a value; `path` names its field."""
        self.check(value, path)


Table = Mapping[str, Validator]

_DIGEST = "sha256:[0-9a-f]{64}"
_POSITIVE = "[1-9][0-9]{0,14}"
"""Up to MAX_DECIMAL."""
_INSTANT_FORM = (
    r"(?!0000)[0-9]{4}-"
    r"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}\.[0-9]{6}Z"
)
"""Times that the calendar has; the 29th of February is left to `parse_instant`."""
_CONTROL_SIGNS = "\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069"
_CONTROLS = re.compile(f"[{_CONTROL_SIGNS}]")
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

    return Validator(check, f'"[^"\\\\{_CONTROL_SIGNS}]{{{low},{limit}}}"')


def as_text(value: str, *, limit: int) -> str:
    """Make words of a stranger fit `text`: what it refuses becomes U+FFFD, then cut."""
    plain = _CONTROLS.sub("\ufffd", value).encode("utf-8", "replace").decode()
    return plain[:limit]


def pattern(expression: str, meaning: str, *, plain: str | None = None) -> Validator:
    """Text that the regular expression matches as a whole (ASCII rules).

    `plain`: an expression of such texts that lets no quotation mark, backslash or
    control through, so that they stand in JSON as they are.
    """
    compiled = re.compile(expression, re.ASCII)

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise refuse(path, f"is not {meaning}")

    return Validator(check, None if plain is None else f'"(?:{plain})"')


def one_of(*words: str) -> Validator:
    """One word of a closed list."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or value not in words:
            raise refuse(path, f"is none of {', '.join(words)}")

    return Validator(check, f'"(?:{"|".join(map(re.escape, words))})"')


def integer(*, low: int = 0, high: int = MAX_DECIMAL) -> Validator:
    """An integer in `low <= n <= high`; JSON true and false are none."""

    def check(value: Any, path: str) -> None:
        if type(value) is not int or not low <= value <= high:
            raise refuse(path, f"is not an integer from {low} to {high}")

    forms = {0: f"(?:0|{_POSITIVE})", 1: _POSITIVE}
    return Validator(check, forms.get(low) if high == MAX_DECIMAL else None)


def nullable(inner: Validator) -> Validator:
    """The inner form, or null."""

    def check(value: Any, path: str) -> None:
        if value is not None:
            inner.check(value, path)

    written = inner.written
    return Validator(check, None if written is None else f"(?:null|{written})")


def array(inner: Validator, *, low: int, high: int, unique: bool = False) -> Validator:
    """An array of `low` to `high` members; `unique` refuses a repeated text."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, list) or not low <= len(value) <= high:
            raise refuse(path, f"is not an array of {low} to {high} members")
        for position, member in enumerate(value):
            try:
                inner.check(member, "")
            except MalformedStatement:
                inner.check(member, f"{path}[{position}]")
                raise
        if unique and len(set(value)) != len(value):
            raise refuse(path, "names one member twice")

    if unique or inner.written is None:
        return Validator(check)
    # A comma before each member but the first.
    member_form = rf"(?:(?<=\[)|(?<!\[),){inner.written}"
    return Validator(check, rf"\[(?:{member_form}){{{low},{high}}}\]")


def table(fields: Table) -> Validator:
    """An object with exactly these keys."""

    def check(value: Any, path: str) -> None:
        check_table(fields, value, path)

    return Validator(check, table_form(fields))


def table_form(fields: Table) -> str | None:
    """What an object with exactly these keys looks like when written, if all know."""
    forms = [(key, fields[key].written) for key in sorted(fields)]
    if any(written is None for _, written in forms):
        return None
    members = ",".join(f'"{re.escape(key)}":{written}' for key, written in forms)
    return rf"\{{{members}\}}"


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
            validator.check(value[key], "")
        except MalformedStatement:
            # Only now its path matters: spelling it for each good field takes longer
            # than checking them.
            validator.check(value[key], f"{path}.{key}")
            raise


def required(fields: Table) -> Validator:
    """An object with at least these keys: JSON that is no predicate."""

    def check(value: Any, path: str) -> None:
        check_required(fields, value, path)

    return Validator(check)


def check_required(fields: Table, value: Any, path: str) -> None:
    """Refuse an object that lacks a key or has a wrong value; more keys are fine."""
    if not isinstance(value, Mapping):
        raise refuse(path, "is not an object")
    for key, validator in fields.items():
        if key not in value:
            raise refuse(f"{path}.{key}", "is missing")
        validator(value[key], f"{path}.{key}")


def _check_mapping(value: Any, path: str) -> None:
    """An object with any keys."""
    if not isinstance(value, Mapping):
        raise refuse(path, "is not an object")


def _check_null(value: Any, path: str) -> None:
    """Null and nothing else."""
    if value is not None:
        raise refuse(path, "is not null")


def _check_hex_digest(value: Any, path: str) -> None:
    """64 lower-case hex digits: capture ids, and keys that name the algorithm."""
    if not isinstance(value, str) or not is_hex_digest(value):
        raise refuse(path, "is not 64 lower-case hex digits")


def _check_short_id(value: Any, path: str) -> None:
    """16 bytes as 26 base32 letters."""
    if not isinstance(value, str) or not is_short_id(value):
        raise refuse(path, "is not an id of 26 base32 letters")


def _check_instant(value: Any, path: str) -> None:
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

    return Validator(check, f'"{_base64_form(low)}"' if low == high else None)


def _base64_form(size: int) -> str:
    """Canonical base64 of exactly so many bytes: what is left over is zero."""
    whole, rest = divmod(size, 3)
    ends = {0: "", 1: "[A-Za-z0-9+/][AQgw]==", 2: "[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]="}
    return f"[A-Za-z0-9+/]{{{4 * whole}}}{ends[rest]}"


mapping = Validator(_check_mapping)
null = Validator(_check_null, "null")
hex_digest = Validator(_check_hex_digest, '"[0-9a-f]{64}"')
short_id = Validator(_check_short_id, '"[a-z2-7]{25}[aeimquy4]"')
instant = Validator(_check_instant, f'"{_INSTANT_FORM}"')
digest = pattern(_DIGEST, "`sha256:` and 64 lower-case hex digits", plain=_DIGEST)
