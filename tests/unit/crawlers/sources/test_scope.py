"""Scope: the first matching rule decides, nothing is fetched without one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.sources.registry import get_source
from crawlers.sources.scope import decide, fold_host, is_own_host
from crawlers.sources.source import ScopeAction, Source

VIASNA = get_source("viasna")
JUDGED = [
    ("https://outlet.example/news/12", "fetch fetch"),
    ("http://OUTLET.example./news/12", "fetch fetch"),
    ("https://www.outlet.example/news", "fetch fetch"),
    ("https://mirror.example/news/12", "fetch fetch"),
    ("https://outlet.example:8080/news/12", "fetch fetch"),
    ("https://outlet.example/about", "follow follow"),
    ("https://outlet.example/private/x", "ignore ignore"),
    ("https://cdn.example/a/b.css", "fetch fetch"),
    ("https://mirror.example/about", "ignore no-rule"),
    ("https://outlet.example/news/12?page=2", "ignore no-rule"),
    ("https://outlet.example/news/12/x", "ignore no-rule"),
    ("https://other.example/news/12", "ignore no-rule"),
    ("https://xoutlet.example/news/12", "ignore no-rule"),
    ("https://outlet.example.evil.example/news", "ignore no-rule"),
    ("https://evil.example#@outlet.example/news", "ignore no-rule"),
    ("https://outlet.example:81/news/12", "ignore port"),
    ("https://outlet.example:99999/news/12", "ignore malformed"),
    ("https://[::1/news", "ignore malformed"),
    ("https:///news", "ignore malformed"),
    ("ftp://outlet.example/news", "ignore scheme"),
    ("javascript:alert(1)", "ignore scheme"),
    ("file:///etc/passwd", "ignore scheme"),
    ("https://outlet.example/a/b/a/c/a", "ignore path-repetition"),
    ("https://outlet.example/news/" + "1" * 9000, "ignore url-too-long"),
]


@pytest.mark.parametrize(("url", "verdict"), JUDGED)
def test_each_address_gets_the_verdict_of_its_first_rule(
    outlet: Source, url: str, verdict: str
) -> None:
    found = decide(outlet, url)
    action, rule = verdict.split()
    assert found.action == ScopeAction(action)
    assert found.rule.split()[0] == rule
    assert found.signal == (rule not in ("fetch", "follow", "ignore"))


def test_any_port_is_open_in_a_test_set_up_only(outlet: Source) -> None:
    url = "http://outlet.example:45678/news/1"
    assert not decide(outlet, url).may_fetch
    assert decide(outlet, url, any_port=True).may_fetch


def test_a_source_knows_its_own_hosts(outlet: Source) -> None:
    assert is_own_host(outlet, "http://www.outlet.example./robots.txt")
    assert not is_own_host(outlet, "http://cdn.example/")


def test_a_cyrillic_look_alike_is_another_host(outlet: Source) -> None:
    assert fold_host("оutlet.example").startswith("xn--")
    assert not decide(outlet, "https://оutlet.example/news/1").may_fetch


@given(st.text(max_size=60))
def test_no_text_makes_it_raise_and_each_verdict_names_its_rule(text: str) -> None:
    for url in (text, f"https://{text}/news", f"https://outlet.example/{text}"):
        assert decide(VIASNA, url).rule
