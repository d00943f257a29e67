"""Captures and crawls through a proxy: nothing goes past it, no secret is kept."""

import base64
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archive.store.reading.reader import ArchiveReader
from tests.support.capturing.engine_client import ProxyMaker
from tests.support.capturing.sources import ALL_FETCHED, host_tables, seed_table
from tests.support.programs.command import Evidence
from tests.support.programs.inside import call
from tests.support.programs.spied import Spied, describe, held
from tests.support.servers.crawl_site import Site
from tests.support.servers.loopback_proxy import LoopbackProxy

USER, PASSWORD = "canary-alice", "canary-hunter2"
HOSTS = ("a.example", "b.example")
NAMES = dict.fromkeys(HOSTS, "127.0.0.1")
PAGE = """<link rel=stylesheet href=/s.css><img src=http://b.example/i.png>
<img src=http://gone.example/x.png>"""
HOP = "HTTP/1.1 302 F\r\nLocation: http://b.example/p\r\nContent-Length: 0\r\n\r\n"
SOURCE = (
    host_tables(mirrors=("b.example",))
    + seed_table("http://a.example/p")
    + seed_table("http://a.example/hop")
    + ALL_FETCHED
)


def fill(site: Site) -> None:
    site.serve("/p", PAGE)
    site.serve_raw("/hop", HOP)
    site.serve("/s.css", "p{background:url(/c.png)}", "Content-Type: text/css")
    for name in ("i.png", "c.png"):
        site.serve(f"/{name}", b"\x89PNG" * 50, "Content-Type: image/png")


@pytest.fixture
def spied(evidence: Evidence, tmp_path: Path) -> Spied:
    return Spied(evidence, tmp_path)


Verbs = Callable[[Path], list[tuple[str, ...]]]


@pytest.fixture
def verbs(sources: Callable[..., Path]) -> Verbs:
    """Give the verbs that contact hosts, through the proxy `out` of a file."""

    def make(proxies: Path) -> list[tuple[str, ...]]:
        by_source = sources("outlet", SOURCE, '[network]\nproxy = "out"')
        described = ("--proxies", str(proxies))
        return [
            ("capture", "--json", *described, "--proxy", "out", "http://a.example/p"),
            ("capture", "--json", *described, "--proxy", "out", "http://a.example/hop"),
            ("crawl", "--json", *described, "outlet", "--sources", str(by_source)),
        ]

    return make


KINDS: dict[str, dict[str, Any]] = {
    "connect with password": {"kind": "connect", "credentials": (USER, PASSWORD)},
    "socks5 with password": {"kind": "socks5", "credentials": (USER, PASSWORD)},
    "tor": {"kind": "socks5", "tor": True},
}


@pytest.mark.parametrize("name", KINDS)
def test_with_a_proxy_every_connection_goes_to_it_and_no_name_is_looked_up(
    name: str,
    *,
    site: Site,
    evidence: Evidence,
    spied: Spied,
    verbs: Verbs,
    proxied: ProxyMaker,
    tmp_path: Path,
) -> None:
    fill(site)
    with held(proxied(**KINDS[name], names=NAMES, ports={80: site.port})) as proxy:
        codes = [spied.run(*verb) for verb in verbs(describe(tmp_path, proxy))]
        assert codes == [5, 5, 0]  # a part of the captured page is nowhere
        assert spied.places() == {("socket.connect", f"(('127.0.0.1', {proxy.port}),)")}
        assert {host for host, _port in proxy.asked} == {*HOSTS, "gone.example"}
        secrets = [*(word for pair in proxy.logins for word in pair), USER, PASSWORD]
        check_no_secret(spied, evidence, proxy, secrets=secrets)
    kept = [block for block in evidence.blocks() if block[1]]
    assert sorted(kept) == sorted(site.log)
    assert len(kept) >= 14
    assert evidence.verified() == "VERIFIED"
    check_records(evidence)


def check_records(evidence: Evidence) -> None:
    """Every capture names the proxy and no address."""
    reader = ArchiveReader.open(evidence.archive)
    reader.catch_up()
    found = set()
    for capture in reader.captures():
        if capture.kind == "capture":
            recorded = reader.read_exchange(capture)
            connection = recorded.metadata["connection"]
            assert (connection["proxy"], connection["peer"]) == ("out", None)
            assert connection["dns"] is None
            found.add(str(capture.outcome))
    assert found == {"complete", "proxy"}
    reader.close()
    for path in evidence.archive.rglob("*.warc.gz*"):
        assert b"WARC-IP-Address" not in gzip.decompress(path.read_bytes())


def check_no_secret(
    spied: Spied, evidence: Evidence, proxy: LoopbackProxy, *, secrets: list[str]
) -> None:
    """Nothing secret in what was written, printed, or put on a command line."""
    wanted = {secret.encode() for secret in secrets}
    wanted |= {base64.b64encode(secret) for secret in wanted}
    wanted.add(base64.b64encode(f"{USER}:{PASSWORD}".encode()))
    wanted.add(f"127.0.0.1:{proxy.port}".encode())
    places = {"output": spied.output.encode()}
    places["processes"] = "".join(
        text for event, text in spied.events() if event == "process"
    ).encode()
    for path in evidence.archive.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            places[str(path)] = data
            if ".warc.gz" in path.name:
                places[f"{path}, read"] = gzip.decompress(data)
    assert len(places) > 6
    assert "processes" in places
    found = [(n, s) for n, data in places.items() for s in wanted if s in data]
    assert found == []


@pytest.mark.parametrize("name", ["connect with password", "socks5 with password"])
def test_a_refused_password_is_in_no_record_or_message(
    name: str,
    *,
    site: Site,
    evidence: Evidence,
    spied: Spied,
    verbs: Verbs,
    proxied: ProxyMaker,
    tmp_path: Path,
) -> None:
    wrong = "canary-wrong"
    with held(proxied(**KINDS[name], names=NAMES, ports={80: site.port})) as proxy:
        for verb in verbs(describe(tmp_path, proxy, password=wrong)):
            assert spied.run(*verb) == 5
        assert proxy.logins
        check_no_secret(spied, evidence, proxy, secrets=[USER, PASSWORD, wrong])
    assert site.log == []
    assert evidence.verified() == "VERIFIED"


def test_a_proxy_that_is_down_stops_everything(
    *,
    site: Site,
    evidence: Evidence,
    spied: Spied,
    verbs: Verbs,
    proxied: ProxyMaker,
    tmp_path: Path,
) -> None:
    with held(proxied("socks5")) as proxy:
        path = describe(tmp_path, proxy)
    for verb in verbs(path):
        assert spied.run(*verb) == 5
    assert spied.places() == {("socket.connect", f"(('127.0.0.1', {proxy.port}),)")}
    assert site.log == []
    assert evidence.verified() == "VERIFIED"


def test_the_spy_sees_connections_that_go_to_no_proxy(site: Site, spied: Spied) -> None:
    connect_to = site.connect_to("a.example")
    assert (
        spied.run("capture", "--parts", "none", *connect_to, "http://a.example/") == 0
    )
    assert spied.places() == {("socket.connect", f"(('127.0.0.1', {site.port}),)")}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--proxy", "out"], "nobody described"),
        (["--proxies", "FILE"], "none is chosen"),
        (["--proxies", "FILE", "--proxy", "other"], "nobody described"),
        (["--proxies", "none.toml", "--proxy", "out"], "cannot be read"),
        (["--proxies", "OPEN", "--proxy", "out"], "chmod 600"),
        (["--proxies", "FILE", "--proxy", f"http://u:{PASSWORD}@h:1"], "its label"),
    ],
)
@pytest.mark.parametrize(
    "verb", [("capture", "http://a.example/"), ("crawl", "outlet")]
)
def test_where_a_proxy_was_meant_and_is_not_there_nothing_is_done(
    verb: tuple[str, ...],
    options: list[str],
    words: str,
    *,
    evidence: Evidence,
    sources: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In this process: nothing is begun, which is what is looked at."""
    for name, value in evidence.environment().items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "proxies.toml"
    path.write_text(f'[out]\nurl = "http://u@127.0.0.1:1"\npassword = "{PASSWORD}"')
    path.chmod(0o600 if "OPEN" not in options else 0o640)
    given = [str(path) if o in ("FILE", "OPEN") else o for o in options]
    if verb[0] == "crawl":
        given += ["--sources", str(sources("outlet", SOURCE))]
    before = sorted((p, p.stat().st_mtime_ns) for p in evidence.archive.rglob("*"))
    done = call(["--archive", str(evidence.archive), *verb, *given], capsys)
    assert done.code == 2
    assert words in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert PASSWORD not in done.err
    after = sorted((p, p.stat().st_mtime_ns) for p in evidence.archive.rglob("*"))
    assert after == before


def test_a_source_that_names_a_proxy_is_never_crawled_without(
    evidence: Evidence, sources: Callable[..., Path]
) -> None:
    folder = sources("outlet", SOURCE, '[network]\nproxy = "out"')
    done = evidence.run("crawl", "outlet", "--sources", str(folder))
    assert done.returncode == 2
    assert "outlet names the proxy out" in done.stderr
