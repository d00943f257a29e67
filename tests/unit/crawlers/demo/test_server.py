"""The loopback server answers each planned case, byte for byte, and logs it."""

import socket
from collections.abc import Callable

import pytest

from crawlers.demo.content import VISITS, DemoSites
from crawlers.demo.server import DemoServer, parse_request

Ask = Callable[[DemoServer, str, str], tuple[bytes, bytes]]


@pytest.mark.parametrize("visit", VISITS)
def test_every_place_is_served_and_logged_byte_for_byte(
    sites: DemoSites, ask: Ask, visit: int
) -> None:
    with DemoServer(sites) as server:
        server.visit = visit
        asked = [ask(server, *place) for place in sites.places(visit=visit)]
    assert [(one.received, one.sent) for one in server.log] == asked
    for (host, path), (_, received) in zip(
        sites.places(visit=visit), asked, strict=True
    ):
        assert received == sites.reply(host, path, visit=visit).data


def test_a_page_disappears_between_the_visits(sites: DemoSites, ask: Ask) -> None:
    with DemoServer(sites) as server:
        before = ask(server, "commission.example", "/ru/turnout.html")[1]
        server.visit = 2
        after = ask(server, "commission.example", "/ru/turnout.html")[1]
    assert before.startswith(b"HTTP/1.1 200 ")
    assert after.startswith(b"HTTP/1.1 404 ")


def test_the_table_of_results_changes_and_the_rest_of_its_page_does_not(
    sites: DemoSites,
) -> None:
    tables = [
        sites.reply("commission.example", "/be/results.html", visit=visit).data
        for visit in VISITS
    ]
    assert tables[0] != tables[1]
    changed = [
        (one, other)
        for one, other in zip(*(t.splitlines() for t in tables), strict=True)
        if one != other
    ]
    assert len(changed) == 2


def test_a_reply_ends_before_the_length_it_announced(sites: DemoSites) -> None:
    data = sites.reply("observers.example", "/en/report.html", visit=1).data
    head, _, body = data.partition(b"\r\n\r\n")
    announced = int(head.partition(b"Content-Length: ")[2].split()[0])
    assert 0 < len(body) < announced


@pytest.mark.parametrize(
    ("path", "label"),
    [("/ru/order.html", b"text/html\r\n"), ("/ru/notice.html", b"charset=utf-8")],
)
def test_old_encodings_come_without_a_label_or_with_a_wrong_one(
    sites: DemoSites, path: str, label: bytes
) -> None:
    data = sites.reply("commission.example", path, visit=1).data
    head, _, body = data.partition(b"\r\n\r\n")
    assert label in head + b"\r\n"
    assert b"<meta charset" not in body
    assert "Демонстрация" in body.decode("cp1251")
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")


def test_the_refusing_port_refuses(sites: DemoSites) -> None:
    with DemoServer(sites) as server, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.refusing_port), 5)


def test_one_connection_carries_several_exchanges(sites: DemoSites) -> None:
    request = b"GET /robots.txt HTTP/1.1\r\nHost: outlet.example\r\n\r\n"
    expected = sites.reply("outlet.example", "/robots.txt", visit=1).data
    with (
        DemoServer(sites) as server,
        socket.create_connection(("127.0.0.1", server.port), 5) as link,
    ):
        link.sendall(request * 2)
        link.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: link.recv(65536), b""))
    assert received == expected * 2
    assert len(server.log) == 2


def test_a_head_that_never_ends_is_not_answered(sites: DemoSites) -> None:
    with (
        DemoServer(sites) as server,
        socket.create_connection(("127.0.0.1", server.port), 5) as link,
    ):
        link.sendall(b"GET / HTTP/1.1\r\n")
        link.shutdown(socket.SHUT_WR)
        assert link.recv(1) == b""
    assert server.log == []


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"GET /a?b=c HTTP/1.1\r\nHost: X.example\r\n\r\n", ("x.example", "/a")),
        (b"GET / HTTP/1.1\r\n\r\n", ("", "/")),
        (b"nonsense\r\n\r\n", ("", "")),
    ],
)
def test_host_and_path_are_read_from_a_head(
    head: bytes, expected: tuple[str, str]
) -> None:
    assert parse_request(head) == expected
