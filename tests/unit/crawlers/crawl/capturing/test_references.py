# ruff: noqa: E501 - tables of one case a line
"""Parts named in HTML and CSS are found, bounded, in one pass."""

import time

import pytest

from crawlers.crawl.capturing.references import (
    REFERENCES,
    SPELLINGS,
    find_css_references,
    find_html_references,
    split_srcset,
    unescape_css,
)

BASE = "http://h.example/dir/page.html"


def html(text: str) -> dict[str, str]:
    found = find_html_references(text.encode(), content_type=None, base_uri=BASE)
    return {ref.uri.removeprefix("http://h.example"): str(ref.kind) for ref in found}


def css(text: str) -> dict[str, str]:
    found = find_css_references(text.encode(), base_uri=BASE)
    return {ref.uri.removeprefix("http://h.example"): str(ref.kind) for ref in found}


HTML = [
    ('<link rel="stylesheet" href="a.css">', {"/dir/a.css": "style"}),
    ("<LINK REL='alternate StyleSheet' HREF=/a.css>", {"/a.css": "style"}),
    ('<link rel="shortcut icon" href="/f.ico">', {"/f.ico": "icon"}),
    ('<link rel="apple-touch-icon" href="/t.png">', {"/t.png": "icon"}),
    ('<link rel=preload as=font href="/f.woff2">', {"/f.woff2": "font"}),
    ('<link rel=preload as=script href="/s.js">', {}),
    ('<link rel="canonical" href="/x">', {}),
    ('<img src=" i.png ">', {"/dir/i.png": "image"}),
    ('<img src="i.png#frag"><img src="i.png">', {"/dir/i.png": "image"}),
    ('<img srcset="a.png 1x, b.png 2x">', dict.fromkeys(["/dir/a.png", "/dir/b.png"], "image")),
    ("<picture><source srcset=/w.webp></picture>", {"/w.webp": "image"}),
    ("<video poster=/p.jpg src=/v.mp4></video>", {"/p.jpg": "image"}),
    ("<input type=image src=/go.png>", {"/go.png": "image"}),
    ("<body background=/bg.gif>", {"/bg.gif": "image"}),
    ("<svg><image href=/v.svg /></svg>", {"/v.svg": "image"}),
    ("<svg><use xlink:href='/u.svg#x' /></svg>", {"/u.svg": "image"}),
    ("<svg><use href='#local' /></svg>", {}),
    ("<p style=\"background:url('/s.png')\">", {"/s.png": "image"}),
    ("<style>@import '/i.css'; p{background:url(/q.png)}</style>", {"/i.css": "style", "/q.png": "image"}),
    ("<noscript><img src=/n.png></noscript>", {"/n.png": "image"}),
    ("<base href='/other/'><img src=b.png>", {"/other/b.png": "image"}),
    ("<img src='data:image/png;base64,AAAA'>", {}),
    ("<img src=''><img src='#'><img>", {}),
    ("<img src='http://[bad/'>", {}),
    ("<img src='java\nscript:x'>", {"javascript:x": "image"}),
    ("<script src=/s.js></script><iframe src=/f.html></iframe>", {}),
    ("<!-- <img src=/c.png> -->", {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), HTML)
def test_html_names_its_parts(text: str, expected: dict[str, str]) -> None:
    assert html(text) == expected


CSS = [
    ("@import 'a.css';", {"/dir/a.css": "style"}),
    ('@import url("a.css") screen;', {"/dir/a.css": "style"}),
    ("@IMPORT URL( a.css );", {"/dir/a.css": "style"}),
    ("@font-face{src:url(f.woff2) format('woff2'), url('f.bin')}", {"/dir/f.woff2": "font", "/dir/f.bin": "font"}),
    ("p{background:url( 'i.png' )}", {"/dir/i.png": "image"}),
    ("p{background:url(f.ttf?x)}", {"/dir/f.ttf": "font"}),
    ("/* url(no.png) @import 'no.css'; */", {}),
    ("@namespace svg url(http://www.w3.org/2000/svg); p{x:url(y.png)}", {"/dir/y.png": "image"}),
    ("p{content:'url(no.png)'}", {}),
    ("p{background:url(a\\20 b.png)}", {"/dir/a b.png": "image"}),
    ("p{background:url(a\\(1\\).png)}", {"/dir/a(1).png": "image"}),
    ("p{background:url(open.png", {"/dir/open.png": "image"}),
    ("p{background:url()}", {}),
    ("@media print{@import 'late.css'; p{background:url(m.png)}}", {"/dir/late.css": "style", "/dir/m.png": "image"}),
    ("p{background:url(data:image/gif;base64,R0)}", {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CSS)
def test_css_names_its_parts(text: str, expected: dict[str, str]) -> None:
    found = css(text)
    wanted = {key: kind for key, kind in expected.items()}
    assert {key.split("?")[0]: kind for key, kind in found.items()} == wanted


SRCSETS = [
    ("a.png", ["a.png"]),
    (" a.png 1x ,\n b.png 2x ", ["a.png", "b.png"]),
    ("a.png, b.png", ["a.png", "b.png"]),
    ("w_1,h_2/a.png 1x, b.png 2x", ["w_1,h_2/a.png", "b.png"]),
    (",,a.png,,", ["a.png"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), SRCSETS)
def test_srcset_splits_as_browsers_do(text: str, expected: list[str]) -> None:
    assert list(split_srcset(text)) == expected


def test_css_escapes_of_impossible_characters_become_the_replacement() -> None:
    assert unescape_css("\\0 \\d800 \\110000 \\41 b\\\nc") == "\ufffd\ufffd\ufffdAbc"


def test_a_page_in_windows_1251_is_read_in_its_own_charset() -> None:
    body = "<img src='/выборы.png'>".encode("cp1251")
    found = find_html_references(
        body, content_type="text/html; charset=windows-1251", base_uri=BASE
    )
    assert found[0].uri == "http://h.example/выборы.png"


BOMBS = [
    "/*" * 500_000,
    "url(" * 250_000,
    "@import " * 150_000,
    "'\\" * 400_000,
    '"a\n' * 300_000,
    "url(" + " " * 900_000,
    "a" * 1_000_000,
    "url(n)" * 170_000,
    "".join(f"url(n#{n})" for n in range(100_000)),
    ";" * 4_000_000,
]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb[:8])
def test_hostile_css_is_read_in_linear_time(bomb: str) -> None:
    started = time.process_time()
    css(bomb)
    assert time.process_time() - started < 5


def test_no_more_is_taken_of_a_sheet_than_a_page_may_name() -> None:
    named = "".join(f"url(n{n})" for n in range(REFERENCES + 1))
    assert len(css(named)) == REFERENCES
    assert len(css(f"url(n){named}")) == REFERENCES
    assert css("url(#)" * 2 * SPELLINGS + "url(n)") == {"/dir/n": "image"}


CROWDS = {
    "elements of several kinds": "<link><img><input><td>" * 60_000,
    "sheets and style attributes": "<style>a</style><p style=a>" * 50_000,
    "candidates of one srcset": f"<img srcset='{'a,' * 500_000}'>",
    "candidates with descriptors": f"<img srcset='{'a 1x, ' * 200_000}'>",
}


@pytest.mark.parametrize("crowd", CROWDS)
def test_a_page_of_a_megabyte_that_names_much_is_read_in_a_moment(crowd: str) -> None:
    started = time.process_time()
    html(CROWDS[crowd])
    assert time.process_time() - started < 5


def test_deep_and_broken_html_neither_raises_nor_stalls() -> None:
    started = time.monotonic()
    for bomb in ("<div>" * 300_000, "<a " * 300_000, "<!--" * 200_000, "\x00" * 9, ""):
        html(bomb)
    assert time.monotonic() - started < 10
