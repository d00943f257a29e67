"""Payloads by type: bytes first, then the served type; other formats."""

import pytest

from search.extract.by_type import extract


@pytest.mark.parametrize(
    ("data", "media_type", "extractor"),
    [
        (b"<p>a</p>", "text/html", "html/8"),
        (b"<p>a</p>", "application/octet-stream", "html/8"),
        (b"<!doctype html><p>a", "application/xml", "html/8"),
        (b"<?xml version='1.0'?><rss/>", "application/rss+xml", "xml/2"),
        (b'{"a": "b"}', "application/json", "json/2"),
        (b"[1", "application/json", "text/2"),
        (b"words", "text/plain", "text/2"),
        (b"words", None, "text/2"),
        (b"%PDF-1.7 <p>", "text/html", "html/8"),
        (b"%PDF-1.7 <p>", None, "pdf/2"),
        (b"GIF89a is a format", "text/plain", "text/2"),
        (b"MZ\x90\x00\x03\x01", "text/plain", "none/1"),
        (b"words about %PDF-1.7", "text/plain", "text/2"),
        (b"<!-- %PDF-1.7 --><p>a", None, "html/8"),
        (b"\x89PNG\r\n\x01", "text/html", "none/1"),
        (b"body{}", "text/css", "none/1"),
        (b"\x01\x00\x02", None, "none/1"),
        (b"words", "image/svg", "none/1"),
        (b"", "text/html", "none/1"),
    ],
)
def test_extractor_is_chosen(
    data: bytes, media_type: str | None, extractor: str
) -> None:
    assert extract(data, media_type=media_type).extractor == extractor


def test_what_nothing_reads_says_so() -> None:
    assert extract(b"\x89PNG\r\n", media_type=None).warnings == ("no_extractor",)


def test_a_broken_file_is_said_to_be_one() -> None:
    assert extract(b"%PDF-1.7", media_type=None).warnings == ("broken_file",)


def test_json_gives_its_strings_in_order() -> None:
    made = extract(b'{"t": "\\u0410", "n": [1, null, {"x": "b"}]}', media_type="a/json")
    assert made.text == "А\n1\nb"


def test_deep_json_never_fails() -> None:
    assert extract(b"[" * 100_000, media_type="application/json").text


def test_feed_gives_titles_and_bodies_without_markup() -> None:
    feed = (
        "<?xml version='1.0'?><rss><channel><title>Стужка</title><item>"
        "<title>Навіна</title><description><![CDATA[<p>Тэкст &amp; яшчэ</p>]]>"
        "</description></item></channel></rss>"
    )
    made = extract(feed.encode(), media_type="application/rss+xml")
    assert made.title == "Стужка"
    assert [line for line in made.text.split("\n") if line] == [
        "Стужка",
        "Навіна",
        "Тэкст & яшчэ",
    ]


def test_page_in_windows_1251_is_read_and_its_charset_kept() -> None:
    markup = f"<meta charset='windows-1251'><p>{'Выбары прэзідэнта Беларусі ' * 20}</p>"
    made = extract(markup.encode("cp1251"), media_type="text/html")
    assert "прэзідэнта Беларусі" in made.text
    assert (made.charset, made.declared_charset) == ("cp1251", "windows-1251")
