from typing import Any

import pytest

from archive.attest.values.canonical import dump_canonical, parse_canonical
from archive.errors import FormatError, LimitExceeded

LIMIT = 10_000


def test_order_spaces_and_escapes_are_those_of_rfc_8785() -> None:
    value = {"b": [1, True, None, '\u20ac\x0f\n"\\/\x7f'], "a": {"Z": "", "A": -1}}
    expected = (
        b'{"a":{"A":-1,"Z":""},"b":[1,true,null,"\xe2\x82\xac\\u000f\\n\\"\\\\/\x7f"]}'
    )
    assert dump_canonical(value) == expected
    assert parse_canonical(expected, limit_bytes=LIMIT) == value


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b' {"a":1}',
        b'\xef\xbb\xbf{"a":1}',
        b"1.0",
        b"1e3",
        b"-0",
        b"01",
        b"NaN",
        b"Infinity",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5000,
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        '{"é":1}'.encode(),
        b"",
        b"{",
        b'{"a":1}{"a":1}',
        b'"\n"',
    ],
)
def test_every_other_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_canonical(data, limit_bytes=LIMIT)


@pytest.mark.parametrize("depth", [33, 1_000, 60_000])
def test_deep_nesting_is_a_limit_not_a_crash(depth: int) -> None:
    with pytest.raises(LimitExceeded):
        parse_canonical(b"[" * depth + b"]" * depth, limit_bytes=1_000_000)


def test_nesting_up_to_the_limit_is_read() -> None:
    data = b"[" * 32 + b"]" * 32
    assert dump_canonical(parse_canonical(data, limit_bytes=LIMIT)) == data


def test_length_is_bounded() -> None:
    with pytest.raises(LimitExceeded):
        parse_canonical(b'"aaaa"', limit_bytes=5)


def test_the_largest_integers_are_read() -> None:
    data = b"[-9007199254740991,9007199254740991]"
    assert parse_canonical(data, limit_bytes=LIMIT) == [-(2**53) + 1, 2**53 - 1]


@pytest.mark.parametrize("value", [1.5, {1: 2}, {"é": 1}, 2**53, b"x", {1, 2}])
def test_a_value_of_ours_outside_the_profile_is_a_broken_invariant(value: Any) -> None:
    with pytest.raises(AssertionError):
        dump_canonical([value])


def test_a_lone_surrogate_from_outside_is_a_format_error() -> None:
    with pytest.raises(FormatError):
        dump_canonical({"as_given": "\ud800"})
