"""Prose: which longer texts there are, in what order pages show them.

The claim is quoted word for word; translations stand beside it, never instead.
"""

from archive.claim import DOES_NOT_PROVE

GLOSSARY = (
    "capture",
    "page-capture",
    "slice",
    "digest",
    "statement",
    "log",
    "checkpoint",
    "witness",
    "time-stamp",
    "trust-folder",
    "receipt",
    "bundle",
    "tombstone",
    "vantage",
    "memento",
)
"""Terms of art that the help page explains, and pages link to."""
LIMITS = tuple(str(number) for number, _ in enumerate(DOES_NOT_PROVE))
"""Ids of what is not proven, behind `proves-not.`."""
SYNTAX: tuple[tuple[str, str], ...] = (
    ("word word", "words"),
    ('"a b c"', "phrase"),
    ('"a b"~5', "near"),
    ("lukash*", "prefix"),
    ("name:Ермошина", "name"),
    ("one OR other", "or"),
    ("-word", "not"),
    ("source:ID  host:site.example  lang:be", "exact"),
    ("captured:2025-01-26", "captured"),
    ("captured:2025-01..2025-02", "range"),
)
"""Query examples of the help page, each with the id of its explanation."""
