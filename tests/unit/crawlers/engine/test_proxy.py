"""Proxies are read strictly; their addresses and secrets are in no text of ours."""

import ast
from pathlib import Path
from typing import Any

import pytest

from archive.capture import ExchangeContext
from archive.errors import AddressRefused, SettingsError, UsageProblem
from crawlers.engine.circuits import Circuits
from crawlers.engine.policy import check_proxy, check_unresolved
from crawlers.engine.proxied import circuit_label, circuit_of
from crawlers.engine.proxy import Proxy, parse_proxy
from crawlers.engine.settings import EngineSettings
from crawlers.engine.tunnel import Credentials

ENGINE = Path(__file__).parents[4] / "crawlers" / "engine"
TOR = parse_proxy("socks5h://127.0.0.1:9050", "tor", tor=True)
OFFICE = parse_proxy("http://alice@192.0.2.7:3128", "office", password="hunter2")


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "username"),
    [
        ("http://192.0.2.7:3128", "http", "192.0.2.7", 3128, None),
        ("HTTP://192.0.2.7:3128/", "http", "192.0.2.7", 3128, None),
        (" socks5h://[2001:db8::1]:1080 ", "socks5h", "2001:db8::1", 1080, None),
        ("socks5h://localhost:9050", "socks5h", "127.0.0.1", 9050, None),
        ("http://b%40c%20%D1%9E@127.0.0.1:1", "http", "127.0.0.1", 1, "b@c ў"),
    ],
)
def test_proxies_in_numbers_are_read(
    text: str, scheme: str, host: str, port: int, username: str | None
) -> None:
    proxy = parse_proxy(text, "a-1")
    assert (proxy.scheme, str(proxy.host), proxy.port) == (scheme, host, port)
    assert (proxy.label, proxy.username, proxy.tor) == ("a-1", username, False)
    assert Proxy.from_json(proxy.as_json()) == proxy
    assert check_proxy(proxy).address == proxy.host


SECRET = "hunter2"
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("127.0.0.1:3128", {}),
    ("socks5://127.0.0.1:1080", {}),
    ("socks4://127.0.0.1:1080", {}),
    ("https://127.0.0.1:3128", {}),
    ("http://127.0.0.1", {}),
    ("http://127.0.0.1:0", {}),
    ("http://127.0.0.1:99999", {}),
    ("http://127.0.0.1:3128/x", {}),
    ("http://proxy.example:3128", {}),
    ("http://127.1:3128", {}),
    ("http://[::1:3128", {}),
    ("http://[fe80::1%25lo]:3128", {}),
    (f"http://u:{SECRET}@127.0.0.1:3128", {}),
    (f"http://u%3A{SECRET}@127.0.0.1:3128", {}),
    (f"http://{SECRET}/@127.0.0.1:3128", {}),
    ("http://@127.0.0.1:3128", {}),
    ("http://u%0A@127.0.0.1:3128", {}),
    ("http://127.0.0.1:3128", {"password": SECRET}),
    ("http://u@127.0.0.1:3128", {"password": ""}),
    ("http://u@127.0.0.1:3128", {"password": f"{SECRET}\r\nX: y"}),
    ("http://u@127.0.0.1:3128", {"password": SECRET * 37}),
    ("http://127.0.0.1:9050", {"tor": True}),
    ("socks5h://u@127.0.0.1:9050", {"tor": True}),
]


@pytest.mark.parametrize(("text", "rest"), WRONG)
def test_others_are_refused_without_repeating_a_word_of_them(
    text: str, rest: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError, match="proxy office") as caught:
        parse_proxy(text, "office", **rest)
    shown = str(caught.value)
    assert SECRET not in shown
    assert "127.0.0.1:" not in shown
    assert "example" not in shown
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("label", ["", "A", "a b", "u:p@h", "-a", "a" * 33, "б"])
def test_a_label_cannot_hold_an_address(label: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_proxy("http://127.0.0.1:1", label)
    assert not label or label not in str(caught.value).partition("label: ")[0]


def test_no_repr_tells_more_than_the_label() -> None:
    settings = EngineSettings(proxies=(OFFICE, TOR), proxy="office")
    for shown in (repr(OFFICE), repr(settings), f"{OFFICE}"):
        assert "office" in shown
        for secret in ("alice", SECRET, "192.0.2.7", "3128"):
            assert secret not in shown


def test_a_client_knows_its_proxies_by_label() -> None:
    settings = EngineSettings(proxies=(OFFICE, TOR), proxy="office")
    assert settings.find_proxy(None) is OFFICE
    assert settings.find_proxy("tor") is TOR
    assert EngineSettings(proxies=(TOR,)).find_proxy(None) is None
    with pytest.raises(UsageProblem) as caught:
        settings.find_proxy(f"http://u:{SECRET}@h:1")
    assert SECRET not in str(caught.value)
    with pytest.raises(SettingsError, match="nobody"):
        EngineSettings(proxies=(TOR,), proxy="nobody")
    with pytest.raises(SettingsError, match="same label"):
        EngineSettings(proxies=(TOR, TOR))


def test_names_are_judged_without_an_address() -> None:
    plain = EngineSettings()
    check_unresolved("a.example", 443, plain, tor=False)
    check_unresolved("abc.onion", 80, plain, tor=True)
    for name in ("localhost", "db.internal", "printer.local"):
        for tor in (True, False):
            with pytest.raises(AddressRefused, match=name):
                check_unresolved(name, 80, plain, tor=tor)
    with pytest.raises(AddressRefused, match="onion"):
        check_unresolved("abc.onion", 80, plain, tor=False)
    with pytest.raises(AddressRefused, match="22"):
        check_unresolved("a.example", 22, plain, tor=False)


def told(circuits: Circuits, context: ExchangeContext) -> Credentials | None:
    """What the proxy is told of a request."""
    return circuits.credentials(context.source_id or "", circuit_of(context))


def test_each_source_and_job_has_a_circuit_of_its_own() -> None:
    first = Circuits(TOR, random_bytes=lambda count: b"a" * count)
    other = Circuits(TOR, random_bytes=lambda count: b"b" * count)
    contexts = [
        ExchangeContext(source_id=source, job_id=job)
        for source in ("one", "two", None)
        for job in ("j1", "j2", None)
    ]
    made = [told(one, context) for one in (first, other) for context in contexts]
    pairs = {(c.username, c.password) for c in made if c is not None}
    assert len(pairs) == 18
    assert all("one" not in user and "j1" not in word for user, word in pairs)
    assert told(first, contexts[0]) == made[0]
    assert len({circuit_label(TOR, context) for context in contexts}) == 9
    assert {circuit_label(p, c) for p in (OFFICE, None) for c in contexts} == {""}
    assert "hunter2" not in repr(made)


def imports_of(name: str) -> set[str]:
    """Every module of the engine that a module imports, by whatever detour."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for node in ast.walk(ast.parse((ENGINE / f"{current}.py").read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                head, _, tail = node.module.rpartition(".")
                waiting += [tail] if head == "crawlers.engine" else []
    return seen


LOOKS_UP = ("getaddrinfo", "gethostby", "create_connection", "open_connection")


def test_the_way_through_a_proxy_cannot_look_up_or_go_past_it() -> None:
    for name in ("proxied", "tunnel", "proxy", "route"):
        tree = ast.parse((ENGINE / f"{name}.py").read_text())
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        modules = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert modules.isdisjoint(
            {
                "crawlers.engine.resolve",
                "crawlers.engine.direct",
                "crawlers.engine.dial",
            }
        )
        assert imported.isdisjoint({"Resolver", "check_redirected", "check_addresses"})
        text = (ENGINE / f"{name}.py").read_text()
        assert not [word for word in LOOKS_UP if word in text]
    assert "direct" not in imports_of("proxied")
    assert "dial" not in imports_of("proxied")
