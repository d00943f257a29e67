"""What a query was understood as, in lists and in a sentence (pure)."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from search.answering.results import Searched
from search.engines.base import Tokens
from search.engines.fields import BOOSTS, CAP, KEY, LEMMA
from search.engines.planning import Leaf

FOUND_AS_SHOWN = 20
"""Different words named for one word of the query."""
OTHERS_SAID = 8
"""Other words named in a sentence."""
_CYRILLIC = re.compile("[\u0400-\u052f]")


def make_searched(
    leaves: Sequence[Leaf], found: Iterable[set[tuple[int, str]]]
) -> tuple[Searched, ...]:
    """Describe leaves; `found` holds, per hit, (number of the leaf, marked text).

    What is met in the most hits stands first. Equal words are described once.
    """
    met: Counter[tuple[str, str]] = Counter()
    for marked in found:
        met.update({(leaves[number].label, text) for number, text in marked})
    ranked = sorted(met, key=lambda one: (-met[one], one))
    made = {}
    for leaf in leaves:
        texts = [text for label, text in ranked if label == leaf.label]
        made[leaf.label] = Searched(
            written=leaf.label,
            base_forms=_base_forms(leaf),
            any_spelling=any(clause.field in (KEY, CAP) for clause in leaf.clauses),
            other_words=leaf.other_words,
            found_as=tuple(texts[:FOUND_AS_SHOWN]),
        )
    return tuple(made.values())


def _base_forms(leaf: Leaf) -> tuple[str, ...]:
    """Those of a single word in its own script, not those of words added to it."""
    return tuple(
        dict.fromkeys(
            clause.values[0]
            for clause in leaf.clauses
            if isinstance(clause, Tokens)
            and clause.field == LEMMA
            and clause.boost == BOOSTS[LEMMA]
            and len(clause.values) == 1
            and _is_cyrillic(clause.values[0]) == _is_cyrillic(leaf.label)
        )
    )


def _is_cyrillic(text: str) -> bool:
    return _CYRILLIC.search(text) is not None


def describe(searched: Searched) -> str:
    """One line: the word, and what else counts as finding it."""
    parts = list(_parts(searched))
    said = f"{searched.written}: {'; '.join(parts)}" if parts else searched.written
    if not searched.found_as:
        return said
    return f"{said}. Here: {', '.join(searched.found_as)}"


def _parts(searched: Searched) -> Iterator[str]:
    if searched.base_forms:
        yield f"any form of {', '.join(searched.base_forms)}"
    if searched.any_spelling:
        yield "as a name in any script"
    others = searched.other_words
    if others:
        rest = f" and {len(others) - OTHERS_SAID} more" if others[OTHERS_SAID:] else ""
        yield f"also {', '.join(others[:OTHERS_SAID])}{rest}"
