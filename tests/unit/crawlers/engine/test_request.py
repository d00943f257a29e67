"""Addresses have one canonical form; a request is written as one request or refused."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.attest.values.forms import HOST, URI, host_of
from crawlers.engine.request import (
    MalformedUri,
    RefusedRequest,
    RefusedScheme,
    build_request,
    parse_target,
    printable_uri,
    strip_userinfo,
)
from crawlers.engine.settings import URI_LIMIT_BYTES, EngineSettings, FetchRequest


@pytest.mark.parametrize(
    ("given_uri", "target_uri"),
    [
        ("http://h.example", "http://h.example/"),
        ("HTTP://H.Example/A?B#c", "http://h.example/A?B"),
        ("http://h.example?", "http://h.example/?"),
        ("http://h.example/?", "http://h.example/?"),
        ("http://h.example?a=b", "http://h.example/?a=b"),
        ("http://h.example#x", "http://h.example/"),
        ("http://h.example/#/?x", "http://h.example/"),
        ("http://h.example:80/", "http://h.example/"),
        ("http://h.example:/", "http://h.example/"),
        ("http://h.example:0443/", "http://h.example:443/"),
        ("https://h.example:443/", "https://h.example/"),
        ("https://h.example:80/", "https://h.example:80/"),
        ("http://h.example./", "http://h.example./"),
        ("  http://h.example/a \n", "http://h.example/a"),
        ("http://h.example/a b", "http://h.example/a%20b"),
        ("http://h.example/100%", "http://h.example/100%"),
        ("http://h.example/%d0%B2", "http://h.example/%d0%B2"),
        ("http://h.example/../a/./b", "http://h.example/../a/./b"),
        ("http://h.example/a[]|'\"<>", "http://h.example/a[]|'%22%3C%3E"),
        ("http://h.example/\\^`{}", "http://h.example/%5C%5E%60%7B%7D"),
        ("http://h.example/ў?ё=é", "http://h.example/%D1%9E?%D1%91=%C3%A9"),
        ("http://h.example/@x:y", "http://h.example/@x:y"),
        ("http://Выборы.example/", "http://xn--90ab1bi6cd.example/"),
        ("http://ВЫБОРЫ。example/", "http://xn--90ab1bi6cd.example/"),
        ("http://bücher.example./", "http://xn--bcher-kva.example./"),
        ("http://straße.example/", "http://xn--strae-oqa.example/"),
        ("http://i❤.example/", "http://xn--i-7iq.example/"),
        ("http://bеlsat.example/", "http://xn--blsat-zwe.example/"),
        ("http://xn--90ab1bi6cd.example/", "http://xn--90ab1bi6cd.example/"),
        ("http://my_host.example/", "http://my_host.example/"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
    ],
)  # fmt: skip
def test_an_address_gets_one_form_and_keeps_what_was_given(
    given_uri: str, target_uri: str
) -> None:
    target = parse_target(given_uri)
    assert target.target_uri == target_uri
    assert target.as_given == given_uri
    assert parse_target(target_uri).target_uri == target_uri


@pytest.mark.parametrize(
    "uri",
    [
        "", "h.example", "//h.example/", "http:", "http:/h.example", "http://", "http:///a",
        "http://?a", "http://user@h.example/", "http://u:p@h.example/", "http://@h.example",
        "http://h.example:x/", "http://h.example:65536/", "http://h.example:0/",
        "http://h.example:-1/", "http://h.example:٨٠/", "http://h.ex ample/",
        "http://h.example\\@evil.example/", "http://h%2eexample/", "http://h..example/",
        "http://.h.example/", "http://[::1/", "http://[::1]x/", "http://[fe80::1%25eth0]/",
        "http://[1.2.3.4]/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://1.2.3.09/",
        "http://0x100000000/", "http://a.1/", "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 127 + "ab/", "http://h.example/a\nb", "http://h.example/\x00",
        "http://h\r\nX: y/", "http://h.example/\ud800", "http://a<b>.example/",
        "http://h.example/" + "a" * URI_LIMIT_BYTES, "http://\u00ad/", "http://a^b.example/",
    ],
)  # fmt: skip
def test_a_malformed_address_is_refused(uri: str) -> None:
    with pytest.raises(MalformedUri):
        parse_target(uri)


@pytest.mark.parametrize(
    "uri",
    ["file:///etc/passwd", "ftp://h/", "javascript:alert(1)", "data:,x", "gopher://h/",
     "ws://h/", "FILE:///x", "mailto:a@h.example", "blob:http://h/", "view-source:http://h/"],
)  # fmt: skip
def test_other_schemes_are_refused_by_name(uri: str) -> None:
    with pytest.raises(RefusedScheme, match=uri.partition(":")[0].lower()):
        parse_target(uri)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "127.0.1", "0x7f000001", "0x7F.0x0.0x0.0x1", "0177.0.0.1",
     "017700000001", "2130706433", "127.0.0.1.", "１２７.０.０.１", "0x7f.1",
     "127。0。0。1"],
)  # fmt: skip
def test_every_spelling_of_an_ipv4_address_is_that_address(host: str) -> None:
    target = parse_target(f"http://{host}/")
    assert target.literal == ip_address("127.0.0.1")
    assert target.server_name is None


def test_server_name_and_host_header() -> None:
    target = parse_target("https://h.example.:8443/")
    assert (target.server_name, target.host_header) == ("h.example", "h.example.:8443")
    assert parse_target("https://[::1]:443/").host_header == "[::1]"


@given(st.text())
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for uri in (text, f"http://{text}", f"http://h.example/{text}"):
        try:
            target = parse_target(uri)
        except (MalformedUri, RefusedScheme):
            continue
        assert target.target_uri.isascii()
        assert target.target_uri.isprintable()
        assert parse_target(target.target_uri).target_uri == target.target_uri


@pytest.mark.parametrize(
    ("uri", "stripped", "was_there"),
    [
        ("http://u:p@h.example/a@b", "http://h.example/a@b", True),
        ("http://a@b@h.example", "http://h.example", True),
        ("http://h.example/a@b", "http://h.example/a@b", False),
        ("http://h.example?a@b", "http://h.example?a@b", False),
        ("mailto:a@b", "mailto:a@b", False),
    ],
)
def test_user_information_can_be_taken_out(
    uri: str, stripped: str, was_there: bool
) -> None:
    assert strip_userinfo(uri) == (stripped, was_there)


@given(st.text())
def test_printable_uri_is_ascii(text: str) -> None:
    shown = printable_uri(text)
    assert shown.isascii()
    assert shown.isprintable()
    assert 0 < len(shown) <= URI_LIMIT_BYTES
    urlsplit(f"http://{shown}")


SETTINGS = EngineSettings(user_agent="A", default_headers=(("Accept", "*/*"),))


def build(uri: str = "http://h.example/", **request: Any) -> bytes:
    fetch = FetchRequest(uri=uri, **request)
    return build_request(parse_target(uri), fetch, SETTINGS)


def test_host_comes_first_then_given_headers_in_order_then_ours() -> None:
    sent = build(
        "http://h.example:81/a?", headers=(("x-B", "2"), ("X-a", ""), ("x-B", "3"))
    )
    assert sent == (
        b"GET /a? HTTP/1.1\r\nHost: h.example:81\r\nx-B: 2\r\nX-a: \r\nx-B: 3\r\n"
        b"User-Agent: A\r\nAccept: */*\r\n\r\n"
    )


def test_given_headers_replace_ours() -> None:
    assert build(headers=(("user-agent", "B"), ("ACCEPT", "a"))) == (
        b"GET / HTTP/1.1\r\nHost: h.example\r\nuser-agent: B\r\nACCEPT: a\r\n\r\n"
    )


def test_body_gets_its_length() -> None:
    assert build(method="POST", body=b"abc").endswith(b"Content-Length: 3\r\n\r\nabc")
    assert build(method="POST").endswith(b"Content-Length: 0\r\n\r\n")
    assert b"Content-Length" not in build()


def test_a_last_request_says_that_it_closes() -> None:
    assert build(close=True).endswith(b"Connection: close\r\n\r\n")


def test_equal_host_header_is_not_sent_twice() -> None:
    assert build(headers=(("host", "H.example"),)).lower().count(b"host:") == 1


@pytest.mark.parametrize(
    "request_fields",
    [
        {"headers": (("X-A", "b\r\nX-C: d"),)}, {"headers": (("X-A", "b\n"),)},
        {"headers": (("X-A", "b\0"),)}, {"headers": (("X-A\r\n", "b"),)},
        {"headers": (("X A", "b"),)}, {"headers": (("X:A", "b"),)},
        {"headers": (("", "b"),)}, {"headers": (("Host", "evil.example"),)},
        {"headers": (("Content-Length", "3"),)},
        {"headers": (("Transfer-Encoding", "chunked"),)}, {"headers": (("X-A", "ў"),)},
        {"method": "GET /x HTTP/1.1\r\n"}, {"method": ""}, {"method": "CONNECT"},
    ],
)  # fmt: skip
def test_what_would_be_more_or_less_than_one_request_is_refused(
    request_fields: Any,
) -> None:
    with pytest.raises(RefusedRequest):
        build(**request_fields)


def test_no_default_names_operator_machine_or_product() -> None:
    defaults = EngineSettings()
    text = repr((defaults.user_agent, defaults.default_headers)).lower()
    for word in ("evidence", "archive", "python", "scrapy", "http://", "@"):
        assert word not in text


def test_a_password_in_an_address_stands_in_no_message() -> None:
    with pytest.raises(MalformedUri) as caught:
        parse_target("http://user:s3cret@host/")
    assert "s3cret" not in str(caught.value)
    assert "http://host/" in str(caught.value)


@pytest.mark.parametrize(
    ("given_uri", "host"),
    [
        ("//[::1", "%5b"),
        ("http://[fe80::1%25eth0]/", "%5bfe80"),
        ("http://\xff.example/", "%c3%bf.example"),
        ("http://A%4A.example/", "a%4a.example"),
        ("mailto:a@b.example", None),
        ("http://" + "a" * 300 + "/", None),
        ("", None),
    ],
)
def test_the_host_of_an_address_that_is_refused_can_be_stated(
    given_uri: str, host: str | None
) -> None:
    """A server may name anything in a redirect; its refusal is a capture."""
    assert host_of(printable_uri(given_uri)) == host


@given(st.text(max_size=80), st.sampled_from(("", "//", "http://", "HTTPS://[")))
def test_whatever_a_redirect_names_can_be_stated(text: str, begin: str) -> None:
    shown = printable_uri(begin + text)
    URI(shown, "target_uri")
    host = host_of(shown)
    if host is not None:
        HOST(host, "host_alabel")
