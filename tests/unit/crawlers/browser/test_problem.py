"""What goes wrong with a browser is signed in words that name no place of a machine."""

import asyncio
from pathlib import Path

import pytest

from crawlers.browser.order import PageOrder, Paths, ProxyAccess

page = pytest.importorskip("crawlers.browser.page", reason="browser: no playwright")


def test_a_browser_that_does_not_start_is_named_without_its_folder(
    tmp_path: Path,
) -> None:
    program = tmp_path / "canary-alice" / "chromium"
    order = PageOrder(
        url="http://site.test/",
        paths=Paths(program=str(program), folder=str(tmp_path)),
        access=ProxyAccess(port=1, user="u", password="p", pin="", greeting=""),
        user_agent="",
        accept_language="",
        sandbox=True,
    )
    facts = asyncio.run(page.render_page(order, lambda _said: None))
    assert facts.problem == "the browser could not be started"
    assert "canary" not in str(facts.as_json())


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("Page.goto: net::ERR_TIMED_OUT at http://a.example/", "net::ERR_TIMED_OUT"),
        ("Page.goto: Download is starting", "Download is starting"),
        ("spawn /home/canary-alice/chromium EACCES", "the browser failed"),
        ("Target closed, its log is in /tmp/canary-alice", "the browser failed"),
    ],
)
def test_no_words_of_the_driver_are_signed(said: str, problem: str) -> None:
    assert page.describe_problem(page.PlaywrightError(said)) == problem
