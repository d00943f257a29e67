"""The table of planned cases covers what the demonstration promises to show."""

from urllib.parse import urlsplit

from archive.capture import CaptureOutcome
from crawlers.demo.cases import CASES, COMPARISONS, PAGES, REFUSING
from crawlers.demo.content import DemoSites
from crawlers.demo.story import SOURCE_IDS, SOURCES_FOLDER
from crawlers.sources.registry import read_registry
from crawlers.sources.scope import decide

EXPECTED_STATUS = b"HTTP/1.1 %d "


def test_each_case_is_what_the_sites_really_answer(sites: DemoSites) -> None:
    for case in CASES:
        if case.uri == REFUSING:
            assert case.outcome is CaptureOutcome.REFUSED
            continue
        parts = urlsplit(case.uri)
        reply = sites.reply(parts.netloc, parts.path, visit=case.visit)
        assert case.http_status is not None
        assert reply.data.startswith(EXPECTED_STATUS % case.http_status), case


def test_comparisons_hold_for_the_sites(sites: DemoSites) -> None:
    for comparison in COMPARISONS:
        parts = urlsplit(comparison.uri)
        first, second = (
            sites.reply(parts.netloc, parts.path, visit=visit).data for visit in (1, 2)
        )
        assert (first == second) is comparison.is_same


def test_every_case_lies_in_the_scope_of_one_source() -> None:
    sources = [read_registry([SOURCES_FOLDER])[name] for name in SOURCE_IDS]
    uris = {case.uri for case in CASES} | {page.uri for page in PAGES}
    uris |= {comparison.uri for comparison in COMPARISONS}
    for uri in uris - {u for u in uris if u.endswith("/robots.txt")}:
        assert sum(decide(source, uri).may_fetch for source in sources) == 1, uri


def test_every_host_of_the_sites_belongs_to_a_source(sites: DemoSites) -> None:
    registry = read_registry([SOURCES_FOLDER])
    owned = {host.name for name in SOURCE_IDS for host in registry[name].hosts}
    assert {*sites.hosts, urlsplit(REFUSING).netloc} == owned
