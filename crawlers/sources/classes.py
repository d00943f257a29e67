"""One answer -> its class, by the first rule that fits, with the words it went by.

Pure. Outcome and status speak first, then the source's own rules, then those of
`class_rules.toml`, then what was expected at that address. What nothing speaks against
is what was expected; what fits nothing is `unknown` and counts as no page.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from archive.capture import CaptureOutcome
from archive.capture_class import CaptureClass, ClassNote
from crawlers.sources.class_file import read_class_file
from crawlers.sources.needles import search
from crawlers.sources.scope import path_of
from crawlers.sources.signs import Signs
from crawlers.sources.source import ClassRule

RULES_VERSION = 2
"""Raised with every change that may give a capture another class."""
RULES_FILE = Path(__file__).parent / "class_rules.toml"
FOUND_CHARACTERS = 120
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json"}
    | {"application/rdf+xml", "application/xml", "text/xml"}
)
RESET_WORDS = ("reset", "unexpected eof", "unexpected_eof")
"""How the engine says that a handshake was cut, not refused."""
CUT_SHORT = frozenset(
    {CaptureOutcome.DISCONNECT, CaptureOutcome.TIMEOUT, CaptureOutcome.LENGTH}
    | {CaptureOutcome.STOPPED}
)
AS_EXPECTED = "as-expected"
PLAIN_CHARACTERS = 6_100
"""Of visible text at the beginning of a page: no rule for short texts fits any more."""
STATUSES_KEPT = 256
"""Statuses, each with a few lengths of text."""
GONE = frozenset({404, 410})
"""The status says all; error pages carry forms and offers of every kind."""
SAID_BY_STATUS = frozenset({CaptureClass.SOFT_404, CaptureClass.ERROR})
"""Classes of answers that claim to be in order."""
_FEED_BEGINS = re.compile(r"\s*(<\?xml|<rss|<feed|<rdf|<urlset|<sitemapindex|\{)", re.I)
_HTML_BEGINS = re.compile(r"\s*(<!--.*?-->\s*)?<(!doctype html|html|head|body)", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came for one address, as far as classing needs it."""

    uri: str
    """The address that answered, after redirects."""
    asked: str
    """The address that was asked for first."""
    outcome: CaptureOutcome
    http_status: int | None
    media_type: str | None
    """Lower case, without parameters."""
    expected: CaptureClass = CaptureClass.PAGE
    """What the rule for the address expects: page, listing, feed, file or robots."""
    detail: str = ""
    """How the engine words a failure."""
    beginning: str = ""
    """The first characters of the body, decoded."""
    body_bytes: int = 0
    """Of the body; 0 = there is none."""
    signs: Signs | None = None
    """None where the body is no HTML, or was not read."""
    is_brief: bool = False
    """Whether the signs are those of the beginning of a long body alone."""


def is_settled(answer: Answer, note: ClassNote) -> bool:
    """Whether a closer look could not say anything else than `note`.

    Walls, challenges and apologies are short. A long text that nothing speaks against
    is a page, and most of the work would be to read the rest of it.
    """
    if not answer.is_brief:
        return True
    is_long = answer.signs is not None and len(answer.signs.text) >= PLAIN_CHARACTERS
    return is_long and note.rule == AS_EXPECTED


def classify(
    answer: Answer, *, own: Sequence[ClassRule] = (), key: str | None = None
) -> ClassNote:
    """Class one answer; `own` are the rules of its source, `key` what it names."""
    capture_class, rule, words = (
        _by_outcome(answer)
        or _by_rules(answer, own)
        or _by_status(answer)
        or _by_body(answer)
        or _by_address(answer)
        or _by_type(answer)
    )
    return ClassNote(
        capture_class=str(capture_class), rule=rule, found=_one_line(words), key=key
    )


Found = tuple[CaptureClass, str, str]


def _by_outcome(answer: Answer) -> Found | None:
    """Attempts that brought no whole answer."""
    if answer.outcome is CaptureOutcome.COMPLETE:
        return None
    detail = answer.detail.lower()
    was_reset = any(word in detail for word in RESET_WORDS)
    if answer.outcome is CaptureOutcome.TLS and was_reset:
        return CaptureClass.BLOCK_PAGE, "reset-in-tls", answer.detail
    if answer.outcome in CUT_SHORT:
        return CaptureClass.UNKNOWN, f"cut-short:{answer.outcome}", answer.detail
    return CaptureClass.ERROR, f"no-answer:{answer.outcome}", answer.detail


def _by_rules(answer: Answer, own: Sequence[ClassRule]) -> Found | None:
    if answer.expected is CaptureClass.ROBOTS:
        return None
    status = answer.http_status or 0
    general = () if status in GONE else _general_rules_for(answer)
    for rule in (*own, *general):
        if not 200 <= status < 300 and rule.capture_class in SAID_BY_STATUS:
            continue
        words = _fits(rule, answer)
        if words is not None:
            return CaptureClass(rule.capture_class), rule.name, words
    return None


def _by_status(answer: Answer) -> Found | None:
    status = answer.http_status or 0
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return CaptureClass.UNKNOWN, f"http-{status}", ""
    return CaptureClass.ERROR, f"http-{status}", ""


def _by_body(answer: Answer) -> Found | None:
    if answer.body_bytes == 0:
        return CaptureClass.EMPTY, "no-body", ""
    signs = answer.signs
    if signs is None or _is_feed_text(answer):
        return None
    if any(map(str.isalnum, signs.text)):
        return None
    if signs.shows_media and not signs.has("script"):
        return None
    kinds = {"script-only": "script", "frames-only": "iframe, frame"}
    rule = next((k for k, at in kinds.items() if signs.has(at)), "no-visible-text")
    return CaptureClass.EMPTY, rule, ""


def _by_address(answer: Answer) -> Found | None:
    """A deep address that only led to the front page is not there any more."""
    asked, came = path_of(answer.asked), path_of(answer.uri)
    deep = len([part for part in asked.split("/") if part]) > 1
    is_home = len([part for part in came.split("/") if part]) == 0
    if deep and is_home and "?" not in answer.uri:
        return CaptureClass.SOFT_404, "led-to-front-page", answer.uri
    return None


def _by_type(answer: Answer) -> Found:
    """What was expected, if it is of the kind; else `unknown`."""
    expected, media_type = answer.expected, answer.media_type or ""
    is_html = _HTML_BEGINS.match(answer.beginning) is not None
    if expected is CaptureClass.ROBOTS:
        return (
            (CaptureClass.UNKNOWN, "html-for-robots", "")
            if is_html or media_type in HTML_TYPES
            else (CaptureClass.ROBOTS, AS_EXPECTED, "")
        )
    if expected is CaptureClass.FEED:
        if _is_feed_text(answer):
            return CaptureClass.FEED, AS_EXPECTED, ""
        return CaptureClass.UNKNOWN, "no-feed-in-body", media_type
    if expected is CaptureClass.FILE:
        if is_html:
            return CaptureClass.UNKNOWN, "html-for-file", media_type
        return CaptureClass.FILE, AS_EXPECTED, ""
    if answer.signs is not None:
        return expected, AS_EXPECTED, ""
    if media_type in FEED_TYPES and _is_feed_text(answer):
        return CaptureClass.FEED, "by-type", media_type
    if media_type in HTML_TYPES:
        return CaptureClass.UNKNOWN, "not-read", media_type
    return CaptureClass.FILE, "by-type", media_type


def _is_feed_text(answer: Answer) -> bool:
    begins_so = _FEED_BEGINS.match(answer.beginning.lstrip("\ufeff")) is not None
    return begins_so and _HTML_BEGINS.search(answer.beginning) is None


@cache
def general_rules() -> tuple[ClassRule, ...]:
    """Those of `class_rules.toml`; SourceError if somebody broke it."""
    return read_class_file(RULES_FILE)


def _general_rules_for(answer: Answer) -> tuple[ClassRule, ...]:
    """Those that may fit an answer of its status and length of text."""
    least = None
    if answer.signs is not None:
        bounds = _text_bounds()
        place = bisect_left(bounds, len(answer.signs.text))
        least = bounds[place] if place < len(bounds) else math.inf
    return _rules_of(answer.http_status or 0, least)


@cache
def _text_bounds() -> tuple[int, ...]:
    """Lengths of text up to which some rule looks at a body."""
    found = {rule.text_max for rule in general_rules()}
    return tuple(sorted(bound for bound in found if bound is not None))


@lru_cache(maxsize=STATUSES_KEPT)
def _rules_of(status: int, least: float | None) -> tuple[ClassRule, ...]:
    """Rules for a status that look at texts so long; None: the body was not read."""
    return tuple(
        rule
        for rule in general_rules()
        if (not rule.statuses or status in rule.statuses)
        and not (least is None and rule.looks_inside)
        and (least is None or rule.text_max is None or rule.text_max >= least)
    )


def _fits(rule: ClassRule, answer: Answer) -> str | None:
    """The words that made the rule fit; None if it does not."""
    if rule.statuses and answer.http_status not in rule.statuses:
        return None
    signs = answer.signs
    if signs is None:
        # A status alone, or an address, is a sign of its own.
        return None if rule.looks_inside else _outer_words(rule, answer)
    if rule.text_max is not None and len(signs.text) > rule.text_max:
        return None
    outer = _outer_words(rule, answer)
    if outer is None or not _flags_fit(rule, signs):
        return None
    words = list(_inner_words(rule, signs))
    if None in words:
        return None
    if rule.prose_max is not None and signs.prose_characters > rule.prose_max:
        return None
    return next((word for word in words if word), outer)


def _outer_words(rule: ClassRule, answer: Answer) -> str | None:
    if rule.moved and path_of(answer.asked) == path_of(answer.uri):
        return None
    if rule.address is None:
        return ""
    match = rule.address.search(answer.uri)
    return None if match is None else match.group()


def _flags_fit(rule: ClassRule, signs: Signs) -> bool:
    if rule.unfree and not signs.says_unfree:
        return False
    return not rule.password or signs.asks_password


def _inner_words(rule: ClassRule, signs: Signs) -> Iterator[str | None]:
    """What each pattern of the rule found; None for one that found nothing."""
    if rule.title is not None:
        yield _search(rule.title, signs.title)
    if rule.phrase is not None:
        match = search(rule.phrase, signs.text, folded=signs.folded_text)
        yield None if match is None else match.group()
    if rule.markup is not None:
        yield _search(rule.markup, signs.markup)
    if rule.selector is not None:
        yield rule.selector if signs.has(rule.selector) else None


def _search(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return None if match is None else match.group()


def _one_line(words: str) -> str:
    return " ".join(words.split())[:FOUND_CHARACTERS]
