"""The example sites as package data: which host answers what on which visit."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crawlers.demo.pages import Page, Words, parse_page, render_page
from crawlers.demo.replies import Framing, Reply, Shape, build_reply

SITE_FOLDER = Path(__file__).parent / "site"
VISITS = (1, 2)
VISIT_FOLDERS = {1: ("both", "first"), 2: ("both", "second")}
"""Folders of a host that make up its site on each visit; the later one wins."""
PAGE_SUFFIX = ".html"
MEDIA_TYPES = {
    ".css": "text/css",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
}
DEFAULT_LANGUAGE = "en"
"""Of pages the server makes itself: not found."""
Place = tuple[str, str]
"""Host and path: `("outlet.example", "/be/")`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Another name for a page."""

    status: int
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Host:
    """One host on one visit: its pages, its other files, its layout."""

    layout: str
    pages: Mapping[str, Page]
    files: Mapping[str, bytes]


class DemoSites:
    """Every reply of every host, made beforehand; reading only."""

    def __init__(self, folder: Path = SITE_FOLDER) -> None:
        self._folder = folder
        self._words = {
            language: Words(**words)
            for language, words in _read_toml(folder / "words.toml").items()
        }
        plan = _read_toml(folder / "replies.toml")
        self._shapes = {_place(row): _shape(row) for row in plan["shape"]}
        self._redirects = {_place(row): _redirect(row) for row in plan["redirect"]}
        self._mirrors = {row["host"]: row["of"] for row in plan["mirror"]}
        self.hosts = tuple(sorted(p.name for p in folder.iterdir() if p.is_dir()))
        self._replies = {visit: dict(self._build(visit)) for visit in VISITS}

    def reply(self, host: str, path: str, *, visit: int) -> Reply:
        """What the host answers; a page it does not have is a 404 of its own."""
        known = self._replies[visit].get((host, path))
        return known or self._not_found(host, path)

    def places(self, *, visit: int) -> tuple[Place, ...]:
        """Every host and path that is answered with something else than 404."""
        return tuple(sorted(self._replies[visit]))

    def _build(self, visit: int) -> Iterator[tuple[Place, Reply]]:
        for name in self.hosts:
            host = self._read_host(name, visit)
            for path, page in host.pages.items():
                yield (name, path), self._page_reply(name, page, host)
            for path, data in host.files.items():
                shape = self._shapes.get((name, path), Shape())
                media_type = MEDIA_TYPES[Path(path).suffix]
                yield (
                    (name, path),
                    build_reply(data, shape=shape, media_type=media_type),
                )
        for place, redirect in self._redirects.items():
            yield place, self._redirect_reply(redirect)

    def _page_reply(self, name: str, page: Page, host: _Host) -> Reply:
        path = page.path
        shape = self._shapes.get((name, path), Shape())
        text = render_page(
            page,
            host.layout,
            words=self._words[page.language],
            articles=[one for one in host.pages.values() if one.is_article],
            charset=shape.label,
        )
        return build_reply(text.encode(shape.encoding), shape=shape)

    def _redirect_reply(self, redirect: Redirect) -> Reply:
        return build_reply(
            b"DEMONSTRATION\n",
            shape=Shape(),
            status=redirect.status,
            media_type="text/plain",
            location=redirect.location,
        )

    def _not_found(self, host: str, path: str) -> Reply:
        language = path.strip("/").partition("/")[0]
        words = self._words.get(language) or self._words[DEFAULT_LANGUAGE]
        text = (
            f"<!DOCTYPE html>\n<title>404</title>\n<h1>404</h1>\n"
            f'<aside class="demonstration">DEMONSTRATION. {words.mark}</aside>\n'
        )
        return build_reply(text.encode(), shape=Shape(), status=404)

    def _read_host(self, name: str, visit: int) -> _Host:
        pages: dict[str, Page] = {}
        files: dict[str, bytes] = {}
        for owner in dict.fromkeys((self._mirrors.get(name, name), name)):
            for folder in VISIT_FOLDERS[visit]:
                root = self._folder / owner / folder
                for path in sorted(p for p in root.rglob("*") if p.is_file()):
                    url_path = "/" + path.relative_to(root).as_posix()
                    if path.suffix == PAGE_SUFFIX:
                        page = parse_page(url_path, path.read_text("utf-8"))
                        page = replace(page, path=url_path.removesuffix("index.html"))
                        pages[page.path] = page
                    else:
                        files[url_path] = path.read_bytes()
        layout = (self._folder / name / "layout.html").read_text("utf-8")
        return _Host(layout=layout, pages=pages, files=files)


def _read_toml(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return tomllib.load(stream)


def _place(row: Mapping[str, Any]) -> Place:
    return row["host"], row["path"]


def _shape(row: Mapping[str, Any]) -> Shape:
    facts = {key: row[key] for key in row if key not in ("host", "path")}
    if "framing" in facts:
        facts["framing"] = Framing(facts["framing"])
    return Shape(**facts)


def _redirect(row: Mapping[str, Any]) -> Redirect:
    return Redirect(status=row["status"], location=row["location"])
