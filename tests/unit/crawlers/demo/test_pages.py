"""Page files become HTML by rule, and a wrong file is refused."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from crawlers.demo.pages import Page, Words, parse_page, render_page

WORDS = Words(mark="MARK <1>", facts="Facts: ", published="Published")
LAYOUT = "{{language}}|{{title}}|{{mark}}|{{published_meta}}|{{body}}|{{facts}}"


def article(**changes: Any) -> Page:
    made = Page(
        path="/be-latn/news/7.html",
        title="A & B",
        published=date(2025, 1, 26),
        facts="N. <N>",
        body="<p>x</p>",
    )
    return replace(made, **changes)


def test_head_and_body_are_parted() -> None:
    text = '+++\ntitle = "T"\npublished = 2025-01-26\n+++\n\n<p>x</p>\n'
    page = parse_page("/en/news/1.html", text)
    assert page == Page(
        path="/en/news/1.html",
        title="T",
        published=date(2025, 1, 26),
        facts=None,
        body="<p>x</p>",
    )


@pytest.mark.parametrize(
    "text",
    ["<p>x</p>", '+++\ntitle = "T"\n', 'x+++\ntitle = "T"\n+++\n'],
    ids=["no head", "head without end", "something before the head"],
)
def test_a_page_without_a_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"/a\.html"):
        parse_page("/a.html", text)


def test_an_unknown_key_in_the_head_is_refused() -> None:
    with pytest.raises(ValueError, match="titel"):
        parse_page("/a.html", '+++\ntitel = "T"\n+++\n')


def test_title_mark_and_facts_are_escaped_and_the_body_is_not() -> None:
    html = render_page(article(), LAYOUT, words=WORDS)
    assert html.split("|") == [
        "be-Latn",
        "A &amp; B",
        "MARK &lt;1&gt;",
        '<meta property="article:published_time" content="2025-01-26">',
        "<p>x</p>",
        "Facts: N. &lt;N&gt;",
    ]


def test_a_list_names_articles_of_its_language_newest_first() -> None:
    older = article(path="/en/news/1.html", published=date(2025, 1, 1))
    newer = article(path="/en/news/2.html", published=date(2025, 1, 2))
    foreign = article(path="/pl/news/3.html")
    page = article(path="/en/", body="{{listing}}", published=None, facts=None)
    html = render_page(page, "{{body}}", words=WORDS, articles=[older, foreign, newer])
    assert html.index("/en/news/2.html") < html.index("/en/news/1.html")
    assert "/pl/" not in html


def test_an_unknown_slot_in_a_layout_is_an_error() -> None:
    with pytest.raises(KeyError):
        render_page(article(), "{{titel}}", words=WORDS)
