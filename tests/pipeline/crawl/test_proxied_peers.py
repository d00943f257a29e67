"""Beside a job through a proxy, witnesses and authorities are asked through it too."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.capturing.engine_client import ProxyMaker
from tests.support.capturing.sources import ALL_FETCHED, host_tables, seed_table
from tests.support.programs.command import Evidence
from tests.support.programs.spied import Spied, describe, held
from tests.support.servers.authorities import ServedAuthority, serve_memory
from tests.support.servers.crawl_site import Site

STAMP_PORT, LISTS_PORT, WITNESS_PORT = 8318, 8319, 8320
PLACES = {
    ("a.example", 80),
    ("tsa.example", STAMP_PORT),
    ("lists.example", LISTS_PORT),
    ("witness.example", WITNESS_PORT),
}
"""Of the page, and of all that a settings file has asked beside it."""
NAMES = {host: "127.0.0.1" for host, port in PLACES if port != WITNESS_PORT}
SETTINGS = f"""
[[time.authorities]]
name = "first"
url = "http://tsa.example:{STAMP_PORT}/"

[[witness.witnesses]]
name = "newsroom"
url = "https://witness.example:{WITNESS_PORT}/"
vkey = "witness.example/w1+1eadf073+BFDYWOCYXsx/YEGKrwzFq1h/QsJXCohAlanozKzQ9lRc"
"""
SOURCE = host_tables() + seed_table("http://a.example/p") + ALL_FETCHED
KINDS: dict[str, dict[str, Any]] = {
    "connect": {"kind": "connect", "credentials": ("alice", "hunter2")},
    "tor": {"kind": "socks5", "tor": True},
}


@pytest.fixture
def authority(evidence: Evidence) -> Iterator[ServedAuthority]:
    """One that the archive trusts, named in the settings beside a witness."""
    with serve_memory(lambda: datetime.now(UTC), "First") as (served,):
        served.authority.crl = f"http://lists.example:{LISTS_PORT}/crl"
        root = evidence.home / "root.pem"
        root.write_bytes(served.root_pem)
        enrolled = evidence.run("timestamp", "enrol", str(root), "--quorum", "1")
        assert enrolled.returncode == 0, enrolled.stderr
        folder = Path(evidence.environment()["XDG_CONFIG_HOME"]) / "evidence"
        folder.mkdir(parents=True)
        (folder / "settings.toml").write_text(SETTINGS)
        yield served


@pytest.fixture
def verbs(sources: Callable[..., Path]) -> Callable[[Path], list[tuple[str, ...]]]:
    """Give the verbs that capture, through the proxy `out` of a file."""

    def make(proxies: Path) -> list[tuple[str, ...]]:
        through = ("--proxies", str(proxies), "--proxy", "out")
        by_source = sources("outlet", SOURCE, '[network]\nproxy = "out"')
        return [
            ("capture", *through, "http://a.example/p"),
            ("crawl", *through[:2], "outlet", "--sources", str(by_source)),
        ]

    return make


@pytest.mark.parametrize("name", KINDS)
def test_they_are_asked_through_the_proxy_and_the_token_counts(
    name: str,
    *,
    authority: ServedAuthority,
    site: Site,
    evidence: Evidence,
    verbs: Callable[[Path], list[tuple[str, ...]]],
    proxied: ProxyMaker,
    tmp_path: Path,
) -> None:
    site.serve("/p", "<p>page</p>")
    stamp_port = int(authority.url.rstrip("/").rpartition(":")[2])
    ports = {80: site.port, STAMP_PORT: stamp_port, LISTS_PORT: stamp_port}
    with held(proxied(**KINDS[name], names=NAMES, ports=ports)) as proxy:
        for verb in verbs(describe(tmp_path, proxy)):
            spied, told = Spied(evidence, tmp_path / verb[0]), len(proxy.asked)
            assert spied.run(*verb) == 0, spied.output
            here = {("socket.connect", f"(('127.0.0.1', {proxy.port}),)")}
            assert spied.places() == here
            assert set(proxy.asked[told:]) == PLACES
            assert "pending: https://witness.example" in spied.output
        if proxy.tor:  # no exit sees two of them, or one and the captures
            assert len(set(proxy.logins)) == 2 * len(PLACES)
    assert authority.asked == 2
    assert evidence.verified() == "VERIFIED"


def test_where_the_proxy_is_down_they_wait_and_nobody_is_asked_past_it(
    *,
    authority: ServedAuthority,
    evidence: Evidence,
    verbs: Callable[[Path], list[tuple[str, ...]]],
    proxied: ProxyMaker,
    tmp_path: Path,
) -> None:
    with held(proxied("socks5")) as proxy:
        path = describe(tmp_path, proxy)
    for verb in verbs(path):
        spied = Spied(evidence, tmp_path / verb[0])
        assert spied.run(*verb) == 5
        here = {("socket.connect", f"(('127.0.0.1', {proxy.port}),)")}
        assert spied.places() == here
        assert "no time stamp from first: http://tsa.example" in spied.output
        assert "proxy out: Connection refused" in spied.output
        assert f":{proxy.port}" not in spied.output
        assert f"{proxy.port})" not in spied.output
    assert authority.asked == 0


def test_verbs_without_an_option_go_through_the_proxy_of_the_settings(
    *,
    authority: ServedAuthority,
    evidence: Evidence,
    proxied: ProxyMaker,
    tmp_path: Path,
) -> None:
    """A copy is pulled through it, too."""
    stamp_port = int(authority.url.rstrip("/").rpartition(":")[2])
    ports = {STAMP_PORT: stamp_port, LISTS_PORT: stamp_port}
    settings = Path(evidence.environment()["XDG_CONFIG_HOME"], "evidence/settings.toml")
    with held(proxied("connect", names=NAMES, ports=ports)) as proxy:
        way = f'[network]\nproxies = "{describe(tmp_path, proxy)}"\nproxy = "out"\n'
        settings.write_text(SETTINGS + way)
        for verb, code, places in (
            (("checkpoint",), 0, PLACES - {("a.example", 80)}),
            (("mirror", "https://mirror.example/"), 7, {("mirror.example", 443)}),
        ):
            spied, told = Spied(evidence, tmp_path / verb[0]), len(proxy.asked)
            assert spied.run(*verb) == code, spied.output
            here = {("socket.connect", f"(('127.0.0.1', {proxy.port}),)")}
            assert spied.places() == here
            assert set(proxy.asked[told:]) == places
    assert authority.asked == 1
