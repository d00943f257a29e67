"""Names: recall over all spellings of a name, collisions with other words.

By key, as the name table's README counts, and through the real planner and engine.
"""

import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from benchmarks.quality.figures import Figure
from benchmarks.quality.language import gold_texts
from benchmarks.quality.passages import PassageIndex
from search.analysis.analyze import form_table
from search.analysis.keys import KEY_MIN_SYMBOLS, loose_key, name_key, query_keys
from search.analysis.spellings import index_variant
from search.analysis.tokens import tokenize

RECALL_BAR, COLLISIONS_BAR = 0.96, 0.004
LANGUAGE_OF = {"lac": "be-Latn", "i": None}
SECOND_TABLE = Path(__file__).parent / "names_second.tsv"
Form = tuple[str, set[str]]
Finds = Callable[[Form, Form], bool]


@dataclass
class Entity:
    """Forms of one entity with the languages they stand in."""

    base: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    inflected: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def read_entities(table: Path) -> dict[str, Entity]:
    """Entities of a table of name variants."""
    found: dict[str, Entity] = defaultdict(Entity)
    for line in table.read_text("utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        entity, _, forms = line.split("\t")
        for written in forms.split():
            language, form = written.split(":", 1)
            kind = found[entity].inflected if language == "i" else found[entity].base
            kind[form].add(language)
    return found


def index_keys(form: Form) -> set[str]:
    """Keys a form gets in a document of its language."""
    word, languages = form
    return {
        name_key(word, index_variant(word, LANGUAGE_OF.get(language, language)))
        for language in languages
    }


def is_found(one: Form, other: Form, *, loose: bool) -> bool:
    """Whether one form finds the other by key, in either direction."""
    for index, query in ((one, other), (other, one)):
        stored, asked = index_keys(index), set(query_keys(query[0]))
        if stored & asked:
            return True
        if loose and ({*map(loose_key, stored)} & {*map(loose_key, asked)}) - {""}:
            return True
    return False


def is_cross_script(one: Form, other: Form) -> bool:
    """Whether one form is Cyrillic and the other Latin."""
    return (one[0] >= "\u0400") != (other[0] >= "\u0400")


def base_pairs(entities: dict[str, Entity]) -> Iterator[tuple[Form, Form]]:
    """All unordered pairs of base forms of one entity."""
    for entity in entities.values():
        yield from combinations(entity.base.items(), 2)


def inflected_pairs(entities: dict[str, Entity]) -> Iterator[tuple[Form, Form]]:
    """Every base form with every inflected form."""
    for entity in entities.values():
        for base in entity.base.items():
            for inflected in entity.inflected.items():
                yield base, inflected


def recall(pairs: Iterable[tuple[Form, Form]], finds: Finds) -> float:
    """Share of pairs that are found."""
    rows = list(pairs)
    return sum(finds(*pair) for pair in rows) / max(len(rows), 1)


def seed_types(corpus: Path, entities: dict[str, Entity]) -> set[str]:
    """Word types of the seed texts that are no form of the table."""
    known = {
        form.casefold()
        for entity in entities.values()
        for form in (*entity.base, *entity.inflected)
    }
    types: set[str] = set()
    for path in (corpus / "seeds").glob("*.txt"):
        for token in tokenize(path.read_text("utf-8")):
            word = re.sub("['’]s$", "", token.word.casefold())
            if len(word) > 2 and not word.isdigit():
                types.add(word)
    return types - known


def colliding(
    entities: dict[str, Entity], types: set[str]
) -> tuple[set[str], set[str]]:
    """Types with a key of some base form: strict, then strict or loose."""
    keys = {
        key for e in entities.values() for form in e.base for key in query_keys(form)
    }
    loose = {loose_key(key) for key in keys} - {""}
    strict = {word for word in types if keys & set(query_keys(word))}
    both = {
        word for word in types if loose & {loose_key(key) for key in query_keys(word)}
    }
    return strict, strict | both


class SearchedNames:
    """The forms of a table and other words as documents of the real engine.

    Addresses are numbers: words of an address are searched too.
    """

    def __init__(
        self, index: PassageIndex, entities: dict[str, Entity], types: set[str]
    ) -> None:
        self._found: dict[str, set[str]] = {}
        self._index = index
        self._word_at: dict[str, str] = {}
        self.types = types
        for entity in entities.values():
            for forms in (entity.base, entity.inflected):
                for word, languages in forms.items():
                    for code in languages:
                        self._add(word, LANGUAGE_OF.get(code, code))
        for word in types:
            self._add(word, "en")
        index.commit()

    def _add(self, word: str, language: str | None) -> None:
        uri = f"n{len(self._word_at)}"
        self._word_at[uri] = word
        self._index.add(uri, word, language)

    def found(self, query: str) -> set[str]:
        """Words that a query finds, all of them; each query is asked once."""
        if query not in self._found:
            uris = self._index.find_all(query, expand=False)
            self._found[query] = {self._word_at[uri] for uri in uris}
        return self._found[query]

    def finds(self, one: Form, other: Form) -> bool:
        """Whether either form, typed as a query, finds the other."""
        return other[0] in self.found(one[0]) or one[0] in self.found(other[0])

    def finds_both(self, one: Form, other: Form) -> bool:
        """Whether each form finds the other."""
        return other[0] in self.found(one[0]) and one[0] in self.found(other[0])


def _by_key(corpus: Path, title: str, entities: dict[str, Entity]) -> list[Figure]:
    figures = []
    for loose in (False, True):
        way = "strict, then loose key" if loose else "strict key"

        def finds(one: Form, other: Form, loose: bool = loose) -> bool:
            return is_found(one, other, loose=loose)

        base = list(base_pairs(entities))
        cross = [pair for pair in base if is_cross_script(*pair)]
        for kind, pairs in (
            ("base", base),
            ("cross-script", cross),
            ("inflected", list(inflected_pairs(entities))),
        ):
            if pairs:
                figures.append(
                    Figure(
                        part="names",
                        name=f"{title}, {way}: {kind}",
                        value=recall(pairs, finds),
                        note=f"{len(pairs)} pairs",
                    )
                )
    types = seed_types(corpus, entities)
    for way, words in zip(
        ("strict", "strict or loose"), colliding(entities, types), strict=True
    ):
        figures.append(
            Figure(
                part="names",
                name=f"{title}, collisions by key, {way}",
                value=len(words) / len(types),
                bar=COLLISIONS_BAR if way == "strict" else None,
                at_most=True,
                note=f"{len(words)} of {len(types)} word types",
            )
        )
    return figures


def _searched(corpus: Path, title: str, entities: dict[str, Entity]) -> list[Figure]:
    types = seed_types(corpus, entities)
    with tempfile.TemporaryDirectory() as folder:
        index = PassageIndex(Path(folder))
        names = SearchedNames(index, entities, types)
        pairs = [*base_pairs(entities), *inflected_pairs(entities)]
        either = recall(pairs, names.finds)
        both = recall(base_pairs(entities), names.finds_both)
        queries = [form for entity in entities.values() for form in entity.base]
        hit = {word for query in queries for word in names.found(query)} & types
        index.close()
    note = f"{len(pairs)} pairs of base and inflected forms"
    return [
        Figure(
            part="names",
            name=f"{title}, real search, one query in any spelling",
            value=either,
            bar=RECALL_BAR,
            note=note,
        ),
        Figure(
            part="names", name=f"{title}, real search, in both directions", value=both
        ),
        Figure(
            part="names",
            name=f"{title}, real search: other word types found",
            value=len(hit) / len(types),
            bar=COLLISIONS_BAR,
            at_most=True,
            note=f"{len(hit)} of {len(types)}: {', '.join(sorted(hit))[:150]}",
        ),
    ]


def _in_pages(corpus: Path, entities: dict[str, Entity]) -> Figure:
    """Words of the gold pages, as written and in their languages, that a name finds."""
    known = {f.casefold() for e in entities.values() for f in (*e.base, *e.inflected)}
    keys = {k for e in entities.values() for f in e.base for k in query_keys(f)}
    loose = {loose_key(key) for key in keys} - {""}
    words = {
        (token.word, language)
        for language, text in gold_texts(corpus)
        for token in tokenize(text)
        if len(token.word) > 2 and token.word.casefold() not in known
    }
    hit = set()
    for word, language in words:
        forms = form_table(language)[word]
        place = forms.key if len(forms.key) >= KEY_MIN_SYMBOLS else forms.cap
        if place in keys or forms.loose in loose:
            hit.add(f"{word} ({language})")
    return Figure(
        part="names",
        name="table, words of news pages in 20 languages found by a name",
        value=len(hit) / len(words),
        bar=COLLISIONS_BAR,
        at_most=True,
        note=f"{len(hit)} of {len(words)}: {', '.join(sorted(hit))[:120]}",
    )


def measure(corpus: Path) -> list[Figure]:
    """The development table, then a second one that nobody tuned on."""
    figures: list[Figure] = []
    tables = {"table": corpus / "names" / "variants.tsv", "second table": SECOND_TABLE}
    for title, path in tables.items():
        if path.is_file():
            entities = read_entities(path)
            figures += _by_key(corpus, title, entities)
            figures += _searched(corpus, title, entities)
            if title == "table":
                figures.append(_in_pages(corpus, entities))
    return figures
