"""The five seed texts as pages: rebuilt in the shape of their sites, read in place.

Nothing of them is kept here: each test reads the corpus and wraps what it finds.
"""

import html
import re
from pathlib import Path

DIGEST, TAG_PAGE, SPUN, LISTING, HIJACKED = "001", "002", "003", "004", "000"
_DATE = re.compile(r"[A-Z][a-z]{2} \d{2}, \d{4}")


def seed_text(corpus: Path, number: str) -> str:
    """One seed as it lies in the corpus."""
    (path,) = (corpus / "seeds").glob(f"{number}_*.txt")
    return path.read_text(encoding="utf-8")


def lines_of(text: str) -> list[str]:
    """Its lines that hold something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def digest_page(text: str) -> str:
    """Headings, dates and paragraphs of one long page, as its site builds them."""
    lines = lines_of(text)
    parts = []
    for place, line in enumerate(lines):
        after = lines[place + 1] if place + 1 < len(lines) else ""
        if _DATE.fullmatch(after):
            parts.append(f"<h2>{html.escape(line)}</h2>")
        elif _DATE.fullmatch(line):
            parts.append(f"<p class=date>{line}</p>")
        else:
            parts.append(f"<p>{html.escape(line)}</p>")
    return page("News", "".join(parts))


def tag_page(text: str) -> str:
    """Eight teasers: picture with words, a count, a linked title, a beginning."""
    lines = lines_of(text)
    starts = [place for place, line in enumerate(lines) if line == "0"]
    cards = []
    for number, place in enumerate(starts):
        alt, title, teaser = lines[place - 1], lines[place + 1], lines[place + 2]
        cards.append(
            f'<article><a href="/teased-{number}/"><img src=/i{number}.jpg'
            f' alt="{html.escape(alt, quote=True)}"></a><span>0</span>'
            f'<h3><a href="/teased-{number}/">{html.escape(title)}</a></h3>'
            f"<p>{html.escape(teaser)}</p></article>"
        )
    return page("Tag", "".join(cards))


def listing_page(text: str) -> str:
    """Paragraphs, one under the other, without titles and dates."""
    body = lines_of(text)[2:]
    return page("List", "".join(f"<p>{html.escape(line)}</p>" for line in body))


def article_page(text: str) -> str:
    """A text as an article."""
    title, *body = lines_of(text)
    paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in body)
    return page(title, f"<h1>{html.escape(title)}</h1>{paragraphs}")


def page(title: str, body: str) -> str:
    return (
        f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8>"
        f"<title>{html.escape(title)}</title></head><body>{body}</body></html>"
    )
