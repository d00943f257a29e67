"""axe finds nothing on any page, in any language, in light and dark."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page

from tests.pipeline.interface.conftest import Shown

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def violations(page: Page) -> list[str]:
    """Rules broken, and by which elements; frames are foreign and skipped."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "tags => axe.run({exclude: [['iframe']]}, {runOnly: tags, iframes: false})",
        list(TAGS),
    )
    return [
        f"{one['id']}: {node['target']} {node['failureSummary'][:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def check(page: Page, shown: Shown, names: Any, code: str) -> dict[str, list[str]]:
    broken = {}
    for name in names:
        page.goto(f"{shown.served.app}/{code}{shown.paths()[name]}")
        if found := violations(page):
            broken[name] = found
    return broken


@pytest.mark.parametrize(
    ("scheme", "code", "names"),
    [
        ("light", "en", ("record", "address", "compare", "verify")),
        ("dark", "be", ("home", "record")),
    ],
)
def test_axe_finds_nothing_on_the_main_pages(
    open_context: Callable[..., Any],
    shown: Shown,
    scheme: str,
    code: str,
    names: tuple[str, ...],
) -> None:
    page = open_context(java_script_enabled=True, color_scheme=scheme).new_page()
    assert check(page, shown, names, code) == {}


def test_axe_finds_what_is_wrong(
    open_context: Callable[..., Any], shown: Shown
) -> None:
    page = open_context(java_script_enabled=True).new_page()
    page.goto(shown.served.app)
    page.evaluate("document.querySelector('#q').labels[0].remove()")
    assert any(one.startswith("label:") for one in violations(page))


@pytest.mark.slow
@pytest.mark.parametrize("code", ["en", "be", "ru"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_anywhere(
    open_context: Callable[..., Any], shown: Shown, code: str, scheme: str
) -> None:
    context = open_context(java_script_enabled=True, color_scheme=scheme)
    page = context.new_page()
    broken = check(page, shown, shown.paths(), code)
    page.goto(f"{shown.served.app}/{code}/")
    page.fill("#q", "выбары")
    page.press("#q", "Enter")
    page.wait_for_url("**/r/*")
    if found := violations(page):
        broken["results"] = found
    assert broken == {}
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert page.evaluate("indexedDB.databases().then(found => found.length)") == 0
