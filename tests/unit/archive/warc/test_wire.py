"""The host of an address is the one that `urlsplit` reads, however it is found."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.warc.wire import find_host

ADDRESSES = [
    "https://site.example/news?a=b#c",
    "http://site.example:8080/",
    "http://site.example:/",
    "http://site.example",
    "http://site.example?x",
    "http://site.example#x",
    "http://192.0.2.7:80/",
    "http://[2001:db8::7]:80/",
    "http://user:word@site.example/",
    "http://site.example:80@other.example/",
    "http://site.example\\@other.example/",
    "HTTP://SITE.Example/",
    "http://site_x.example/",
    "http://сайт.example/",
    "http:///path",
    "file:///etc/passwd",
    "urn:pageinfo:http://site.example/",
    "",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_host_is_found_in_any_address(address: str) -> None:
    assert find_host(address) == (urlsplit(address).hostname or "")


@given(st.text("htps:/?#@[]\\.%-_0aZ\n", max_size=30))
def test_an_odd_address_has_the_same_host_or_none_at_all(rest: str) -> None:
    address = f"http://{rest}"
    try:
        expected = urlsplit(address).hostname or ""
    except ValueError:
        with pytest.raises(ValueError):  # noqa: PT011  whatever urlsplit says
            find_host(address)
        return
    assert find_host(address) == expected
