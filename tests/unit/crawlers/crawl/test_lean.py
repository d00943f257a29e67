"""What was left out of Scrapy to save time changes nothing that a crawl can show."""

import pytest
from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware
from scrapy.http import HtmlResponse, Request, Response
from scrapy.settings.default_settings import RETRY_EXCEPTIONS
from scrapy.utils.test import get_crawler

from crawlers.crawl.seam.refresh import LOOKED_AT_BYTES, MetaRefresh
from crawlers.crawl.seam.scrapy_run import RETRIED

URL = "http://site.example/a"
TAG = "<meta http-equiv=refresh content='0;url=/b'>"
FILL = "x" * 4_000
PAGES: dict[str, tuple[bytes, str]] = {
    "plain": (TAG.encode(), "text/html"),
    "upper case": (TAG.upper().encode(), "text/html"),
    "an entity": (TAG.replace("refresh", "&#114;efresh").encode(), "text/html"),
    "two bytes a letter": (TAG.encode("utf-16"), "text/html; charset=utf-16"),
    "far down, wide letters": (
        ("\U0001d4b3" * 3_900 + TAG).encode(),
        "text/html; charset=utf-8",
    ),
    "too far down": ((FILL + FILL + TAG).encode(), "text/html"),
    "later": (TAG.replace("0;", "900;").encode(), "text/html"),
    "none": (b"<p>nothing", "text/html"),
    "only the word": (b"<p>refresh", "text/html"),
    "empty": (b"", "text/html"),
}


def _answer(middleware: MetaRefreshMiddleware, name: str) -> str:
    body, content_type = PAGES[name]
    headers = {"Content-Type": content_type}
    response = HtmlResponse(URL, body=body, headers=headers)
    answer: Request | Response = middleware.process_response(Request(URL), response)
    return f"{type(answer).__name__} {answer.url}"


@pytest.mark.parametrize("name", PAGES)
def test_the_short_way_leads_where_the_stock_refresh_leads(name: str) -> None:
    crawler = get_crawler()
    stock = MetaRefreshMiddleware.from_crawler(crawler)
    ours = MetaRefresh.from_crawler(crawler)
    assert _answer(ours, name) == _answer(stock, name)


def test_some_of_these_pages_lead_on_and_some_do_not() -> None:
    stock = MetaRefreshMiddleware.from_crawler(get_crawler())
    answers = [_answer(stock, name).split()[0] for name in PAGES]
    assert answers.count("Request") == 4
    assert len(PAGES["far down, wide letters"][0]) < LOOKED_AT_BYTES


def test_what_is_retried_is_what_scrapy_retries_of_what_our_handler_raises() -> None:
    foreign = ("twisted.", "scrapy.core.downloader.handlers.")
    stock = [
        error
        for error in RETRY_EXCEPTIONS
        if not isinstance(error, str) or not error.startswith(foreign)
    ]
    assert stock == RETRIED
