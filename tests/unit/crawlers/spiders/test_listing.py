"""A list loses no item in silence: each oddity is a signal with a count."""

import re
from dataclasses import replace
from typing import Any

from scrapy.http import HtmlResponse

from crawlers.sources.seeds import ListingRules
from crawlers.spiders.listing import read_listing
from crawlers.spiders.reading import Reading


def read(html: str, **rules: Any) -> Reading:
    usual = ListingRules(
        item="li", link=None, title=None, date=None, next=None, pages=1, article=None
    )
    response = HtmlResponse("http://h.example/dir/", body=html.encode())
    return read_listing(response, replace(usual, **rules))


def test_items_come_in_order_with_title_and_date_as_printed() -> None:
    page = read(
        "<li><h3> A  title </h3><time>Feb 04, 2024</time><a href=1#x>more</a>"
        "<li><h3>Next</h3><time>tomorrow</time><a href='/2?p=1'>more</a>",
        title="h3",
        date="time",
    )
    assert [(i.url, i.title, i.date) for i in page.entries] == [
        ("http://h.example/dir/1", "A title", "Feb 04, 2024"),
        ("http://h.example/2?p=1", "Next", "tomorrow"),
    ]
    assert page.signals == {}


def test_an_item_without_link_title_or_date_is_counted() -> None:
    page = read(
        "<li>no link<li><a href=1></a><li><a href='#'>x</a><li><a href='http://[/'>y</a>",
        date="time",
    )
    assert [item.url for item in page.entries] == ["http://h.example/dir/1"]
    assert page.signals == {
        "item-without-link": 3,
        "item-without-title": 1,
        "item-without-date": 1,
    }


def test_adjacent_doubles_are_one_item_and_distant_ones_are_two() -> None:
    page = read(
        "<a href=1><img></a><a href=1>One</a><a href=2>Two</a><a href=1>One</a>",
        item="a",
    )
    assert [(item.url, item.title) for item in page.entries] == [
        ("http://h.example/dir/1", "One"),
        ("http://h.example/dir/2", "Two"),
        ("http://h.example/dir/1", "One"),
    ]
    assert page.signals == {"item-adjacent-double": 1}


def test_a_link_that_is_no_article_is_counted_and_not_followed() -> None:
    page = read(
        "<a href=/news/12?x=1>a</a><a href=/news/all>b</a><a href=javascript:x>c</a>",
        item="a",
        article=re.compile(r"/news/\d+"),
    )
    assert len(page.entries) == 1
    assert page.signals == {"item-not-article": 1, "item-without-link": 1}


def test_the_next_page_is_found_where_the_file_says() -> None:
    html = "<a class=next href='?page=2'>older</a>"
    assert read(html, next="a.next").next_url == "http://h.example/dir/?page=2"
    assert read(html).next_url is None
    assert read("<p>", next="a.next").next_url is None


def test_a_list_that_is_too_long_is_a_signal() -> None:
    page = read("<li>" + " " * (8 << 20))
    assert page.entries == ()
    assert page.signals == {"listing-too-long": 1}
