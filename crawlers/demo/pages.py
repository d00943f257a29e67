"""One page of the example sites: a file with a TOML head becomes HTML (pure).

A page file is a TOML head between two lines `+++`, then the HTML of its main part. The
layout of its host puts the demonstration mark and the source of the facts around it.
"""

import html
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

HEAD_KEYS = frozenset({"title", "published", "facts"})
LANGUAGE_TAGS = {"be-latn": "be-Latn"}
"""Folder name to language tag, where the two differ."""
_FENCE = "+++\n"
_SLOT = re.compile(r"\{\{([a-z_]+)\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page file, read."""

    path: str
    """As a URL path: `/be/news/1001.html`."""
    title: str
    published: date | None
    facts: str | None
    """Who reported the facts; None on lists, which state none."""
    body: str

    @property
    def language(self) -> str:
        """The folder its path begins with."""
        return self.path.split("/")[1]

    @property
    def is_article(self) -> bool:
        """Whether lists name it."""
        return "/news/" in self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What every page of one language says of itself."""

    mark: str
    facts: str
    published: str


def parse_page(path: str, text: str) -> Page:
    """Split head and body; a wrong head is a ValueError naming the page."""
    before, fence, rest = text.partition(_FENCE)
    head_text, fence, body = rest.partition(_FENCE)
    if before or not fence:
        raise ValueError(f"{path}: a page begins with a head between two lines +++")
    head = tomllib.loads(head_text)
    if unknown := head.keys() - HEAD_KEYS:
        raise ValueError(f"{path}: unknown keys {sorted(unknown)}")
    return Page(
        path=path,
        title=head["title"],
        published=head.get("published"),
        facts=head.get("facts"),
        body=body.strip("\n"),
    )


def render_page(
    page: Page,
    layout: str,
    *,
    words: Words,
    articles: Iterable[Page] = (),
    charset: str = "utf-8",
) -> str:
    """Fill the layout; an unknown slot in it is a KeyError.

    `charset` is what the page declares in a meta element; empty declares nothing.
    """
    slots = {
        "language": LANGUAGE_TAGS.get(page.language, page.language),
        "title": html.escape(page.title),
        "mark": html.escape(words.mark),
        "charset_meta": f'<meta charset="{charset}">' if charset else "",
        "published_meta": _published_meta(page),
        "published": _published(page, words),
        "body": _fill(page.body, {"listing": _listing(page, articles)}),
        "facts": html.escape(words.facts + page.facts) if page.facts else "",
    }
    return _fill(layout, slots)


def _fill(text: str, slots: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda match: slots[match[1]], text)


def _published_meta(page: Page) -> str:
    if page.published is None:
        return ""
    return f'<meta property="article:published_time" content="{page.published}">'


def _published(page: Page, words: Words) -> str:
    if page.published is None:
        return ""
    day = f'<time datetime="{page.published}">{page.published:%d.%m.%Y}</time>'
    return f"<p>{html.escape(words.published)}: {day}</p>"


def _listing(page: Page, articles: Iterable[Page]) -> str:
    """The articles of the page's language, newest first."""
    own = [one for one in articles if one.language == page.language]
    own.sort(key=lambda one: (one.published or date.min, one.path), reverse=True)
    return "\n".join(
        f'<div class="item"><a href="{one.path}">{html.escape(one.title)}</a>'
        f' <time datetime="{one.published}">{one.published:%d.%m.%Y}</time></div>'
        for one in own
    )
