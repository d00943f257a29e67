"""A syntax tree to clauses: which tokens in which fields mean a written word.

The same leaves, with the same tokens, go to the engine and to the highlighter.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from search.analysis.analyze import NUMBER
from search.analysis.gazetteer import Gazetteer
from search.analysis.keys import KEY_MIN_SYMBOLS
from search.analysis.tokens import exact_form, tokenize
from search.engines.base import (
    AllOf,
    AnyOf,
    Beginning,
    Between,
    Clause,
    OneOf,
    Tokens,
)
from search.engines.fields import (
    BOOSTS,
    CAP,
    CAPTURED_US,
    CLAIMED_US,
    EXPANSION_BOOST,
    FIGURE_BOOST,
    LOOSE,
    NAME_BOOST,
    ORDER,
)
from search.engines.readings import (
    FIELDS_OF_EXACT,
    SOUND_FIELDS,
    distinct,
    exact_readings,
    name_readings,
    number_readings,
    readings,
    words_of,
)
from search.query.nodes import (
    FIRST,
    And,
    Exact,
    Filter,
    Name,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    When,
    Word,
)
from search.query.windows import is_time, shown_in, windows_of
from search.times import EVER, Windows, microseconds_of

QUANTITY = "number"
"""Entry of the words that ask for a number."""
VOCABULARY_SYMBOLS = 5
"""Sounds of ordinary words have so many symbols at least: VETN is Vietnam, too."""
EXPANSION_FORMS = 40
"""Forms one gazetteer entry may add to a word."""
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One thing the user wrote to be found in text, and the tokens that mean it."""

    label: str
    clauses: tuple[Tokens | Beginning, ...]
    optional: bool = False
    """A plain word that the second tier may miss."""
    other_words: tuple[str, ...] = ()
    """Names and translations that the gazetteer adds."""

    @property
    def clause(self) -> AnyOf:
        """What the engine is asked."""
        return AnyOf(clauses=self.clauses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to ask: the first tier, and for the second the words that may miss."""

    tier_one: Clause
    leaves: tuple[Leaf, ...]
    words: tuple[Leaf, ...]
    """Plain words at the top; the second tier needs two of five."""
    rest: AllOf
    """Everything of the first tier but those words."""
    windows: Windows | None
    """When a capture may lie by which a document is shown; None: ever."""
    upto: int | None = None
    """Entry before which all captures that count lie; None: all that there are."""


SeenAgain = Callable[[Windows], tuple[int, ...]]
"""Order keys of documents captured in one of the windows, though not first there."""


class Planner:
    """Plans one query; keeps the leaves in the order they were written.

    Without a gazetteer no other names and translations are looked for; `as_written`
    leaves out forms and spellings, too.
    """

    def __init__(
        self,
        *,
        gazetteer: Gazetteer | None,
        stop_words: frozenset[str],
        seen_again: SeenAgain,
        as_written: bool = False,
    ) -> None:
        self._gazetteer = None if as_written else gazetteer
        self._readings: Callable[[list[str]], Iterator[Tokens]] = (
            exact_readings if as_written else readings
        )
        self._as_written = as_written
        self._stop_words = stop_words
        self._seen_again = seen_again
        self._leaves: list[Leaf] = []

    def plan(self, tree: Node) -> Plan:
        """Plan a whole query."""
        items = tree.items if isinstance(tree, And) else (tree,)
        items = _join_times(self._drop_functionwords_of(items))
        wanted: list[Clause] = []
        unwanted: list[Clause] = []
        words: list[Leaf] = []
        for item in items:
            if isinstance(item, Not):
                unwanted.append(self._unwanted(item.item))
            elif isinstance(item, Word) and not item.required:
                word = self._add(_optional(self._word(item)))
                if word not in words:
                    words.append(word)
            else:
                wanted.append(self._clause(item))
        rest = AllOf(wanted=_once(wanted), unwanted=_once(unwanted))
        everything = (*(word.clause for word in words), *wanted)
        return Plan(
            tier_one=AllOf(wanted=_once(everything), unwanted=rest.unwanted),
            leaves=tuple(self._leaves),
            words=tuple(words),
            rest=rest,
            windows=shown_in(tree),
        )

    def _drop_functionwords_of(self, items: tuple[Node, ...]) -> tuple[Node, ...]:
        """Function words are not asked for, unless there is nothing else."""
        kept = tuple(item for item in items if not self._is_function_word(item))
        return kept if any(map(_is_text, kept)) else items

    def _is_function_word(self, item: Node) -> bool:
        if not isinstance(item, Word) or item.required:
            return False
        tokens = [exact_form(token.word) for token in tokenize(item.text)]
        return all(token in self._stop_words for token in tokens)

    def _add(self, leaf: Leaf) -> Leaf:
        """Keep a leaf; what means the same as one before is that one again."""
        for known in self._leaves:
            if (known.clauses, known.optional) == (leaf.clauses, leaf.optional):
                return known
        self._leaves.append(leaf)
        return leaf

    def _unwanted(self, node: Node) -> Clause:
        """Compile what must not be there; it leaves no mark and no gazetteer."""
        silent = Planner(
            gazetteer=None,
            stop_words=self._stop_words,
            seen_again=self._seen_again,
            as_written=self._as_written,
        )
        return silent._clause(node)

    def _clause(self, node: Node) -> Clause:
        if is_time(node):
            return self._captured(windows_of(node) or ())
        match node:
            case And():
                items = _join_times(self._drop_functionwords_of(node.items))
                if len(items) == 1:
                    return self._clause(items[0])
                wanted = [i for i in items if not isinstance(i, Not)]
                unwanted = [i.item for i in items if isinstance(i, Not)]
                return AllOf(
                    wanted=_once(map(self._clause, wanted)),
                    unwanted=_once(map(self._unwanted, unwanted)),
                )
            case Or():
                return AnyOf(clauses=_once(map(self._clause, node.items)))
            case Not():
                return AllOf(wanted=(), unwanted=(self._unwanted(node.item),))
            case Filter():
                values = tuple(value.lower() for value in node.values)
                return OneOf(field=node.field, values=values)
            case When():
                low, high = microseconds_of(node.start), microseconds_of(node.end)
                time = CAPTURED_US if node.field == FIRST else CLAIMED_US
                return Between(field=time, low=low, high=high)
            case Phrase() if node.slop is not None:
                return self._near(node)
            case _:
                return self._add(self._leaf(node)).clause

    def _near(self, node: Phrase) -> Clause:
        """Each word near the next one, in either order.

        Three words in one window mean different things to different engines; pairs
        mean the same to all.
        """
        words = words_of(node.text)
        pairs = [f"{one} {next_one}" for one, next_one in pairwise(words)] or words
        leaves = [
            self._add(self._phrase(Phrase(text=pair, slop=node.slop))) for pair in pairs
        ]
        return AllOf(wanted=tuple(leaf.clause for leaf in leaves))

    def _captured(self, windows: Windows) -> Clause:
        """The first capture is in the index; later ones come as order keys."""
        clauses: list[Clause] = [
            Between(
                field=CAPTURED_US,
                low=None if low == EVER[0] else low,
                high=None if high == EVER[1] else high,
            )
            for low, high in windows
        ]
        again = self._seen_again(windows)
        if again or not clauses:
            clauses.append(OneOf(field=ORDER, values=again))
        return clauses[0] if len(clauses) == 1 else AnyOf(clauses=tuple(clauses))

    def _leaf(self, node: Node) -> Leaf:
        match node:
            case Word():
                return self._word(node)
            case Phrase():
                return self._phrase(node)
            case Prefix():
                value = exact_form(node.text)
                clauses: Iterable[Tokens | Beginning] = (
                    Beginning(field=field, value=value, boost=BOOSTS[field])
                    for field in FIELDS_OF_EXACT
                )
                return Leaf(label=f"{node.text}*", clauses=tuple(clauses))
            case Exact():
                return Leaf(
                    label=node.text, clauses=tuple(exact_readings(words_of(node.text)))
                )
            case Name():
                others = self._other_words(node.text)
                return Leaf(
                    label=node.text,
                    clauses=tuple(_name(node.text, others)),
                    other_words=others,
                )
            case _:
                raise AssertionError(f"{type(node).__name__} is no leaf")

    def _word(self, node: Word) -> Leaf:
        text = _SCHEME.sub("", node.text)
        words = words_of(text)
        others = self._other_words(text)
        clauses = list(self._readings(words))
        if not self._as_written:
            clauses += number_readings(text)
        clauses += self._expansions(others)
        clauses += self._figures(text)
        return Leaf(label=node.text, clauses=distinct(clauses), other_words=others)

    def _phrase(self, node: Phrase) -> Leaf:
        words = words_of(node.text)
        others: tuple[str, ...] = ()
        if node.slop is None or len(words) < 2:
            others = self._other_words(node.text)
            clauses = [*self._readings(words), *self._expansions(others)]
            if not self._as_written:
                clauses += number_readings(node.text)
        else:
            clauses = [
                replace(reading, slop=node.slop)
                for pair in (words, words[::-1])
                for reading in self._readings(pair)
                if len(reading.values) > 1
            ]
        label = f'"{node.text}"'
        return Leaf(label=label, clauses=distinct(clauses), other_words=others)

    def _figures(self, text: str) -> list[Tokens]:
        """A question for a number is answered by any number."""
        if self._gazetteer is None:
            return []
        found = {entry.entry_id for entry in self._gazetteer.find(text)}
        if QUANTITY not in found:
            return []
        return [Tokens(field=CAP, values=(NUMBER,), boost=FIGURE_BOOST)]

    def _other_words(self, text: str) -> tuple[str, ...]:
        if self._gazetteer is None:
            return ()
        return tuple(self._gazetteer.other_forms(text)[:EXPANSION_FORMS])

    def _expansions(self, others: Iterable[str]) -> list[Tokens]:
        """Readings of other forms: as written, base form, sound.

        A short sound of an ordinary word is that of too many others, of a name not.
        """
        names = frozenset() if self._gazetteer is None else self._gazetteer.names
        return [
            replace(reading, boost=reading.boost * EXPANSION_BOOST)
            for form in others
            for reading in readings(words_of(form))
            if reading.field != LOOSE
            and (form in names or not _is_short_sound(reading))
        ]


def _is_short_sound(reading: Tokens) -> bool:
    """Of a row, each is so short that alone it would be looked for as a name only."""
    alone = len(reading.values) == 1
    least = VOCABULARY_SYMBOLS if alone else KEY_MIN_SYMBOLS
    return reading.field in SOUND_FIELDS and all(
        len(value) < least for value in reading.values
    )


def _name(text: str, others: Iterable[str]) -> Iterator[Tokens]:
    """Keys of capitalised words, loose keys, and the gazetteer's other forms."""
    yield from name_readings(words_of(text), NAME_BOOST)
    for form in others:
        yield from name_readings(words_of(form), NAME_BOOST * EXPANSION_BOOST)


def _once(clauses: Iterable[Clause]) -> tuple[Clause, ...]:
    """Equal ones once: a word that is repeated asks, and costs, no more."""
    return tuple(dict.fromkeys(clauses))


def _optional(leaf: Leaf) -> Leaf:
    return replace(leaf, optional=True)


def _join_times(items: tuple[Node, ...]) -> tuple[Node, ...]:
    """All times of a branch as one: one and the same capture must lie in them."""
    times = tuple(item for item in items if is_time(item))
    if len(times) < 2:
        return items
    return (*(item for item in items if not is_time(item)), And(items=times))


def _is_text(node: Node) -> bool:
    return not isinstance(node, Filter | When | Not)
