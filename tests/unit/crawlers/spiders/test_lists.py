"""Lists of every kind: what cannot be read is a signal, and all is bounded."""

import gzip
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import HtmlResponse

from archive.capture_class import ClassNote
from crawlers.sources.seeds import (
    ChannelRules,
    FeedRules,
    FilesRules,
    ListingRules,
    SitemapRules,
)
from crawlers.spiders.channel import read_channel
from crawlers.spiders.feed import read_feed
from crawlers.spiders.files import read_documents
from crawlers.spiders.listing import read_listing
from crawlers.spiders.made_up import AlikeAnswers, SeenPage
from crawlers.spiders.previous import compare
from crawlers.spiders.reading import Entry, Reading, read_instant
from crawlers.spiders.sitemap import read_sitemap

HEAD = '<?xml version="1.0"?>'
URLSET = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"


def feed(body: bytes, **rules: Any) -> Reading:
    return read_feed(
        body,
        url="https://h.example/rss",
        content_type="application/xml",
        rules=FeedRules(**rules),
        timezone="Europe/Minsk",
    )


def sitemap(body: bytes, **rules: Any) -> Reading:
    return read_sitemap(
        body,
        url="https://h.example/map.xml",
        rules=SitemapRules(**rules),
        timezone="Europe/Minsk",
    )


def response(html: str, url: str = "https://t.me/s/NAME") -> HtmlResponse:
    return HtmlResponse(url, body=html.encode())


@pytest.mark.corpus
def test_227_feeds_in_odd_encodings_are_read_or_counted(corpus_dir: Path) -> None:
    files = [p for p in (corpus_dir / "encodings").rglob("*.xml")]
    assert len(files) >= 200
    read = [feed(path.read_bytes()) for path in files]
    unreadable = sum("feed-unreadable" in one.signals for one in read)
    assert unreadable <= len(files) // 20


@pytest.mark.parametrize(
    "body", [b"", b"<html><p>x", b"{", b"[]", b'{"items": 3}', b"\xff\xfe\x00", b"<rss"]
)
def test_a_body_that_is_no_feed_is_a_signal(body: bytes) -> None:
    found = feed(body)
    assert (found.signals["feed-unreadable"], found.entries) == (1, ())


def test_a_feed_is_never_an_address_or_a_file_for_its_parser() -> None:
    for body in (b"https://h.example/other.xml", b"/etc/passwd", b"file:///etc/passwd"):
        assert feed(body).entries == ()


def test_dates_of_a_feed_are_its_claim_in_utc() -> None:
    item = "<item><title>A</title><link>/1</link><pubDate>{}</pubDate></item>"
    body = f"{HEAD}<rss version='2.0'><channel>{item}</channel></rss>".format(
        "Sun, 26 Jan 2025 20:00:00 +0300"
    )
    (entry,) = feed(body.encode()).entries
    assert entry.stated_at == datetime(2025, 1, 26, 17, tzinfo=UTC)
    assert entry.date == "Sun, 26 Jan 2025 20:00:00 +0300"
    assert read_instant("2025-01-26T20:00", "Europe/Minsk") == entry.stated_at
    assert read_instant("yesterday", "Europe/Minsk") is None


def test_sitemaps_are_bounded_unpacked_and_newest_first() -> None:
    rows = "".join(
        f"<url><loc>/n/{n}</loc><lastmod>2025-01-{n:02}</lastmod></url>"
        for n in (3, 9, 5)
    )
    body = f"{HEAD}{URLSET}{rows}<url><loc>/x</loc></url></urlset>".encode()
    for data in (body, gzip.compress(body)):
        found = sitemap(data, article=re.compile("/n/.*"), newest=2)
        assert [entry.url for entry in found.entries] == [
            "https://h.example/n/9",
            "https://h.example/n/5",
        ]
        assert found.signals == {"item-not-article": 1, "item-older-than-wanted": 1}
    many = "<url><loc>/n</loc></url>" * 50_002
    found = sitemap(f"{URLSET}{many}</urlset>".encode(), newest=60_000)
    assert len(found.entries) == 50_000
    assert found.signals["items-beyond-limit"] == 1


@pytest.mark.parametrize(
    "body", [b"", b"\x1f\x8bbroken", b"<html>", b"<urlset", b"no xml", b"<a>" * 99]
)
def test_a_body_that_is_no_sitemap_is_a_signal(body: bytes) -> None:
    found = sitemap(body)
    assert found.entries == ()


def test_a_packed_bomb_is_no_sitemap() -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * (60 << 20))
    assert sitemap(bomb).signals == {"sitemap-unreadable": 1}


def test_a_channel_page_tells_gaps_and_where_older_posts_are() -> None:
    posts = "".join(
        f'<div class="tgme_widget_message" data-post="NAME/{n}">'
        f'<div class="tgme_widget_message_text">Words {n}</div></div>'
        for n in (7, 8, 11)
    )
    found = read_channel(response(posts), ChannelRules(), timezone="UTC")
    assert [entry.key for entry in found.entries] == ["NAME/7", "NAME/8", "NAME/11"]
    assert found.signals == {"post-number-missing": 2}
    assert found.next_url == "https://t.me/s/NAME?before=7"


def test_documents_are_known_by_their_folder_alone() -> None:
    html = "<a href=/up/a.doc>A</a><a href=/up/a.doc>again</a><a href=/about>x</a>"
    rules = FilesRules(link="a[href]", path=re.compile("/up/.*"), least=2)
    found = read_documents(response(html, "https://h.example/list"), rules)
    assert [entry.url for entry in found.entries] == ["https://h.example/up/a.doc"]
    assert found.signals == {"documents-missing": 1}


def test_paragraphs_are_items_without_links_and_disorder_is_counted() -> None:
    html = "<p>One</p><p>One</p><p>Two</p><p> </p>"
    found = read_listing(response(html), ListingRules(item="p", paragraphs=True))
    assert [entry.title for entry in found.entries] == ["One", "Two"]
    assert found.signals == {"item-adjacent-double": 1, "item-without-text": 1}
    dated = "".join(
        f"<li><a href=/{n}>x</a><time datetime=2025-01-{n:02}></time></li>"
        for n in (9, 8, 20, 7, 6)
    )
    found = read_listing(response(dated), ListingRules(item="li", date="time"))
    assert found.signals["items-out-of-order"] == 1


def entries(*names: str, digest: str = "") -> Reading:
    found = (Entry(url=f"https://h.example/{name}", digest=digest) for name in names)
    return Reading(entries=tuple(found))


def test_only_what_left_the_middle_of_a_list_has_vanished() -> None:
    difference = compare(
        entries("e", "d", "c", "b", "a"),
        entries("g", "f", "e", "c", "b"),
        rules=ListingRules(item="a"),
        is_known=lambda _: True,
    )
    assert difference.signals == Counter({"item-vanished": 1})
    assert [entry.url for entry in difference.gone] == ["https://h.example/d"]


def test_an_entry_that_left_its_feed_unseen_is_asked_for() -> None:
    difference = compare(
        entries("c", "b", "a"),
        entries("d", "c"),
        rules=FeedRules(),
        is_known=lambda url: url.endswith("a"),
    )
    assert [entry.url for entry in difference.gone] == ["https://h.example/b"]


def test_one_address_is_made_up_for_a_host_and_unmasks_its_pages() -> None:
    notes: dict[str, ClassNote] = {}
    alike = AlikeAnswers(note_class=notes.__setitem__)

    def seen(number: int, text: str) -> str | None:
        note = ClassNote(capture_class="page", rule="as-expected", key=f"o:{number}")
        page = SeenPage(
            capture_id=f"{number:064x}", url=f"https://h.example/n/{number}", note=note
        )
        return alike.see(text, page)

    assert seen(1, "welcome") is None
    assert seen(2, "an article") is None
    made_up = seen(3, "welcome")
    assert made_up is not None
    assert made_up.startswith("https://h.example/n/")
    assert seen(4, "welcome") is None, "asked for once"
    alike.hear(made_up, ["welcome"])
    assert seen(5, "welcome") is None
    assert {name.lstrip("0") for name in notes} == {"1", "3", "4", "5"}
    assert {note.rule for note in notes.values()} == {"same-as-made-up-address"}
