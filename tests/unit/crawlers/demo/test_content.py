"""What the example sites say: marked, attributed, well formed, in five languages."""

import gzip
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from crawlers.demo.content import SITE_FOLDER, DemoSites
from crawlers.demo.pages import parse_page

VISITS = (1, 2)
VOID = frozenset({"meta", "link", "img", "br", "hr", "input"})
LANGUAGES = {"be", "ru", "en", "pl", "lt"}


class Balance(HTMLParser):
    """Raises on an end tag that does not fit; `open` must be empty at the end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.languages: set[str] = set()
        self.visible: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        if tag == "html":
            self.languages.add(dict(attrs).get("lang") or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open):
            self.visible.append(data)


def body_of(data: bytes) -> bytes:
    head, _, body = data.partition(b"\r\n\r\n")
    if b"chunked" in head:
        whole, rest = b"", body
        while True:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16)
            if length == 0:
                break
            whole, rest = whole + rest[:length], rest[length + 2 :]
        body = whole
    return gzip.decompress(body) if b"Content-Encoding: gzip" in head else body


def html_pages(sites: DemoSites) -> Iterator[tuple[str, str]]:
    for visit in VISITS:
        for host, path in sites.places(visit=visit):
            if path.endswith(("/", ".html")):
                body = body_of(sites.reply(host, path, visit=visit).data)
                old = path in ("/ru/order.html", "/ru/notice.html")
                yield f"{visit} {host}{path}", body.decode("cp1251" if old else "utf-8")


def test_every_page_shows_that_it_is_a_demonstration(sites: DemoSites) -> None:
    for name, html in html_pages(sites):
        page = Balance()
        page.feed(html)
        assert "DEMONSTRATION" in "".join(page.visible), name


def test_every_page_is_well_formed(sites: DemoSites) -> None:
    for name, html in html_pages(sites):
        if "report.html" in name:  # its end is cut off on purpose
            continue
        page = Balance()
        page.feed(html)
        page.close()
        assert page.open == [], name
        assert html.startswith("<!DOCTYPE html>"), name


def test_pages_are_in_five_languages_and_belarusian_in_two_scripts(
    sites: DemoSites,
) -> None:
    found = set()
    for _, html in html_pages(sites):
        page = Balance()
        page.feed(html)
        found |= page.languages
    assert found == {*LANGUAGES, "be-Latn"}


@pytest.mark.parametrize(
    ("spelling", "language"),
    [
        ("Ціханоўск", "be"),
        ("Cichanoŭsk", "be-latn"),
        ("Тихановск", "ru"),
        ("Tsikhanouskaya", "en"),
        ("Cichanousk", "pl"),
        ("Cichanouskaja", "lt"),
    ],
)
def test_one_name_is_spelt_as_each_language_spells_it(
    sites: DemoSites, spelling: str, language: str
) -> None:
    pages = dict(html_pages(sites))
    mine = [h for name, h in pages.items() if f"outlet.example/{language}/" in name]
    assert any(spelling in html for html in mine)


def test_every_article_names_who_reported_its_facts_or_says_it_is_invented() -> None:
    for path in sorted(SITE_FOLDER.rglob("*.html")):
        if path.name in ("layout.html", "index.html"):
            continue
        page = parse_page(f"/{path.name}", path.read_text("utf-8"))
        assert page.facts, path
        assert page.published, path


def test_there_is_nothing_but_reserved_names(sites: DemoSites) -> None:
    assert all(host.endswith(".example") for host in sites.hosts)
    for path in sorted(SITE_FOLDER.rglob("*")):
        if path.suffix in (".html", ".css", ".toml", ".txt"):
            for host in re.findall(r"https?://([^/\"]+)", path.read_text("utf-8")):
                assert host.endswith(".example"), path


def test_a_page_nobody_has_is_a_marked_404(sites: DemoSites) -> None:
    reply = sites.reply("nobody.example", "", visit=1)
    assert reply.data.startswith(b"HTTP/1.1 404 ")
    assert b"DEMONSTRATION" in reply.data
