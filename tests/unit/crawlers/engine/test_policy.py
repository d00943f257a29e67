"""Which names, ports and addresses may be reached, in every spelling."""

import ast
import re
from ipaddress import ip_address
from pathlib import Path

import pytest

from archive.errors import AddressRefused, UsageProblem
from crawlers.engine.policy import (
    check_address,
    check_addresses,
    check_name,
    check_port,
    check_redirected,
    embedded_ipv4,
    find_connect_to,
    parse_allow_network,
    parse_connect_to,
)
from crawlers.engine.request import parse_target
from crawlers.engine.settings import EngineSettings

PLAIN = EngineSettings()
ENGINE = Path(__file__).parents[4] / "crawlers" / "engine"

REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254",
    "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::2", "::127.0.0.1", "::10.0.0.1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "64:ff9b:1::808:808", "100::1", "2001::1",
    "2001:0:7f00:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:c0a8:101::1", "3fff::1", "5f00::1",
    "2a00::5efe:127.0.0.1", "2a00::200:5efe:10.0.0.1", "fc00::1", "fd00:ec2::254",
    "fe80::1", "fec0::1", "ff02::1", "4000::1", "ffff::1",
]  # fmt: skip
ALLOWED = [
    "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
    "191.255.255.255", "223.255.255.255", "2a00:1450:4001::1", "2606:4700::1111",
    "64:ff9b::8.8.8.8", "::ffff:8.8.8.8", "2002:808:808::1",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_addresses_that_are_not_the_public_net_are_refused(text: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(ip_address(text), 80, PLAIN)


@pytest.mark.parametrize("text", ALLOWED)
def test_public_addresses_are_allowed(text: str) -> None:
    assert check_address(ip_address(text), 443, PLAIN).allow_network is None


def test_enough_spellings_are_listed() -> None:
    assert len(REFUSED) >= 40


def test_an_allowed_network_opens_its_addresses_on_every_port_and_says_so() -> None:
    settings = EngineSettings(allow_networks=(parse_allow_network("127.0.0.0/8"),))
    checked = check_address(ip_address("127.0.0.9"), 8080, settings)
    assert checked.allow_network == "127.0.0.0/8"
    wrapped = check_address(ip_address("::ffff:127.0.0.9"), 80, settings)
    assert wrapped.allow_network == "127.0.0.0/8"
    for text, port in (("10.0.0.1", 80), ("8.8.8.8", 8080), ("::1", 80)):
        with pytest.raises(AddressRefused):
            check_address(ip_address(text), port, settings)


def test_a_public_address_in_no_need_of_it_does_not_name_the_allowed_network() -> None:
    settings = EngineSettings(allow_networks=(parse_allow_network("0.0.0.0/0"),))
    assert check_address(ip_address("8.8.8.8"), 80, settings).allow_network is None


def test_two_ports_and_those_of_the_settings_are_open() -> None:
    extra = EngineSettings(extra_ports=frozenset({8080}))
    check_port(80, PLAIN)
    check_port(443, PLAIN)
    check_port(8080, extra)
    for port in (22, 25, 8080, 6379):
        with pytest.raises(AddressRefused, match=str(port)):
            check_port(port, PLAIN)
        with pytest.raises(AddressRefused, match=str(port)):
            check_address(ip_address("8.8.8.8"), port, PLAIN)


@pytest.mark.parametrize(
    "name",
    ["localhost", "a.localhost", "printer.local", "local", "db.internal", "internal",
     "router.home.arpa", "home.arpa", "abc.onion", "onion"],
)  # fmt: skip
def test_reserved_names_are_refused(name: str) -> None:
    with pytest.raises(AddressRefused, match=name):
        check_name(name)


@pytest.mark.parametrize(
    "name", ["localhost.example", "mylocal", "notlocalhost", "onion.example", "arpa"]
)
def test_names_that_only_look_reserved_are_allowed(name: str) -> None:
    check_name(name)


def test_mixed_answers_keep_the_allowed_and_name_the_refused() -> None:
    addresses = [ip_address(t) for t in ("127.0.0.1", "8.8.8.8", "8.8.8.8", "::1")]
    allowed, refusals = check_addresses(addresses, 80, PLAIN)
    assert [checked.text for checked in allowed] == ["8.8.8.8:80"]
    assert len(refusals) == 2


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("::ffff:1.2.3.4", "1.2.3.4"), ("::1.2.3.4", "1.2.3.4"),
        ("2002:102:304::", "1.2.3.4"), ("64:ff9b::102:304", "1.2.3.4"),
        ("::ffff:0:1.2.3.4", "1.2.3.4"), ("2a00::5efe:1.2.3.4", "1.2.3.4"),
        ("2a00::1", None), ("1.2.3.4", None),
    ],
)  # fmt: skip
def test_the_old_address_inside_a_new_one_is_found(
    text: str, inner: str | None
) -> None:
    found = embedded_ipv4(ip_address(text))
    assert found == (ip_address(inner) if inner else None)


def test_a_redirection_is_for_this_very_host_and_port() -> None:
    entry = parse_connect_to("H.Example.:80=127.0.0.1:8080")
    settings = EngineSettings(connect_to=(entry,))
    for uri in ("http://h.example/", "http://H.example./"):
        assert find_connect_to(parse_target(uri), settings) is entry
    for uri in ("https://h.example/", "http://a.h.example/", "http://127.0.0.1/"):
        assert find_connect_to(parse_target(uri), settings) is None
    checked = check_redirected(entry)
    assert (checked.text, checked.connect_to) == ("127.0.0.1:8080", entry.text)


def test_redirections_of_idn_and_ipv6() -> None:
    entry = parse_connect_to("выборы.example:443=[::1]:8443")
    assert (entry.host, entry.address) == ("xn--90ab1bi6cd.example", "::1")


@pytest.mark.parametrize(
    "text",
    ["", "h.example", "h.example:80", "h.example:80=", "h.example:80=127.0.0.1",
     "h.example=127.0.0.1:80", "h.example:80=other.example:80", "h:80=127.0.0.1:0",
     "h:80=127.0.0.1:99999", "h:x=127.0.0.1:80", "=127.0.0.1:80",
     "a b:80=127.0.0.1:80"],
)  # fmt: skip
def test_other_redirections_are_usage_problems(text: str) -> None:
    with pytest.raises(UsageProblem):
        parse_connect_to(text)


@pytest.mark.parametrize("text", ["", "x", "127.0.0.1/33", "127.0.0.1/8"])
def test_other_networks_are_usage_problems(text: str) -> None:
    with pytest.raises(UsageProblem):
        parse_allow_network(text)


def test_only_the_policy_makes_checked_addresses() -> None:
    makers = {
        path.name
        for path in ENGINE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "CheckedAddress"
    }
    assert makers == {"policy.py"}


def test_only_one_module_opens_connections() -> None:
    calls = re.compile(r"\b(sock_connect|create_connection|open_connection)\(")
    openers = {
        path.name for path in ENGINE.glob("*.py") if calls.search(path.read_text())
    }
    assert openers == {"connection.py"}
