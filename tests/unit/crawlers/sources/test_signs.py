"""What a body shows: visible text in the order of the page, and no more than that."""

import pytest
from parsel import Selector
from scrapy.http import HtmlResponse, Request

from archive.capture import Capture, CaptureOutcome, SliceLocation
from archive.capture_class import CaptureClass
from archive.instant import parse_instant
from crawlers.sources.classes import classify, is_settled
from crawlers.sources.signs import Signs
from crawlers.spiders.answer import BRIEF_BYTES, read_response

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


def _class_of(body: str, *, brief: bool) -> tuple[str, bool]:
    capture = Capture(
        capture_id="a" * 64,
        kind="capture",
        leaf=1,
        target_uri=URL,
        captured_at=parse_instant("2025-01-26T08:00:00.000000Z"),
        outcome=CaptureOutcome.COMPLETE,
        http_status=200,
        media_type="text/html",
        source_id=None,
        job_id=None,
        payload_digest=None,
        block_digest=None,
        refers_to=None,
        role="page",
        override=None,
        location=SliceLocation(segment="s", offset_bytes=0, length_bytes=1),
    )
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
