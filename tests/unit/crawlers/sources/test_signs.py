"""What a body shows: visible text in the order of the page, and no more than that."""

import time

import pytest
from parsel import Selector
from scrapy.http import HtmlResponse, Request

from archive.capture_class import CaptureClass
from crawlers.sources.classes import classify, is_settled
from crawlers.sources.signs import Signs
from crawlers.spiders.answer import BRIEF_BYTES, read_response
from tests.support.archives.values import bare_capture

URL = "https://site.example/news/2025/a"
CASES = {
    "<body><p>one <b>two</b> three</p> four": "one two three four",
    "<body>a<!-- no -->b<?pi no?>c": "a b c",
    "<body>x<script>x</script>x<style>y</style>y": "x x y",
    "<body><noscript><p>no</p></noscript>yes<svg><title>no</title></svg>": "yes",
    "<!doctype html><title>no</title><main><p>yes</p></main>": "yes",
    "<!doctype html><title>no</title><body>no</body>": "no",
    "<body>same<script>same</script>": "same",
    "": "",
}


@pytest.mark.parametrize("page", CASES)
def test_visible_text_is_that_of_the_page_in_its_order(page: str) -> None:
    assert Signs(Selector(text=page or " ", type="html")).text == CASES[page]


CROWDS = {
    "paragraphs and quotations": "<p>a</p><blockquote>b</blockquote>" * 40_000,
    "scripts and frames": "<script>a</script><iframe src=b></iframe>" * 40_000,
    "forms and meta": "<form action=a></form><meta content=b>" * 40_000,
    "titles and headings": "<title> </title><h1></h1>" * 40_000,
    "hidden of two kinds": "<svg>a</svg><noscript>b</noscript>" * 40_000,
    "headings in headings": "<h1>" * 250 + "<b>x</b>" * 20_000,
    "pictures in pictures": "<svg>" * 250 + "<b>x</b>" * 20_000,
    "articles in articles": "<article>" * 250 + "<ul><li>x</ul>" * 20_000,
    "quotations in quotations": "<blockquote>" * 2_000 + "<b></b>" * 100_000,
}


@pytest.mark.parametrize("crowd", CROWDS)
def test_signs_of_a_page_of_a_megabyte_are_read_in_a_moment(crowd: str) -> None:
    signs = Signs(Selector(text=CROWDS[crowd], type="html"))
    began = time.process_time()
    read = (signs.title, signs.text, signs.markup, signs.prose_characters)
    assert (signs.shows_media, len(read)) == (False, 4)
    assert time.process_time() - began < 5


def test_prose_is_that_of_paragraphs_that_are_no_lists_of_links() -> None:
    prose, link = "words " * 20, f"<a>{'words ' * 20}</a>"
    counted = len(prose) - 1
    page = f"<p>{prose}<p>{link}<p>short<blockquote>{prose}</blockquote><div>{prose}"
    assert Signs(Selector(text=page, type="html")).prose_characters == 2 * counted
    article = f"<article><ul><li>{prose}<li>{link}</ul><div>{prose}</div>"
    assert Signs(Selector(text=article, type="html")).prose_characters == 2 * counted


def test_the_title_of_a_picture_is_none_of_the_page() -> None:
    page = "<title>of the page</title><svg><title>no</title></svg><h1>a<b>head</b></h1>"
    signs = Signs(Selector(text=page, type="html"))
    assert signs.title == "of the page | a | head"


def test_markup_is_what_scripts_frames_and_forms_hold() -> None:
    page = "<script src=a.js>x</script><iframe src=b></iframe><form action=c id=d>"
    signs = Signs(Selector(text=page + "<meta content=e>", type="html"))
    assert signs.markup == "a.js x b c d e"


def _class_of(body: str, *, brief: bool) -> tuple[str, bool]:
    capture = bare_capture(1, URL)
    response = HtmlResponse(
        URL,
        body=body.encode(),
        headers={"Content-Type": "text/html; charset=utf-8"},
        request=Request(URL),
    )
    answer = read_response(
        response, capture, asked=URL, kind=CaptureClass.PAGE, brief=brief
    )
    note = classify(answer)
    return note.capture_class, is_settled(answer, note)


LONG = "<p>The commission counted again and again in every station.</p>" * 1_000
NOTICE = "<p>Checking your browser before accessing the site.</p>"
HEAVY = f"<script>{'x = 1;' * BRIEF_BYTES}</script>"


def test_a_long_text_is_settled_by_its_beginning() -> None:
    assert _class_of(f"<body>{LONG}", brief=True) == ("page", True)
    assert _class_of(f"<body>{LONG}", brief=False) == ("page", True)


@pytest.mark.parametrize(
    "body",
    [f"<body>{NOTICE}{HEAVY}", f"<body>{HEAVY}{NOTICE}", f"<body>{HEAVY}<p>short"],
)
def test_a_short_text_is_never_settled_by_its_beginning(body: str) -> None:
    assert not _class_of(body, brief=True)[1]
    assert _class_of(body, brief=False)[1]


def test_a_wall_behind_a_heavy_script_is_found_by_the_closer_look() -> None:
    assert _class_of(f"<body>{HEAVY}{NOTICE}", brief=False)[0] == "challenge"
