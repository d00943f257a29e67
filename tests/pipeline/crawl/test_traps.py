"""A site without end: the crawl stops at its budget and has what is real."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.capturing.sources import host_tables, seed_table
from tests.support.programs.command import Evidence
from tests.support.servers.serving import QuietHandler, QuietHttpServer, serving

REAL = 200
BUDGET = 700
SOURCE = (
    host_tables()
    + seed_table("http://a.example/")
    + """
[[scope]]
path = '/.*'
action = "follow"

[[scope]]
query = '.*'
action = "follow"

[limits]
delay_ms = 0
concurrency = 8
requests = {budget}
depth = 12
"""
)
PARTS = 'parts = "none"'


@pytest.fixture
def trap() -> Iterator[tuple[int, list[str]]]:
    """Real pages 20 a list, lists in a chain; each page names ten more days."""
    asked: list[str] = []

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.answer(page(self.path).encode(), "text/html")

    with serving(QuietHttpServer(("127.0.0.1", 0), Handler)) as port:
        yield port, asked


def page(path: str) -> str:
    if path == "/robots.txt":
        return ""
    day = sum(map(ord, path)) * 1009 % 1_000_000
    links = [f"/calendar?day={(day + n * 7919) % 1_000_000}" for n in range(10)]
    if path == "/":
        links += ["/list/0"]
    elif path.startswith("/list/") and path[-1].isdigit():
        # Behind the flood: each list is only named by the one before it.
        number = int(path.removeprefix("/list/"))
        links += [f"/real/{20 * number + n}" for n in range(20)]
        links += [f"/list/{number + 1}"] if number + 1 < REAL // 20 else []
    return "".join(f"<a href='{link}'>x</a>" for link in links)


@pytest.mark.slow
def test_C7_a_calendar_of_a_million_days_ends_at_the_budget_with_the_real_pages(
    evidence: Evidence, sources: Callable[..., Path], trap: tuple[int, list[str]]
) -> None:
    port, asked = trap
    folder = sources("outlet", PARTS, SOURCE.format(budget=BUDGET))
    _code, (result,) = evidence.rows(
        *("crawl", "outlet", "--json", "--sources", str(folder)),
        *("--connect-to", f"a.example:80=127.0.0.1:{port}"),
    )
    assert len(asked) <= BUDGET + 1
    assert result["signals"]["budget:requests"] > 0
    real = {path for path in asked if path.startswith("/real/")}
    assert len(real) >= REAL - 2
    assert evidence.verified() == "VERIFIED"


WIDE = 1_500
"""New links on each page."""
ASKED = 12
"""Pages, with more links than may wait."""


def test_a_site_of_endless_new_links_does_not_fill_the_memory(
    evidence: Evidence, sources: Callable[..., Path]
) -> None:
    class Handler(QuietHandler):
        def do_GET(self) -> None:
            links = range(0 if self.path == "/robots.txt" else WIDE)
            body = "".join(f"<a href='{self.path}{n}/'>x</a>" for n in links)
            self.answer(body.encode(), "text/html")

    folder = sources("outlet", PARTS, SOURCE.format(budget=ASKED))
    with serving(QuietHttpServer(("127.0.0.1", 0), Handler)) as port:
        _code, (result,) = evidence.rows(
            *("crawl", "outlet", "--json", "--sources", str(folder)),
            *("--connect-to", f"a.example:80=127.0.0.1:{port}"),
        )
    assert result["signals"].get("queue-full", 0) > 0
