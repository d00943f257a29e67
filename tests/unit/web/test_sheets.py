"""Cleaned style sheets are kept by text, and used only where they mean the same."""

from collections.abc import Callable

from web.replay.sheets import SheetCache
from web.replay.styles import Resolve, clean_inline_sheet

SHEET = "a{background:url(x.png)}"


def cleaner(calls: list[str]) -> Callable[[Resolve], str]:
    def clean(resolve: Resolve) -> str:
        calls.append("cleaned")
        return clean_inline_sheet(SHEET, resolve=resolve)

    return clean


def test_a_sheet_is_cleaned_once() -> None:
    cache, calls = SheetCache(), list[str]()
    for _ in range(3):
        text = cache.clean(SHEET.encode(), cleaner(calls), lambda _: None)
        assert text == "a{background:none;}"
    assert calls == ["cleaned"]


def test_another_page_with_other_parts_gets_its_own() -> None:
    cache, calls = SheetCache(), list[str]()
    none = cache.clean(SHEET.encode(), cleaner(calls), lambda _: None)
    part = cache.clean(SHEET.encode(), cleaner(calls), lambda _: "/p/x/1")
    assert "none" in none
    assert 'url("/p/x/1")' in part
    assert len(calls) == 2


def test_the_cache_is_bounded() -> None:
    cache, calls = SheetCache(limit_bytes=8_000), list[str]()
    for number in range(100):
        cache.clean(b"%d" % number, cleaner(calls), lambda _: None)
    cache.clean(b"0", cleaner(calls), lambda _: None)
    assert len(calls) == 101
