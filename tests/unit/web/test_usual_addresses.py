"""The short way to an absolute address gives what the long way gives."""

import itertools

from hypothesis import example, given, settings
from hypothesis import strategies as st

from web.replay.links import absolute_form, join_address, normal_form

BASES = (
    "http://a.example/x/y?z",
    "https://A.Example:443/",
    "http://user@a.example:8080/x",
    "http://бел.example/",
    "about:blank",
    "http:///x",
    "",
)
PIECES = (
    *("http://", "https://", "HTTP://", "//", "/", "//", "/./", "/../", "/.x", ".."),
    *("a.example", "A.example", "a..example", "-a.example", "xn--80a.example", "[::1]"),
    *("a", ".", ";", ";a", "%2F", "%zz", "é", " ", "\t", "\\", "?", "??", "?a=b", "#"),
    *("#f", ":80", ":443", ":", "@", "u@", "|", '"', "<", "javascript:", "127.0.0.1"),
)


def long_way(base: str, address: str) -> str | None:
    return normal_form(join_address(base, address))


def test_all_short_addresses_have_the_same_form() -> None:
    for base in BASES:
        for count in (0, 1, 2):
            for pieces in itertools.product(PIECES, repeat=count):
                address = "".join(pieces)
                assert absolute_form(base, address) == long_way(base, address)


@given(st.sampled_from(BASES), st.lists(st.sampled_from(PIECES), max_size=8))
@example(BASES[0], ["http://", "a.example", "?a=b"])
@example(BASES[0], ["http://", "a.example", "/", "a", ";"])
@settings(max_examples=300, deadline=None)
def test_addresses_of_any_pieces_have_the_same_form(
    base: str, pieces: list[str]
) -> None:
    address = "".join(pieces)
    assert absolute_form(base, address) == long_way(base, address)


def test_every_letter_has_the_same_form() -> None:
    for letter in map(chr, range(0x100)):
        for address in (f"/a{letter}b", f"http://a{letter}b.example/", f"/?{letter}#x"):
            assert absolute_form(BASES[0], address) == long_way(BASES[0], address)
