"""A web page to text: main part first, then all the rest; only importer of trafilatura.

Clean-up never hides evidence: whatever the main part leaves out follows after U+000C.
If every extractor is silent, the tags are simply taken away.
"""

import html
import re
from collections import Counter
from dataclasses import replace

import trafilatura
from lxml.etree import LxmlError

from search.extract.dates import CONFLICT, find_claimed
from search.extract.pages.alltext import PageTree
from search.extract.pages.lead import stated_descriptions, with_lead
from search.extract.pages.overload import OVERLOADED, is_overloaded
from search.extract.pages.places import may_have_more, more_from_place
from search.extract.pages.scripted import SHOWN_ENOUGH, scripted_prose
from search.extract.pages.stated import stated_article
from search.extract.pages.telegram import is_telegram, telegram_main
from search.extract.pages.tidy import leave_out_beside, tidy_main
from search.extract.pages.titles import TITLE_CONFLICT, choose_title
from search.extract.pages.visible import INLINE, Shown, see_page, visible_text
from search.extract.parts import find_parts, find_stretch
from search.extract.result import Extract, clean_text, clean_title, join_parts

HTML_EXTRACTOR = "html/8"
"""Raised with every change here and with the libraries below."""
TAGS_EXTRACTOR = "tags/1"
SHOWN_EXTRACTOR = "html-shown/2"
HTML_LIBRARIES = {"trafilatura": "2.3.1", "resiliparse": "2.0.1", "lxml": "6.1.3"}
"""The versions that `html/8` means; a test compares them with what is installed."""
MAIN_MIN_CODE_POINTS = 200
"""A shorter main text is doubtful, so a second opinion is asked for."""
PARAGRAPH = 120
"""A line so long is no caption and no link."""
STATED_LONGER = 1.3
"""So many times as much stated by the page itself makes the first opinion wrong."""
LONG_LINE = 40
"""A line of the rest this long is dropped if the main text contains it anywhere."""

_SILENT = re.compile(
    r"<(script|style|template|head)\b.*?(?:</\1\s*>|$)|<!--.*?(?:-->|$)",
    re.DOTALL | re.IGNORECASE,
)
_TAG = re.compile(r"<[^>]*(?:>|$)")
_SPACES = re.compile(r"\s+")
_INLINE = "|".join(sorted(INLINE))
_BETWEEN_INLINE = re.compile(
    rf"(</(?:{_INLINE})>)[ \t\r\n]*\n[ \t\r\n]*(?=<(?:{_INLINE})\b)", re.IGNORECASE
)
"""A line end between two words of a sentence: to readers a space."""
_PROBLEMS = (ValueError, TypeError, AttributeError, KeyError, IndexError, LxmlError)
"""What the extractor is known to raise on hostile markup."""


def extract_html(markup: str) -> Extract:
    """Make one text of a page; charset fields are left for the caller."""
    if is_overloaded(markup):
        made = extract_tags(markup)
        return replace(made, warnings=(*made.warnings, OVERLOADED))
    tree = PageTree(markup)
    warnings: tuple[str, ...] = ()
    shown = see_page(markup)
    everything = clean_text(shown.text or tree.all_text())
    main = _found_by_rules(markup, tree, shown)
    if len(everything) < SHOWN_ENOUGH:
        everything, warnings = _look_deeper(markup, tree, everything)
    main = _more_of_it(main, markup, everything)
    lines = [line for line in everything.split("\n") if line not in shown.beside]
    main = with_lead(main, lines, (*tree.descriptions(), *stated_descriptions(markup)))
    stretch = find_stretch(everything, main)
    rest = _rest(main, everything)
    if stretch is not None:
        main, rest = _as_many(everything, stretch)
    text, main_end, cut = join_parts(main, rest)
    title, doubtful = choose_title(tree.titles())
    dates = find_claimed(
        markup,
        f"{title or ''}\n{main}" if main else everything,
        stated_only=stretch is not None,
    )
    return Extract(
        text=text,
        main_end=main_end,
        title=clean_title(title),
        extractor=HTML_EXTRACTOR,
        charset=None,
        declared_charset=None,
        warnings=(
            *warnings,
            *(("truncated",) if cut else ()),
            *((CONFLICT,) if dates.conflict else ()),
            *((TITLE_CONFLICT,) if doubtful else ()),
        ),
        claimed=dates.claimed,
        parts=find_parts(main) if stretch is not None else (),
    )


def _as_many(everything: str, stretch: tuple[int, int]) -> tuple[str, str]:
    """A page of many texts: from its first item to its last, in order; and the rest."""
    start, end = stretch
    around = (everything[:start].strip("\n"), everything[end:].strip("\n"))
    return everything[start:end].strip("\n"), "\n".join(filter(None, around))


def extract_tags(markup: str) -> Extract:
    """What stands between the tags, where a parser came to no end; none is judged."""
    text, main_end, cut = join_parts(clean_text(strip_tags(markup)), "")
    return Extract(
        text=text,
        main_end=main_end,
        title=None,
        extractor=TAGS_EXTRACTOR,
        charset=None,
        declared_charset=None,
        warnings=("truncated",) if cut else (),
    )


def extract_shown(markup: str) -> Extract:
    """All that a page shows, in its order: for pages that are many texts."""
    if is_overloaded(markup):
        return extract_tags(markup)
    text, main_end, cut = join_parts(clean_text(visible_text(markup)), "")
    return Extract(
        text=text,
        main_end=main_end,
        title=clean_title(PageTree(markup).title()),
        extractor=SHOWN_EXTRACTOR,
        charset=None,
        declared_charset=None,
        warnings=("truncated",) if cut else (),
    )


def _found_by_rules(markup: str, tree: PageTree, shown: Shown) -> str:
    """The main text without what the page shows beside it, and all of its place."""
    main = leave_out_beside(_main_text(markup, tree), shown.beside)
    if shown.root is None or not may_have_more(main, shown.text):
        return main
    doubtful = len(main) < MAIN_MIN_CODE_POINTS
    more = more_from_place(main, shown.root, is_doubtful=doubtful)
    if more == main:
        return main
    return leave_out_beside(tidy_main(clean_text(more), tree.titles()), shown.beside)


def _look_deeper(
    markup: str, tree: PageTree, shown: str
) -> tuple[str, tuple[str, ...]]:
    """Text of a page that shows little: what another parser sees, what scripts hold."""
    texts = (shown, clean_text(tree.all_text()), clean_text(strip_tags(markup)))
    most = max(texts[:2], key=len) or texts[2]
    if most is not shown:
        lines = [most, *(line for line in shown.split("\n") if line not in most)]
        most = "\n".join(lines).strip("\n")
    prose = clean_text(scripted_prose(markup))
    if not prose:
        return most, ()
    return f"{most}\n{prose}".strip("\n"), ("script_text",)


def _main_text(markup: str, tree: PageTree) -> str:
    """The longer of two opinions where the first is short or fails."""
    if is_telegram(markup):
        messages = clean_text(telegram_main(tree))
        if messages:
            return messages
    try:
        found = trafilatura.extract(
            _BETWEEN_INLINE.sub(r"\1 ", markup),
            fast=True,
            favor_recall=True,
            include_comments=False,
            include_tables=True,
        )
    except (*_PROBLEMS, RecursionError):
        found = None
    main = tidy_main(clean_text(found or ""), tree.titles())
    if len(main) >= MAIN_MIN_CODE_POINTS:
        return main
    second = clean_text(tree.main_text())
    return second if len(second) > len(main) else main


def _more_of_it(main: str, markup: str, everything: str) -> str:
    """Where the first opinion holds a part of what the page itself calls its article.

    Where it holds nothing, the long paragraphs are taken. Slower rules were tried on
    pages with much more in paragraphs: they took the neighbours of short articles.
    """
    stated = stated_article(markup, everything)
    if len(stated) > STATED_LONGER * len(main):
        return stated
    lines = everything.split("\n")
    return main or "\n".join(line for line in lines if len(line) >= PARAGRAPH)


def _rest(main: str, everything: str) -> str:
    """Lines of the whole page that the main text does not hold, in order."""
    held = Counter(map(_fold, main.split("\n")))
    whole = _fold(main)
    kept: list[str] = []
    for line in everything.split("\n"):
        folded = _fold(line)
        if not folded:
            continue
        if held[folded] > 0:
            held[folded] -= 1
        elif len(folded) < LONG_LINE or folded not in whole:
            kept.append(" ".join(line.split(" ")).strip())
    return "\n".join(kept)


def _fold(line: str) -> str:
    return _SPACES.sub(" ", line).strip().casefold()


def strip_tags(markup: str) -> str:
    """Text between tags, the last resort; scripts, styles and comments go."""
    return html.unescape(_TAG.sub("\n", _SILENT.sub("\n", markup)))
