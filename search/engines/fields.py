"""Names of the index's fields, their weights, and the version of the whole layout."""

SCHEMA_VERSION = 11
"""Raised when fields or their meaning change; an older index is made anew."""

EXACT, LEMMA, KEY, CAP, LOOSE = "exact", "lemma", "key", "cap", "loose"
"""Main text: as written, base form, name key, name key of capitals, loose key."""
ALL, ALL_KEY = "all", "all_key"
"""Exact form and name key of the text around the main text."""
HEAD, HEAD_LEMMA, HEAD_KEY = "head", "head_lemma", "head_key"
"""Title, words of the address and, for failures, of the outcome."""
TOKEN_FIELDS = (
    EXACT,
    LEMMA,
    KEY,
    CAP,
    LOOSE,
    ALL,
    ALL_KEY,
    HEAD,
    HEAD_LEMMA,
    HEAD_KEY,
)
UNORDERED_FIELDS = frozenset({LOOSE})
"""Never searched by position."""

BOOSTS = {
    EXACT: 3.0,
    LEMMA: 2.0,
    KEY: 1.0,
    CAP: 1.0,
    LOOSE: 0.3,
    ALL: 0.2,
    ALL_KEY: 0.2,
    HEAD: 3.0,
    HEAD_LEMMA: 2.0,
    HEAD_KEY: 1.0,
}
"""Weight of a match by field; measured on the development questions."""
NAME_BOOST = 2.0
"""Weight of a capitalised name key in `name:`."""
FIGURE_BOOST = 2.0
"""Weight of any number where a number is asked for."""
EXPANSION_BOOST = 0.5
"""Factor for forms that the gazetteer adds to a word."""

ID, ORDER = "id", "order"
"""Document id; order key."""
CAPTURED_US, CLAIMED_US = "captured_us", "claimed_us"
"""Time of the first capture, and the day the page claims to be from, if it does.

Both microseconds since 1970; a claimed day is as written, as if it were in UTC.
"""
STORED = "stored"
"""What a hit needs, as JSON; never searched."""
FILTER_FIELDS = (
    "archive",
    "source",
    "host",
    "lang",
    "type",
    "status",
    "outcome",
    "class",
    "warning",
    "access",
)
"""Exact values, folded to lower case, several per document."""
