"""What a reader does, in a real browser without JavaScript."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from search.extract.files.pdf import extract_pdf
from tests.pipeline.interface.conftest import Shown

WORDS = "лічбы і кандыдаты на гэтай старонцы"


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def test_search_narrow_read_and_come_back(page: Page, shown: Shown) -> None:
    page.fill("#q", "Ціханоўская")
    page.press("#q", "Enter")
    assert re.fullmatch(r".*/r/[a-z2-7]{26}", page.url)
    assert "Ціханоўская" not in page.url
    assert page.locator(".hit").count() >= 3
    assert "Tsikhanouskaya" in page.locator(".hits").inner_text()
    found = page.locator(".hit").count()
    page.click(".facets section:has(h2:text-is('Language')) a:text-is('English')")
    assert 0 < page.locator(".hit").count() < found
    page.click(".chip")
    assert page.locator(".hit").count() == found
    page.click("text=newest first")
    first = page.locator(".hit h3 a").first
    title = first.inner_text()
    first.click()
    assert heading(page) == title
    page.go_back()
    assert page.locator(".hit").count() == found


@pytest.mark.parametrize("width", [340, 700, 1120])
def test_no_dot_between_facts_of_a_hit_ends_or_begins_a_line(
    page: Page, shown: Shown, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 760})
    page.fill("#q", "Ціханоўская")
    page.press("#q", "Enter")
    column = page.locator(".hits").evaluate("one => one.getBoundingClientRect().x")
    wrapped = 0
    for row in page.locator(".hit-facts").all():
        begins, lefts, behind = row.evaluate(
            "row => [row.getBoundingClientRect().x, [...row.children].map("
            "one => one.getBoundingClientRect().x), [...row.children].map("
            "one => getComputedStyle(one, '::after').content)]"
        )
        assert set(behind) == {"none"}, "a dot would stay at the end of a line"
        # A dot stands before each fact: the first of a line lies left of the column.
        starts = [x for n, x in enumerate(lefts) if n == 0 or x <= lefts[n - 1]]
        assert starts == [begins] * len(starts)
        assert begins < column - 4
        wrapped += len(starts) > 1
    assert wrapped or width > 340


def test_a_record_leads_to_all_its_views(page: Page, shown: Shown) -> None:
    record = f"{shown.served.app}/c/{shown.id_of('page 8')}"
    page.goto(record)
    assert page.locator(".record-verdict").inner_text().startswith("VERIFIED")
    frame = page.frame_locator("iframe.frame")
    assert "Кандыдат А" in frame.locator("body").inner_text()
    names = page.locator(".views a").all_inner_texts()
    assert names[:3] == ["Page", "Picture", "Text"]
    for name in names:
        page.goto(record)
        page.locator(".views a", has_text=re.compile(f"^{re.escape(name)}$")).click()
        assert page.locator("h1").count() == 1
        if name != "Changes":
            assert page.locator(".views [aria-current]").inner_text() == name


def test_a_quotation_is_made_opened_and_refused_when_changed(
    page: Page, shown: Shown
) -> None:
    page.goto(f"{shown.served.app}/c/{shown.id_of('main 8')}/text")
    page.fill("#quote-q", WORDS)
    page.click(".tray form button")
    assert "Found at 1 place" in page.locator("main").inner_text()
    page.click("text=Show these words in the text")
    assert page.locator("mark#quote").inner_text() == WORDS
    page.goto(page.url.replace("&d=", "&d=0").partition("#")[0][:-1])
    assert page.locator("mark#quote").count() == 0
    assert "not at this place" in page.locator("main").inner_text()


def test_a_citation_is_checked_letter_by_letter(page: Page, shown: Shown) -> None:
    page.goto(f"{shown.served.app}/c/{shown.id_of('main 8')}/cite")
    cited = page.locator("pre.copy-text").inner_text()
    page.goto(f"{shown.served.app}/verify")
    page.fill("#v", cited)
    page.click("text=Check it")
    assert "It is right, letter by letter." in page.locator("main").inner_text()
    page.fill("#v", re.sub(r"entry (\d+)", r"entry 1\1", cited))
    page.click("text=Check it")
    assert "not what this archive writes" in page.locator("main").inner_text()
    page.fill("#v", shown.case.named["main 8"].capture_id)
    page.click("text=Check it")
    assert page.url.endswith(f"/c/{shown.id_of('main 8')}/proof")


def test_two_captures_are_chosen_and_compared(page: Page, shown: Shown) -> None:
    page.goto(shown.served.app + shown.paths()["address"])
    assert page.locator("table.month").count() == 1
    earlier, later = shown.id_of("main 6"), shown.id_of("main 8")
    page.check(f"input[name=a][value='{earlier}']")
    page.check(f"input[name=b][value='{later}']")
    page.click(".compare-bar button")
    assert page.locator("del").first.inner_text() == "905"
    assert page.locator("ins").first.inner_text() == "811"
    page.click("text=Side by side")
    assert page.locator("table.diff del").count() >= 2


def test_the_bundle_is_warned_of_then_downloaded(
    page: Page, shown: Shown, tmp_path: Path
) -> None:
    page.goto(f"{shown.served.app}/c/{shown.id_of('main 8')}/bundle")
    assert "Mind who may find it on you." in page.locator("main").inner_text()
    with page.expect_download() as waiting:
        page.click(".button-big")
    path = tmp_path / "bundle.zip"
    waiting.value.save_as(path)
    assert re.fullmatch(r"evidence-[a-z2-7]{8}\.zip", waiting.value.suggested_filename)
    assert "verify.sh" in zipfile.ZipFile(path).namelist()


def test_failures_and_gaps_are_records(page: Page, shown: Shown) -> None:
    page.goto(f"{shown.served.app}/c/{shown.id_of('page 8')}/parts")
    assert page.locator(".part-gap").count() == 2
    page.click("nav >> text=Failures")
    assert "No attempt has failed so far." in page.locator("main").inner_text()


def test_the_whole_archive_is_checked_while_the_page_is_read(
    page: Page, shown: Shown
) -> None:
    page.goto(f"{shown.served.app}/verify")
    page.click("text=Findings of the last check")
    assert "VERIFIED" in page.locator("main").inner_text()
    assert page.locator(".finding").count() > 15


@pytest.mark.parametrize(
    ("code", "words"), [("be", "Архіў"), ("ru", "Архив"), ("en", "Archive of")]
)
def test_a_language_is_chosen_and_kept(
    page: Page, shown: Shown, code: str, words: str
) -> None:
    page.click(f".bar-end a[lang={code}]")
    assert page.locator("html").get_attribute("lang") == code
    assert words in page.locator(".brand").inner_text()
    page.click(".nav a >> nth=1")
    assert page.url == f"{shown.served.app}/{code}/sources"
    assert page.locator("html").get_attribute("lang") == code


def test_the_keyboard_is_enough(page: Page, shown: Shown) -> None:
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    assert skip.evaluate("e => e === document.activeElement")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("выбары")
    page.keyboard.press("Enter")
    page.wait_for_url("**/r/*")
    page.locator(".hit h3 a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/*")


def test_the_start_page_fits_a_phone(
    open_context: Callable[..., Any], shown: Shown
) -> None:
    page = open_context(viewport={"width": 320, "height": 700}).new_page()
    page.goto(f"{shown.served.app}/ru/")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 768, 1920])
def test_no_page_is_wider_than_the_screen(
    open_context: Callable[..., Any], shown: Shown, width: int
) -> None:
    page = open_context(viewport={"width": width, "height": 900}).new_page()
    wide = {}
    for name, path in shown.paths().items():
        for code in ("en", "be", "ru"):
            page.goto(f"{shown.served.app}/{code}{path}")
            found = page.evaluate("document.documentElement.scrollWidth")
            if found > width:
                wide[name, code] = found
    assert wide == {}


def test_on_paper_each_sheet_names_the_capture_and_the_text_stands_there(
    page: Page, shown: Shown
) -> None:
    record = shown.case.named["page 8"]
    page.goto(f"{shown.served.app}/c/{record.short_id}")
    assert page.locator(".print-only").is_visible() is False
    paper = extract_pdf(page.pdf(format="A4"))
    ends = [*paper.pages[1:], len(paper.text)]
    sheets = [
        paper.text[start:end] for start, end in zip(paper.pages, ends, strict=True)
    ]
    assert len(sheets) >= 2
    assert all(record.capture_id in sheet for sheet in sheets)
    assert WORDS in paper.text
    assert "signatures over the statements hold" in paper.text
