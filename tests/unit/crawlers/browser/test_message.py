"""What goes to the site are the browser's own bytes."""

import pytest

from crawlers.browser.message import BadBrowserRequest, parse_request

ABSOLUTE = (
    b"GET http://site.test:81/a/b?c={d} HTTP/1.1\r\n"
    b"Host: site.test:81\r\n"
    b"Proxy-Connection: keep-alive\r\n"
    b"proxy-authorization: Basic eDp5\r\n"
    b'sec-ch-ua:"A";v="1" \r\n'
    b"Cookie: \xe9=1\r\n"
    b"Accept: */*\r\n\r\n"
)


def test_an_absolute_address_becomes_origin_form_and_the_rest_stays() -> None:
    request = parse_request(ABSOLUTE, origin=None)
    assert request.uri == "http://site.test:81/a/b?c={d}"
    assert request.proxy_authorization == "Basic eDp5"
    assert request.head == (
        b"GET /a/b?c={d} HTTP/1.1\r\n"
        b"Host: site.test:81\r\n"
        b'sec-ch-ua:"A";v="1" \r\n'
        b"Cookie: \xe9=1\r\n"
        b"Accept: */*\r\n\r\n"
    )
    assert request.headers == (
        ("Host", "site.test:81"),
        ("sec-ch-ua", '"A";v="1"'),
        ("Cookie", "é=1"),
        ("Accept", "*/*"),
    )


def test_in_a_tunnel_the_head_goes_on_as_it_is() -> None:
    head = b"POST /x HTTP/1.1\r\nHost: site.test\r\nContent-Length: 3\r\n\r\n"
    request = parse_request(head, origin="https://site.test:443")
    assert request.head == head
    assert request.uri == "https://site.test:443/x"
    assert request.body_bytes == 3
    assert not request.is_websocket


def test_an_address_without_a_path_asks_for_the_root() -> None:
    request = parse_request(b"GET http://site.test HTTP/1.1\r\n\r\n", origin=None)
    assert request.head.startswith(b"GET / HTTP/1.1\r\n")


def test_connect_names_host_and_port() -> None:
    request = parse_request(
        b"CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\n\r\n", origin=None
    )
    assert (request.method, request.uri) == ("CONNECT", "site.test:443")


def test_an_upgrade_is_seen() -> None:
    head = b"GET /ws HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n"
    assert parse_request(head, origin="http://site.test:80").is_websocket


@pytest.mark.parametrize(
    ("head", "origin"),
    [
        (b"\x16\x03\x01\x00\r\n\r\n", None),
        (b"GET http://a/ HTTP/1.0\r\n\r\n", None),
        (b"GET /a HTTP/1.1\r\n\r\n", None),
        (b"GET ftp://a/ HTTP/1.1\r\n\r\n", None),
        (b"GET http://a/ HTTP/1.1\r\n", "https://b:443"),
        (b"GET http://a/ HTTP/1.1\r\n\r\n", "https://b:443"),
        (b"GET http://a/ HTTP/1.1\r\nno colon\r\n\r\n", None),
        (b"GET http://a/ HTTP/1.1\r\nA: b\nC: d\r\n\r\n", None),
        (b"GET http://a/ HTTP/1.1\r\nA: b\0\r\n\r\n", None),
        (b"GET http://a/ b HTTP/1.1\r\n\r\n", None),
    ],
)
def test_what_is_no_request_of_a_browser_is_refused(
    head: bytes, origin: str | None
) -> None:
    with pytest.raises(BadBrowserRequest):
        parse_request(head, origin=origin)


@pytest.mark.parametrize(
    "header", [b"Content-Length: +3", b"Content-Length: x", b"Transfer-Encoding: a"]
)
def test_a_body_without_a_plain_length_is_refused(header: bytes) -> None:
    head = b"POST /x HTTP/1.1\r\n" + header + b"\r\n\r\n"
    with pytest.raises(BadBrowserRequest):
        _ = parse_request(head, origin="https://a:443").body_bytes
