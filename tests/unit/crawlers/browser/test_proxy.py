"""The loopback proxy: closed to strangers, exact for the page, silent for the rest."""

import asyncio
import base64
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from crawlers.browser import traffic as traffic_module
from crawlers.browser.traffic import Announced

AUTHORITY = "Proxy-Authorization: Basic " + base64.b64encode(b"page:secret").decode()
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def ask(port: int, *heads: str, body: bytes = b"") -> bytes:
    """Send requests one after the other on one connection; all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = b""
    for head in heads:
        writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        answers += await reader.read(1 << 20)
    writer.write_eof()
    answers += await reader.read()
    writer.close()
    return answers


def get(uri: str, *lines: str) -> str:
    return "\n".join([f"GET {uri} HTTP/1.1", "Host: site.test", *lines])


def page(uri: str) -> Announced:
    return Announced(used_as="document", is_main=uri.endswith("/"))


def run(main: Any) -> None:
    asyncio.run(main())


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("Proxy-Authorization: Basic cGFnZTp3cm9uZw==",),
        ("Proxy-Authorization: Bearer secret",),
        ("Authorization: Basic " + AUTHORITY.rpartition(" ")[2],),
    ],
)
@pytest.mark.parametrize("uri", ["http://site.test/", "http://0123.invalid/"])
def test_without_the_credential_there_is_407_and_nothing_else(
    loopback: Callable[[], Any], uri: str, lines: tuple[str, ...]
) -> None:
    async def main() -> None:
        async with loopback() as proxy:
            await proxy.traffic.announce(uri, page(uri))
            answer = await ask(proxy.port, get(uri, *lines))
            assert answer.startswith(b"HTTP/1.1 407 ")
            assert answer.count(b"HTTP/1.1") == 1
            assert proxy.engine.asked == []
            listed = [("http://site.test/", "no-credential")]
            assert proxy.traffic.blocked == (listed if "site" in uri else [])

    run(main)


def test_a_tunnel_needs_the_credential_too(loopback: Callable[[], Any]) -> None:
    async def main() -> None:
        async with loopback() as proxy:
            answer = await ask(proxy.port, "CONNECT own.test:443 HTTP/1.1")
            assert answer.startswith(b"HTTP/1.1 407 ")
            assert proxy.traffic.blocked == [("https://own.test/", "no-credential")]

    run(main)


def test_announced_requests_share_a_connection(loopback: Callable[[], Any]) -> None:
    async def main() -> None:
        async with loopback() as proxy:
            for name in ("", "b"):
                uri = f"http://site.test/{name}"
                proxy.engine.answers[uri] = OK
                await proxy.traffic.announce(uri, page(uri))
            answer = await ask(
                proxy.port,
                get("http://site.test/", AUTHORITY),
                get("http://site.test/b", AUTHORITY),
            )
            assert answer == OK + OK
            heads = [request.head for request in proxy.engine.asked]
            assert heads[1] == b"GET /b HTTP/1.1\r\nHost: site.test\r\n\r\n"
            assert [a.context.role for a in proxy.engine.asked] == ["page", "part"]

    run(main)


def test_an_announcement_may_come_a_little_later(loopback: Callable[[], Any]) -> None:
    async def main() -> None:
        async with loopback() as proxy:
            uri = "http://site.test/"
            proxy.engine.answers[uri] = OK
            asking = asyncio.ensure_future(ask(proxy.port, get(uri, AUTHORITY)))
            await asyncio.sleep(0.2)
            assert proxy.engine.asked == []
            await proxy.traffic.announce(uri, page(uri))
            assert await asking == OK

    run(main)


def test_what_nobody_announced_is_refused_and_listed(
    loopback: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic_module, "ANNOUNCED_WITHIN_SECONDS", 0.1)

    async def main() -> None:
        async with loopback() as proxy:
            answer = await ask(proxy.port, get("http://site.test/own", AUTHORITY))
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert proxy.traffic.blocked == [("http://site.test/own", "unannounced")]
            assert proxy.engine.asked == []

    run(main)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [("PAGE_REQUESTS", 0, "page-requests"), ("PAGE_BYTES", 0, "page-bytes")],
)
def test_beyond_the_budget_of_a_page_nothing_is_fetched(
    loopback: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
    *,
    name: str,
    value: int,
    why: str,
) -> None:
    monkeypatch.setattr(traffic_module, name, value)

    async def main() -> None:
        async with loopback() as proxy:
            uri = "http://site.test/"
            await proxy.traffic.announce(uri, page(uri))
            answer = await ask(proxy.port, get(uri, AUTHORITY))
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert proxy.traffic.blocked == [(uri, why)]

    run(main)


def test_a_web_socket_gets_501(loopback: Callable[[], Any]) -> None:
    async def main() -> None:
        async with loopback() as proxy:
            answer = await ask(
                proxy.port,
                f"CONNECT site.test:80 HTTP/1.1\n{AUTHORITY}",
                "GET /ws HTTP/1.1\nHost: site.test\nUpgrade: websocket",
            )
            assert b"HTTP/1.1 501 " in answer
            assert proxy.traffic.blocked == [("http://site.test/ws", "websocket")]

    run(main)


def test_inside_a_tunnel_the_pinned_certificate_is_shown(
    loopback: Callable[[], Any],
) -> None:
    async def main() -> None:
        async with loopback() as proxy:
            uri = "https://site.test/a"
            proxy.engine.answers["https://site.test:443/a"] = OK
            await proxy.traffic.announce(uri, page(uri))
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            connect = f"CONNECT site.test:443 HTTP/1.1\r\n{AUTHORITY}\r\n\r\n"
            writer.write(connect.encode())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            await writer.start_tls(context, server_hostname="site.test")
            writer.write(b"GET /a HTTP/1.1\r\nHost: site.test\r\n\r\n")
            assert await reader.readexactly(len(OK)) == OK
            writer.close()
            (asked,) = proxy.engine.asked
            assert asked.head == b"GET /a HTTP/1.1\r\nHost: site.test\r\n\r\n"

    run(main)


def test_a_redirect_is_handed_on_when_it_is_recorded(
    loopback: Callable[[], Any],
) -> None:
    async def main() -> None:
        async with loopback() as proxy:
            moved = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
            proxy.engine.answers["http://site.test/a"] = moved
            proxy.engine.answers["http://site.test/b"] = OK
            for name in "ab":
                uri = f"http://site.test/{name}"
                await proxy.traffic.announce(uri, page(uri))
            answer = await ask(
                proxy.port,
                get("http://site.test/a", AUTHORITY),
                get("http://site.test/b", AUTHORITY),
            )
            assert answer == moved + OK
            context = proxy.engine.asked[1].context
            assert context.hop == 1
            assert context.parent == proxy.writer.captures[0].capture_id

    run(main)


def test_a_browser_that_does_not_read_holds_up_nothing(
    loopback: Callable[[], Any],
) -> None:
    async def main() -> None:
        async with loopback() as proxy:
            body = bytes(range(256)) * (1 << 15)
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            uri = "http://site.test/long"
            proxy.engine.answers[uri] = head + body
            await proxy.traffic.announce(uri, page(uri))
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            request = get(uri, AUTHORITY).replace("\n", "\r\n") + "\r\n\r\n"
            writer.write(request.encode())
            async with asyncio.timeout(10):
                while not proxy.writer.captures:
                    await asyncio.sleep(0.01)
            assert await reader.readexactly(len(head + body)) == head + body
            writer.close()

    run(main)


def test_nothing_from_the_site_is_nothing_for_the_browser(
    loopback: Callable[[], Any],
) -> None:
    async def main() -> None:
        async with loopback() as proxy:
            for name in ("part", ""):
                uri = f"http://site.test/{name}"
                await proxy.traffic.announce(uri, page(uri))
            assert await ask(proxy.port, get("http://site.test/part", AUTHORITY)) == b""
            # The document itself: an empty answer, or the browser would ask again.
            answer = await ask(proxy.port, get("http://site.test/", AUTHORITY))
            assert answer.startswith(b"HTTP/1.1 502 ")

    run(main)


def test_an_archive_that_cannot_be_written_ends_the_page(
    loopback: Callable[[], Any],
) -> None:
    async def main() -> None:
        async with loopback() as proxy:
            proxy.writer.full = True
            uri = "http://site.test/"
            proxy.engine.answers[uri] = OK
            await proxy.traffic.announce(uri, page(uri))
            await ask(proxy.port, get(uri, AUTHORITY))
            assert proxy.traffic.failed.is_set()
            assert str(proxy.traffic.failure) == "the disk is full"

    run(main)


@pytest.mark.parametrize(
    "bytes_sent", [b"\x16\x03\x01", b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b""]
)
def test_nonsense_ends_the_connection_and_nothing_else(
    loopback: Callable[[], Any], bytes_sent: bytes
) -> None:
    async def main() -> None:
        async with loopback() as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(bytes_sent)
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()
            assert proxy.engine.asked == []

    run(main)
