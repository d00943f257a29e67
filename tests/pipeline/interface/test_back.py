"""Back leads from a record to the results and to the form, in both browsers.

Queries travel in the body of a POST; were the results its answer, Back would ask to
send the form again, or show that the page has expired.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.pipeline.interface.conftest import Shown
from tests.support.rig.browsers import NAMES, Browser, run_browser

WORD = "выбары"
PATIENCE = 120.0
"""Seconds for one step on a crowded machine."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]


def wait_for(driver: Browser, path: str) -> str:
    """The path once it fits `path`, an expression."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = urlsplit(driver.address()).path
        if re.fullmatch(path, found):
            return found
        time.sleep(0.2)
    raise AssertionError(f"{driver.address()} is not {path}")


def page_with(driver: Browser, words: str) -> str:
    """The page once it says so."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        html = "".join(driver.documents()[:1])
        if words in html:
            return html
        time.sleep(0.2)
    raise AssertionError(f"{words} is not on {driver.address()}")


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_back_and_back_again_lead_to_results_and_form(
    browser: str,
    shown: Shown,
    tmp_path_factory: pytest.TempPathFactory,
    require_program: Callable[[str], Path],
) -> None:
    require_program(NAMES[browser][0])
    # A short name: Chromium's own socket lies below it.
    folder = tmp_path_factory.mktemp("b")
    with run_browser(browser, folder) as driver:
        driver.open(shown.served.app + "/en/")
        driver.submit("#q", WORD)
        results = wait_for(driver, "/en/r/[a-z2-7]{26}")
        hits = page_with(driver, "documents have all these words")
        driver.click(".hit h3 a")
        record = wait_for(driver, "/en/c/[a-z2-7]{26}")
        assert f'href="{record}"' in hits
        driver.back()
        assert wait_for(driver, re.escape(results)) == results
        page_with(driver, "documents have all these words")
        driver.back()
        wait_for(driver, "/en/")
        page_with(driver, "Search all captures")
        assert WORD not in driver.address()
