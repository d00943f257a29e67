"""Captures that may be one article: joined, in conflict, or the same under other ids.

Pure. An equal key on two hosts is a hint; only the texts say whether a mirror speaks
for the outlet. What differs is shown and never settled: nobody knows here who altered.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256
from itertools import combinations, islice

from search.report.comparing.changes import Kind, ParagraphChange, compare_texts
from search.report.comparing.deviations import Deviation, find_deviations, read_written
from search.report.comparing.facts import Stories

PARAGRAPH_CHARACTERS = 60
"""A shorter line is furniture of its host: a label, a button, a mirror's address."""
COPY_WORDING = 0.5
"""Runs of five words in common, from which on two texts are copies of each other."""
TEXT_CHARACTERS = 200
"""A shorter text is shared by chance."""
PAIRS = 500_000
"""Pairs of texts compared for copies in one go."""
_SPACES = re.compile(r"\s+")
_SIGNS = str.maketrans(
    {"“": '"', "”": '"', "«": '"', "»": '"', "’": "'", "–": "-", "—": "-"}
)
_DIGIT = re.compile(r"\d")


class State(StrEnum):
    """How captures of one key, or of one text, stand to each other."""

    CONFIRMED = "confirmed"
    """The main texts agree."""
    CONFLICT = "conflict"
    """Same key, another text: shown side by side, joined by nobody."""
    SAME_TEXT = "same-text"
    """Other keys, same text: one story under several ids, or syndication."""
    SAME_FACTS = "same-facts"
    """Other words, same numbers and names: rewritten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One captured text."""

    capture_id: str
    uri: str
    key: str
    """`source:article`."""
    text: str
    """Main text."""

    @property
    def source_id(self) -> str:
        """The source of the key."""
        return self.key.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinship:
    """Captures that belong together, or claim to."""

    state: State
    key: str
    members: tuple[Sighting, ...]
    differences: tuple[ParagraphChange, ...] = ()
    """Between the first member and the last; of a conflict."""
    shared: tuple[str, ...] = ()
    """Numbers that both state, where only facts agree."""
    deviations: tuple[Deviation, ...] = ()
    """Figures and names that the two write a little differently; of other keys."""


def find_mirrors(sightings: Sequence[Sighting]) -> Iterator[Kinship]:
    """Judge all captures of one key on more than one address."""
    by_key: defaultdict[str, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        by_key[sighting.key].append(sighting)
    for key, members in sorted(by_key.items()):
        if len({one.uri for one in members}) < 2:
            continue
        yield from _judge(key, members)


def _judge(key: str, members: Sequence[Sighting]) -> Iterator[Kinship]:
    """Group by agreement; the largest group is confirmed, each other is in conflict."""
    groups: list[list[Sighting]] = []
    for member in members:
        home = next((g for g in groups if agree(g[0].text, member.text)), None)
        if home is None:
            groups.append([member])
        else:
            home.append(member)
    groups.sort(key=len, reverse=True)
    main = groups[0]
    if len({one.uri for one in main}) > 1:
        yield Kinship(state=State.CONFIRMED, key=key, members=tuple(main))
    for other in groups[1:]:
        yield Kinship(
            state=State.CONFLICT,
            key=key,
            members=(main[0], *other),
            differences=find_differences(main[0].text, other[-1].text),
        )


def agree(one: str, other: str) -> bool:
    """Whether two main texts say the same, furniture of their hosts aside."""
    return not find_differences(one, other)


def find_differences(one: str, other: str) -> tuple[ParagraphChange, ...]:
    """Paragraphs that say something else; short lines count where numbers differ."""
    changes = compare_texts(_fold(one), _fold(other))
    return tuple(change for change in changes.first_numbers() if _matters(change))


def _matters(change: ParagraphChange) -> bool:
    if change.kind is Kind.MOVED:
        return False
    texts = [place.text for place in (change.before, change.after) if place]
    if any(len(text) >= PARAGRAPH_CHARACTERS for text in texts):
        return True
    return change.kind is Kind.CHANGED and bool(_DIGIT.search("".join(texts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Texts under different keys that are one story, and how much was not compared."""

    found: tuple[Kinship, ...]
    pairs_left_out: int


def find_copies(sightings: Sequence[Sighting]) -> Copies:
    """Texts under different keys that are one story: same words, or same facts."""
    firsts = {
        name: one for name, one in _first_of_each(sightings).items() if _is_long(one)
    }
    pairs = len(firsts) * (len(firsts) - 1) // 2
    return Copies(found=tuple(_compare(firsts)), pairs_left_out=max(0, pairs - PAIRS))


def _compare(firsts: Mapping[tuple[str, str], Sighting]) -> Iterator[Kinship]:
    stories = Stories([one.text for one in firsts.values()])
    written = cache(read_written)  # a story that many copied is read once
    named = enumerate(firsts.items())
    for (one, first), (other, second) in islice(combinations(named, 2), PAIRS):
        members = (first[1], second[1])
        if members[0].key == members[1].key:
            continue
        agreement = stories.compare(one, other)
        is_copy = first[0][1] == second[0][1] or agreement.wording >= COPY_WORDING
        if is_copy or agreement.is_same_story:
            yield Kinship(
                state=State.SAME_TEXT if is_copy else State.SAME_FACTS,
                key=members[0].key,
                members=members,
                shared=() if is_copy else agreement.numbers,
                deviations=find_deviations(*(written(m.text) for m in members)),
            )


def _first_of_each(sightings: Sequence[Sighting]) -> dict[tuple[str, str], Sighting]:
    """One sighting for each key and digest of a text."""
    firsts: dict[tuple[str, str], Sighting] = {}
    for sighting in sightings:
        firsts.setdefault((sighting.key, _digest(sighting.text)), sighting)
    return firsts


def _is_long(sighting: Sighting) -> bool:
    return len(sighting.text) >= TEXT_CHARACTERS


def _fold(text: str) -> str:
    """Lines with spaces and signs in one form."""
    lines = (_SPACES.sub(" ", line).strip() for line in text.splitlines())
    return "\n".join(lines).translate(_SIGNS)


def _digest(text: str) -> str:
    return sha256(_SPACES.sub(" ", _fold(text)).encode("utf-8", "replace")).hexdigest()
