"""The way to witnesses and authorities through a proxy: only it, and told by label."""

import socket
import threading

import pytest

from archive.transport import Connect
from crawlers.engine.peers import find_connector
from crawlers.engine.proxy import parse_proxy
from tests.support.programs.spied import held
from tests.support.servers.loopback_proxy import serve_proxy


def connector(port: int, *, tor: bool = False) -> Connect:
    proxy = parse_proxy(f"socks5h://127.0.0.1:{port}", "out", tor=tor)
    found = find_connector(proxy, random_bytes=bytes)
    assert found is not None
    return found


def test_without_a_proxy_there_is_no_other_way() -> None:
    assert find_connector(None, random_bytes=bytes) is None


def test_each_host_has_a_circuit_of_its_own_in_any_thread() -> None:
    with held(serve_proxy("socks5", tor=True)) as proxy:
        ask = connector(proxy.port, tor=True)

        def ask_all() -> None:
            for host in ("a.example", "b.example", "a.example"):
                with pytest.raises(OSError, match="SOCKS code 4: host unreachable"):
                    ask(host, 443, 5)

        thread = threading.Thread(target=ask_all)
        thread.start()
        thread.join()
    first, second, again = proxy.logins
    assert first == again
    assert first[1] != second[1]


@pytest.mark.parametrize("host", ["x" * 254, "naïve.example"])
def test_what_is_no_name_never_reaches_the_proxy(host: str) -> None:
    with held(serve_proxy("socks5")) as proxy:
        with pytest.raises(OSError, match="no name of a host"):
            connector(proxy.port)(host, 443, 5)
        assert proxy.told == []


def test_a_proxy_that_is_down_is_told_by_its_label_without_its_address() -> None:
    with held(serve_proxy("socks5")) as proxy:
        port = proxy.port
    with pytest.raises(OSError, match="proxy out: Connection refused") as caught:
        connector(port)("a.example", 443, 5)
    assert str(port) not in str(caught.value)


def test_a_proxy_that_says_nothing_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(TimeoutError):
            connector(port)("a.example", 443, 0.2)
