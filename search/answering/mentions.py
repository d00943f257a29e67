"""Whom and what some texts mention: names by their capitals, in all scripts (pure).

Nobody is listed anywhere: a word counts as a name where it is written with a capital
inside a sentence, and mostly so. Spellings and forms of one name meet in its key, as
in a search; so two people of one surname are one line. A given name stands before it
only where it does so in most of its documents: nobody gets what another one did.
"""

import calendar
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from search.analysis.analyze import EMPTY, form_table
from search.analysis.gazetteer import Gazetteer
from search.analysis.tokens import starts_upper, tokenize
from search.extract.written_dates import month_names

TEXT_CODE_POINTS = 100_000
"""Read of one text."""
KEY_LEAST = 3
"""Shorter sounds are those of too many words."""
CAPITAL_SHARE = 0.8
"""A word is a name if so many of its places have a capital."""
LEADING_SHARE = 0.8
"""A word that so often leads to another name is a given name, or a title."""
GIVEN_SHARE = 0.5
"""A given name is told if it leads to the name in so many of the name's documents."""
SPELLINGS_SHOWN = 8
NAMES_MOST = 200
_SENTENCE_END = re.compile(r"[.!?…:;\"“”„«»()\[\]\n|]|(?:^|\s)[–—-]\s")
_SHOWN, _HIDDEN = ("place", "org"), {"given", "term"}
"""Kinds of the gazetteer."""
_NOUNS_WITH_CAPITALS = frozenset({"de"})
"""German writes every noun so: its texts only count names that others show."""


Pairs = defaultdict[tuple[str, str, str], set[int]]
"""Documents by the key of the word before, that word, and the word, as written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One name, as it is written most often, and in how many documents it stands."""

    name: str
    kind: str | None
    """`place` or `org` where the gazetteer knows it as one; else nobody says."""
    documents: int
    spellings: tuple[tuple[str, int], ...]
    """As written, with the number of documents; the commonest first."""


@dataclass(slots=True)
class _Seen:
    """What was met of one key."""

    inside: set[int] = field(default_factory=set)
    """Documents with a capital inside a sentence."""
    anywhere: set[int] = field(default_factory=set)
    capitals: int = 0
    small: int = 0
    words: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    pairs: Pairs = field(default_factory=lambda: defaultdict(set))
    """Documents in which another word with a capital leads to it."""
    leads: int = 0
    """How often another word with a capital follows."""


def find_mentions(
    texts: Iterable[tuple[str, str | None]], gazetteer: Gazetteer
) -> tuple[Mention, ...]:
    """Names in texts (text, language), by falling number of documents."""
    seen: defaultdict[str, _Seen] = defaultdict(_Seen)
    for number, (text, language) in enumerate(texts):
        _read(text[:TEXT_CODE_POINTS], language, number, seen)
    names = [one for one in seen.values() if _is_name(one)]
    found = [_mention(group, kind) for group, kind in _joined(names, gazetteer)]
    found.sort(key=lambda one: (-one.documents, one.name))
    return tuple(found[:NAMES_MOST])


def _joined(
    names: Iterable[_Seen], gazetteer: Gazetteer
) -> Iterator[tuple[list[_Seen], str | None]]:
    """Names that the gazetteer knows as one thing; every other one by itself.

    Given names, months, days and words of the vocabulary are left out.
    """
    known: defaultdict[str, list[_Seen]] = defaultdict(list)
    kinds: dict[str, str] = {}
    for one in names:
        word = _commonest(one)
        entries = gazetteer.find(word)
        if word.casefold() in _calendar() or _HIDDEN & {e.kind for e in entries}:
            continue
        thing = next((entry for entry in entries if entry.kind in _SHOWN), None)
        if thing is None:
            yield [one], None
        else:
            known[thing.entry_id].append(one)
            kinds[thing.entry_id] = thing.kind
    for entry_id, group in known.items():
        yield group, kinds[entry_id]


def _commonest(one: _Seen) -> str:
    return min(one.words, key=lambda word: (-len(one.words[word]), word))


def _read(
    text: str, language: str | None, number: int, seen: defaultdict[str, _Seen]
) -> None:
    known = form_table(language)
    plain = language not in _NOUNS_WITH_CAPITALS
    last, end = "", 0
    for word, start, stop in tokenize(text):
        gap = text[end:start]
        begins = end == 0 or _SENTENCE_END.search(gap) is not None
        upper = starts_upper(word)
        key = known[word].key
        if key != EMPTY and len(key) >= KEY_LEAST and not word[0].isdigit():
            one = seen[key]
            if not upper:
                one.small += 1
            else:
                one.capitals += 1
                one.anywhere.add(number)
                one.words[word].add(number)
                if plain and not begins:
                    one.inside.add(number)
                if last and gap == " ":
                    led = known[last].key
                    one.pairs[led, last, word].add(number)
                    seen[led].leads += 1
        last = word if upper and key != EMPTY else ""
        end = stop


def _is_name(one: _Seen) -> bool:
    both = one.capitals + one.small
    leading = one.leads >= LEADING_SHARE * one.capitals
    return bool(one.inside) and one.capitals >= CAPITAL_SHARE * both and not leading


def _mention(group: Sequence[_Seen], kind: str | None) -> Mention:
    words: defaultdict[str, set[int]] = defaultdict(set)
    for one in group:
        for word, numbers in one.words.items():
            words[word] |= numbers
    ranked = sorted(words.items(), key=lambda item: (-len(item[1]), item[0]))
    documents = set[int]().union(*words.values())
    whole = _whole_name(group, len(documents)) if kind is None else None
    return Mention(
        name=whole or ranked[0][0],
        kind=kind,
        documents=len(documents),
        spellings=tuple(
            (written, len(numbers)) for written, numbers in ranked[:SPELLINGS_SHOWN]
        ),
    )


def _whole_name(group: Sequence[_Seen], documents: int) -> str | None:
    """The name with the given name of most of its documents; None where none is so."""
    by_given: defaultdict[str, set[int]] = defaultdict(set)
    pairs = [(pair, found) for one in group for pair, found in one.pairs.items()]
    for (given, _, _), found in pairs:
        by_given[given] |= found
    ranked = sorted(by_given, key=lambda given: (-len(by_given[given]), given))
    if not ranked or len(by_given[ranked[0]]) < GIVEN_SHARE * documents:
        return None
    same = [(-len(found), pair[1:]) for pair, found in pairs if pair[0] == ranked[0]]
    return " ".join(min(same)[1])


@lru_cache(maxsize=1)
def _calendar() -> frozenset[str]:
    """Months in all languages of dates, and English days: written with a capital."""
    days = (name.casefold() for name in calendar.day_name)
    return frozenset((*days, *month_names()))
