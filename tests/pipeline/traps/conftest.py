"""Traps of real sources: pages built from seed facts, each in its site's shape."""

from collections.abc import Callable, Iterator

import pytest

from search.extract.result import Extract
from search.extract.worker import Worker


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    with Worker() as made:
        yield made


@pytest.fixture
def extract(worker: Worker) -> Callable[[str], Extract]:
    """Text and dates of a page, through the child that reads hostile bytes."""

    def run(markup: str) -> Extract:
        return worker.extract(markup.encode(), media_type="text/html", charset="utf-8")

    return run


@pytest.fixture
def article() -> Callable[..., str]:
    """A page with a title, a printed date, paragraphs, and what stands beside them."""

    def make(
        title: str, printed: str, *paragraphs: str, head: str = "", beside: str = ""
    ) -> str:
        text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
        filler = "The page goes on with words that say nothing of any day. " * 8
        return (
            f"<!doctype html><html lang=en><head><title>{title}</title>{head}</head>"
            f"<body><main><article><h1>{title}</h1><p class=date>{printed}</p>{text}"
            f"<p>{filler}</p></article></main><aside>{beside}</aside></body></html>"
        )

    return make
