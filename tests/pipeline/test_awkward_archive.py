"""The awkward cases through the command into an archive: log and archive are equal."""

import json
import re
import ssl
import string
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme

from archive.attest.trust.folder import read_trust
from archive.store.layout import read_identity
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.blocks import archived, read_by_another, served
from tests.support.awkward.case import Case
from tests.support.awkward.cases import body_of, gettable, path_of, sayable
from tests.support.awkward.corners import CORNERS
from tests.support.capturing.sources import (
    IGNORE_ROBOTS,
    host_tables,
    seed_table,
    source_head,
)
from tests.support.capturing.wire import AwkwardSites, Served, Steps, leads, serve_sites
from tests.support.programs.command import Command

INTERIM = re.compile(rb"[\r\n]*HTTP/1\.[01] 1")
"""Begins with a head that is kept apart from the block."""
LOOPBACKS = {"IPv4": "127.0.0.1", "IPv6": "[::1]"}
SOURCE = (
    source_head()
    + """parts = "none"

{hosts}

{seeds}

[[scope]]
path = '/.*'
action = "fetch"

[[scope]]
query = '.*'
action = "fetch"

[limits]
delay_ms = 0
"""
    + IGNORE_ROBOTS
)


@pytest.fixture
def command(tmp_path: Path) -> Command:
    made = Command(home=tmp_path, archive=tmp_path / "archive")
    assert made.run("init", "--name", "Observers of a test").returncode == 0
    return made


@pytest.fixture(scope="module")
def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("*.example").configure_cert(context)
    return context


def by_host(cases: list[Case]) -> dict[str, Case]:
    """A host of its own for each case, so that none meets another's connection."""
    return {f"c{number}.example": case for number, case in enumerate(cases)}


def steps_of(cases: dict[str, Case]) -> dict[str, Steps]:
    return {host: case.steps for host, case in cases.items()}


def line_of(host: str, case: Case, scheme: str) -> str:
    """The case as a line of a list, with method, headers and body."""
    asked = dict(case.request or {})
    line: dict[str, object] = {"url": f"{scheme}://{host}{path_of(case)}"}
    if "method" in asked:
        line["method"] = asked["method"]
    if "headers" in asked:
        line["headers"] = [[name, value] for name, value in asked["headers"]]
    if body_of(case):
        line["body"] = body_of(case).decode()
    return json.dumps(line)


def host_of(one: Served) -> str:
    return one.received.split(b"\r\nHost: ")[1].split(b"\r\n")[0].decode()


def judge(command: Command, sites: AwkwardSites, *, least: int) -> None:
    """VERIFIED; the same multiset of exchanges on both sides, for two readers."""
    trust = read_trust(command.home / "trust", read_identity(command.archive).origin)
    report = verify_archive(command.archive, trust=trust)
    assert report.outcome is Outcome.VERIFIED, list(report.of(Outcome.FAILED))
    found, logged = archived(command.archive), served(sites.log)
    assert found - logged == Counter(), "only in the archive"
    assert logged - found == Counter(), "only in the log"
    assert found.total() >= least
    blocks = read_by_another(command.archive)
    for (request, response), times in found.items():
        assert blocks[request] >= times
        assert not response or INTERIM.match(response) or blocks[response]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("family", LOOPBACKS)
def test_every_case_of_a_list_is_kept_as_it_was_sent(
    command: Command,
    tls: ssl.SSLContext,
    request: pytest.FixtureRequest,
    *,
    family: str,
    scheme: str,
) -> None:
    if family == "IPv6":
        request.getfixturevalue("require_ipv6")
    check_list(command, tls, sayable(), address=LOOPBACKS[family], scheme=scheme)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_further_corner_of_a_list_is_kept_as_it_was_sent(
    command: Command, tls: ssl.SSLContext, *, scheme: str
) -> None:
    cases = sayable(CORNERS)
    check_list(command, tls, cases, address=LOOPBACKS["IPv4"], scheme=scheme)


def check_list(
    command: Command,
    tls: ssl.SSLContext,
    asked: list[Case],
    *,
    address: str,
    scheme: str,
) -> None:
    """Capture cases by a list; what was kept is what was sent."""
    cases = by_host(asked)
    with serve_sites(steps_of(cases), host=address.strip("[]"), tls=tls) as sites:
        listed = command.home / "list"
        listed.write_text(
            "\n".join(line_of(host, case, scheme) for host, case in cases.items())
        )
        port = sites.port if scheme == "http" else sites.secure_port
        outer = 80 if scheme == "http" else 443
        done = command.run(
            *("capture", "--from", str(listed), "--json", "--parts", "none"),
            *leads(list(cases), (outer, f"{address}:{port}")),
        )
    assert done.returncode == 5, done.stderr  # some cases are failures
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) >= len(cases)
    outcomes = {
        row["uri"].split("/")[2]: row["outcome"]
        for row in reversed(rows)  # of a host the first; of a `file:` hop none
        if row["uri"].startswith(scheme) and row["uri"].split("/")[2] in cases
    }
    assert outcomes == {host: str(case.outcome) for host, case in cases.items()}
    judge(command, sites, least=len(cases))


def test_every_case_of_a_crawl_is_kept_as_it_was_sent(command: Command) -> None:
    check_crawl(command, gettable())


@pytest.mark.slow
def test_every_further_corner_of_a_crawl_is_kept_as_it_was_sent(
    command: Command,
) -> None:
    check_crawl(command, gettable(CORNERS))


def check_crawl(command: Command, wanted: list[Case]) -> None:
    """Crawl cases as the seeds of a source; what was kept is what was sent."""
    cases = by_host(wanted)
    with serve_sites(steps_of(cases)) as sites:
        seeds = "\n".join(
            seed_table(f"http://{host}" + quote(path_of(case), safe=string.punctuation))
            for host, case in cases.items()
        )
        folder = command.home / "sources"
        folder.mkdir()
        (folder / "outlet.toml").write_text(
            SOURCE.format(hosts=host_tables(cases), seeds=seeds)
        )
        done = command.run(
            *("crawl", "outlet", "--json", "--sources", str(folder)),
            *leads(list(cases), (80, f"127.0.0.1:{sites.port}")),
        )
    assert done.returncode == 5, done.stderr
    asked = {
        one.received.split(b"\r\nHost: ")[1].split(b"\r\n")[0] for one in sites.log
    }
    assert {host.decode() for host in asked} == set(cases)
    judge(command, sites, least=2 * len(cases))


@pytest.mark.usefixtures("require_ipv6")
def test_ipv6_addresses_stand_in_brackets_and_have_no_zone(command: Command) -> None:
    allowed = ("--allow-network", "::1/128", "--json")
    with serve_sites({}, host="::1") as sites:
        spellings = ("[::1]", "[0:0::1]", "[0000:0:0:0:0:0:0:1]")
        posted = {"url": f"http://[::1]:{sites.port}/p", "method": "POST", "body": "ў"}
        listed = command.home / "list"
        listed.write_text(json.dumps(posted | {"headers": {"X-A": ["1", "2"]}}))
        urls = [f"http://{host}:{sites.port}/{host[1:3]}" for host in spellings]
        rows = command.rows("capture", *urls, "--from", str(listed), *allowed)
    assert {row["uri"].rpartition("/")[0] for row in rows} == {
        f"http://[::1]:{sites.port}"
    }
    hosts = {host_of(one) for one in sites.log}
    assert hosts == {f"[::1]:{sites.port}"}
    sent = sites.log[-1].received
    assert b"\r\nX-A: 1\r\nX-A: 2\r\n" in sent
    assert sent.endswith("\r\n\r\nў".encode())
    judge(command, sites, least=4)
    before = sorted(path.name for path in command.archive.rglob("*"))
    for bad in ("[fe80::1%25lo]", "[::1%lo]", "[::1", "::1", "[::g]", "[v1.a]"):
        done = command.run("capture", f"http://{bad}/", *allowed)
        assert (done.returncode, done.stdout) == (2, ""), bad
        assert len(done.stderr.splitlines()) == 1
    assert sorted(path.name for path in command.archive.rglob("*")) == before
