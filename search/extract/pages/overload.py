"""Markup made to stop a parser: nesting and attributes without end.

Parsers take time that grows with the square of either; a look at the tags tells before.
"""

import re

DEPTH_MAX = 3_000
"""Elements inside each other; real pages have less than a hundred."""
ATTRIBUTES_MAX = 5_000
"""Of one tag; real ones have some dozens. The squares of all together are bounded, too:
parsers compare each with those before it."""
OVERLOADED = "overloaded_markup"
"""Warning: the text is what stands between the tags, nothing was parsed."""

_NO_NEST = (
    "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
    "|p|li|td|th|tr|dd|dt|option|thead|tbody|tfoot"
)
"""Elements that hold none of their kind: they end without an end tag."""
_LONG_TAG = re.compile(r"<[A-Za-z][^>]{2000,}")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_TAG = re.compile(rf"<(/?)(?!(?:{_NO_NEST})\b)[a-z]", re.IGNORECASE)


def is_overloaded(markup: str) -> bool:
    """Whether no parser should be given this page."""
    if has_endless_tags(markup):
        return True
    return markup.count("<") > DEPTH_MAX and _depth(markup) > DEPTH_MAX


def has_endless_tags(markup: str) -> bool:
    """Whether its tags have more attributes than are read in reasonable time."""
    compared = sum(_attributes(tag[0]) ** 2 for tag in _LONG_TAG.finditer(markup))
    return compared > ATTRIBUTES_MAX**2


def _attributes(tag: str) -> int:
    """About how many attributes a tag has: words outside of quotation marks."""
    return len(_QUOTED.sub(" ", tag).split()) - 1


def _depth(markup: str) -> int:
    deepest = depth = 0
    for found in _TAG.finditer(markup):
        depth += -1 if found[1] else 1
        deepest = max(deepest, depth)
    return deepest
