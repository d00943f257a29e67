"""Identity: an address names its article, the same on every mirror and in each form."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.sources.identity import fold_address, identify
from crawlers.sources.lookalike import find_lookalike
from crawlers.sources.registry import get_source, read_registry
from crawlers.sources.source import HostRole

REGISTRY = read_registry()
KEYS = [
    ("https://spring96.org/en/news/117107", "viasna:117107"),
    ("http://spring96.org./be/news/117107/", "viasna:117107"),
    ("https://news.zerkalo.io/economics/83287.html", "zerkalo:83287"),
    ("https://zerkalo-mirror5.xyz/news/amp/economics/83287.html", "zerkalo:83287"),
    ("http://www.zerkalo.io/news/economics/83287.html?tg=7", "zerkalo:83287"),
    ("https://zerkalo.io/news/economics/83287.html?utm_source=a", "zerkalo:83287"),
    ("https://zerkalo.io/news/economics/83287.html#comments", "zerkalo:83287"),
    ("https://aianalyticsweb.com/en/news/121239", "pozirk:121239"),
    ("https://bykhov.by/?p=254825", "bykhov-by:p=254825"),
    ("https://pravo.by/document/?guid=3961&p0=W22136507", "pravo-by:w22136507"),
    ("https://pravo.by/document/?P0=w22136507&guid=3961", "pravo-by:w22136507"),
    ("https://svaboda.org/amp/33290000.html", "svaboda:33290000"),
    ("https://nashaniva.com/be_latn/353900", "nashaniva:353900"),
    (
        "https://budakosh.by/%D0%BD%D0%B0%D0%B2%D0%B8%D0%BD%D1%8B/",
        "budakosh-by:/навины",
    ),
    ("https://budakosh.by/навины", "budakosh-by:/навины"),
    ("https://t.me/s/bajmedia/12", "tg-bajmedia:12"),
    (
        "http://svabodmmmsdce3rmzoor5cw3byj6rqss4q6bh2yfhux2dbmobnpg5ead.onion"
        "/a/33290000.html",
        "svaboda:33290000",
    ),
]


@pytest.mark.parametrize(("url", "name"), KEYS)
def test_an_address_has_the_key_of_its_article_whatever_its_form(
    url: str, name: str
) -> None:
    owners = [identify(source, url) for source in REGISTRY.values()]
    assert [found.name for found in owners if found is not None] == [name]


def test_every_example_of_every_file_belongs_to_its_source_alone() -> None:
    for source in REGISTRY.values():
        for rule in source.identity:
            for url, key in rule.examples:
                owners = {
                    name: found.key
                    for name, other in REGISTRY.items()
                    if (found := identify(other, url)) is not None
                }
                assert owners == {source.id: key}, url


def test_a_preview_host_stands_alone_and_a_mirror_knows_that_it_is_one() -> None:
    meduza = REGISTRY["meduza"]
    preview = identify(
        meduza, "https://website3.production.meduza.io/news/2025/01/26/slovo"
    )
    main = identify(meduza, "https://meduza.io/news/2025/01/26/slovo")
    assert preview is not None
    assert main is not None
    assert preview.key != main.key
    mirror = identify(REGISTRY["pozirk"], "https://mstagmanager.com/en/news/1")
    assert mirror is not None
    assert mirror.role is HostRole.MIRROR
    assert mirror.language == "en"


def test_what_only_says_how_a_page_is_shown_is_folded_and_the_rest_is_not() -> None:
    plain = fold_address("https://h.example/news/1")
    for url in (
        "http://www.h.example./news/1/?utm_campaign=x&fbclid=y&print",
        "https://h.example/news/amp/1",
        "https://h.example/news/1/print",
        "https://h.example//news/1#top",
    ):
        assert fold_address(url) == plain, url
    for url in ("https://h.example/news/1?page=2", "https://h.example/amp"):
        assert fold_address(url) != plain
    assert fold_address("mailto:a@h.example") is None
    assert fold_address("https://[::1/") is None


@settings(max_examples=40)
@given(st.text(max_size=40))
def test_no_text_makes_it_raise(text: str) -> None:
    source = get_source("zerkalo")
    for url in (text, f"https://zerkalo.io/{text}", f"https://{text}/news"):
        identify(source, url)
        fold_address(url)
        find_lookalike(source, text)


LOOKALIKES = [
    ("zerka1o.io", True),
    ("zerkal0-read.site", True),
    ("zеrkalo.io", True),  # a Cyrillic letter
    ("xn--zrkalo-3of.io", True),  # the same as an A-label
    ("zerkalo.com", True),
    ("zerkalo-new.example", True),
    ("zerkalo.io", False),
    ("news.zerkalo.io", False),
    ("zerkalo-mirror5.xyz", False),  # listed
    ("belta.by", False),
    ("example.com", False),
    ("", False),
]


@pytest.mark.parametrize(("host", "expected"), LOOKALIKES)
def test_a_host_that_looks_like_one_of_ours_is_found(
    host: str, *, expected: bool
) -> None:
    found = find_lookalike(REGISTRY["zerkalo"], host)
    assert (found is not None) is expected


def test_no_source_of_the_registry_looks_like_another() -> None:
    hosts = {host.name for source in REGISTRY.values() for host in source.hosts}
    for source in REGISTRY.values():
        own = {host.name for host in source.hosts}
        assert {host for host in hosts - own if find_lookalike(source, host)} == set()
