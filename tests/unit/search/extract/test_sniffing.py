"""What a payload is: letters at its beginning hide no page, and no file is a page."""

import random

import pytest

from search.extract.by_type import extract
from search.extract.sniffing import is_page
from tests.unit.search.extract.files.test_media import workbook

ARTICLE = (
    b"<html><head><title>Falsified</title></head><body><article><h1>Falsified</h1>"
    b"<p>The commission falsified the results, says an observer.</p></article></body>"
)
BEGINNINGS = (
    b"<!-- %PDF-1.7 -->",
    b"%PDF-1.7\n<!-- ",
    b"MZ",
    b"GIF89a",
    b"ID3",
    b"RIFF",
    b"{\\rtf1",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"\x89PNG\r\n\x1a\n",
    b"OggS",
    b"wOFF",
    b"\x7fELF",
    b"\x00\x01\x00\x00",
)


def whole_pdf(words: bytes) -> bytes:
    """A document of one page that any reader opens."""
    ink = b"BT /F 9 Tf 9 9 Td (" + words + b") Tj ET"
    return (
        b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R"
        b"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
        b">>endobj\n4 0 obj<</Length %d>>stream\n%s\nendstream endobj\n"
        b"trailer<</Root 1 0 R>>\n%%%%EOF\n" % (len(ink), ink)
    )


def noise(size: int) -> bytes:
    """As pressed data looks."""
    return random.Random(1).randbytes(size)


@pytest.mark.parametrize("start", BEGINNINGS)
def test_no_beginning_hides_a_page(start: bytes) -> None:
    made = extract(start + ARTICLE, media_type="text/html")
    if b"<!--" in start and b"-->" not in start:  # then no browser shows a word
        assert made.extractor == "html/8"
        return
    assert "The commission falsified the results" in made.text
    assert ("type_conflict" in made.warnings) == (not start.startswith(b"<"))


def test_a_whole_document_within_a_page_does_not_take_its_place() -> None:
    made = extract(
        b"<!--\n" + whole_pdf(b"harmless") + b"-->" + ARTICLE, media_type="text/html"
    )
    assert "The commission falsified the results" in made.text
    hidden = whole_pdf(b"harmless") + b"<p class=a>The commission falsified it</p>"
    assert "falsified" in extract(hidden, media_type="text/html").text


def test_words_behind_the_letters_of_a_picture_are_read_without_any_tag() -> None:
    wide = "The commission falsified the results. " * 9
    for data in (b"GIF89a " + wide.encode(), b"GIF8" + wide.encode("utf-16-le")):
        assert extract(data, media_type="text/html").extractor == "html/8"


@pytest.mark.parametrize("media_type", ["text/html", "text/plain", None])
def test_files_are_told_by_their_bytes_whatever_they_are_called(
    media_type: str | None,
) -> None:
    paper = extract(whole_pdf(b"minutes"), media_type=media_type)
    assert (paper.extractor, paper.text) == ("pdf/2", "minutes")
    assert extract(workbook(), media_type=media_type).extractor == "sheet/1"
    picture = extract(b"\xff\xd8\xff" + noise(9_000), media_type=media_type)
    assert picture.warnings == ("no_extractor",)


def test_a_pdf_behind_other_bytes_is_read_unless_it_is_a_text() -> None:
    data = b"HTTP junk\n" + whole_pdf(b"minutes")
    for media_type in ("application/pdf", "application/octet-stream", None):
        assert extract(data, media_type=media_type).text == "minutes"
    assert extract(data, media_type="text/plain").extractor == "text/2"


def test_pressed_data_holds_no_markup_by_chance() -> None:
    assert not is_page(noise(4_000_000), "text/html")
