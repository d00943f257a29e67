"""A charset that is a codec of Python's, and none of texts, ends nothing."""

import pytest
from scrapy.http import Request, TextResponse

from archive.warc.head import parse_http_head
from crawlers.crawl.capturing.memory import Content
from crawlers.crawl.capturing.references import read_tree
from crawlers.crawl.seam.response import make_archived
from crawlers.sources.seeds import FeedRules
from crawlers.spiders.feed import read_feed
from crawlers.spiders.reading import join

CHARSETS = ["hex", "zip", "rot13", "idna", "undefined", "utf-8", "no-such"]
PAGE = "<p>Вынікі галасавання</p>"


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_page_is_read_whatever_charset_its_server_names(charset: str) -> None:
    content_type = f"text/html; charset={charset}"
    tree = read_tree(PAGE.encode(), content_type=content_type)
    assert tree.xpath("string(//p)").get() == "Вынікі галасавання"
    head = parse_http_head(
        f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode()
    )
    made = make_archived(
        Content(head=head, body=PAGE.encode()), Request("http://a.example/"), flag="f"
    )
    assert isinstance(made, TextResponse)
    assert made.xpath("string(//p)").get() == "Вынікі галасавання"


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_feed_of_an_odd_charset_is_read_or_called_unreadable(charset: str) -> None:
    body = (
        "<rss version='2.0'><channel><item><title>T</title>"
        "<link>http://a.example/1</link></item></channel></rss>"
    )
    found = read_feed(
        body.encode(),
        url="http://a.example/",
        content_type=f"application/rss+xml; charset={charset}",
        rules=FeedRules(),
        timezone="Europe/Minsk",
    )
    assert bool(found.entries) != ("feed-unreadable" in found.signals)


@pytest.mark.parametrize("href", ["http://x:99999/", "//x:abc/", "/\ud800", "http://["])
def test_an_address_nobody_can_ask_for_is_none(href: str) -> None:
    assert join("http://a.example/", href) is None
