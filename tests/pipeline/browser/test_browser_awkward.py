"""The awkward cases through a browser: the archive holds what the server logged."""

import ssl
from collections import Counter

import pytest
import trustme

from tests.support.archives.blocks import archived, served
from tests.support.awkward.case import Case
from tests.support.awkward.cases import gettable, path_of
from tests.support.capturing.wire import Steps, leads, serve_sites
from tests.support.programs.command import Command

PAGE = "http://page.example/"
CASES_A_PAGE = 50
"""A page may take a minute to load; an everyday run makes one page of each 5th case."""


def page_of(hosts: dict[str, Case], scheme: str) -> bytes:
    """A page whose script asks for each case and does not mind how it ends."""
    urls = [f"{scheme}://{host}{path_of(case)}" for host, case in hosts.items()]
    script = (
        f"for (const url of {urls!r}) fetch(url, {{mode: 'no-cors'}}).catch(e => e)"
    )
    return f"<!doctype html><meta charset=utf-8><script>{script}</script>".encode()


def check(evidence: Command, cases: list[Case], scheme: str) -> None:
    hosts = {f"c{number}.example": case for number, case in enumerate(cases)}
    steps: dict[str, Steps] = {host: case.steps for host, case in hosts.items()}
    numbers = range(0, len(cases), CASES_A_PAGE)
    pages = {
        f"page.example/{n}": page_of(
            dict(list(hosts.items())[n : n + CASES_A_PAGE]), scheme
        )
        for n in numbers
    }
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("*.example").configure_cert(tls)
    with serve_sites(steps, pages=pages, tls=tls) as sites:
        done = evidence.run(
            *("capture", "--page", *(f"{PAGE}{n}" for n in numbers)),
            *leads(
                ["page.example", *hosts],
                (80, f"127.0.0.1:{sites.port}"),
                (443, f"127.0.0.1:{sites.secure_port}"),
            ),
        )
    assert done.returncode in (0, 5), done.stderr
    asked = b"".join(one.received for one in sites.log).decode("latin-1")
    missing = [case.name for host, case in hosts.items() if host not in asked]
    assert missing == []
    found, logged = archived(evidence.archive), served(sites.log)
    assert found - logged == Counter(), "only in the archive"
    assert logged - found == Counter(), "only in the log"
    assert found.total() >= len(cases)


def test_one_case_in_five_through_a_browser_is_kept_as_it_was_sent(
    evidence: Command,
) -> None:
    check(evidence, gettable()[::5], "https")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_case_through_a_browser_is_kept_as_it_was_sent(
    evidence: Command, scheme: str
) -> None:
    check(evidence, gettable(), scheme)
