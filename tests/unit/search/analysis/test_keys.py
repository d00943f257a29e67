"""Name keys: the fixed check values, recall on the name table, collisions."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import pytest

from search.analysis.gazetteer import load_gazetteer
from search.analysis.keys import (
    fold_mixed_script,
    index_variant,
    loose_key,
    name_key,
    query_keys,
)
from search.analysis.tokens import tokenize

LANGUAGE_OF = {"lac": "be-Latn", "i": None}


@pytest.mark.parametrize(
    ("word", "language", "key"),
    [
        ("Лукашэнкі", "be", "LUKAXANK"),
        ("Łukaszenką", "pl", "LUKAXANK"),
        ("Lukašenkos", "lt", "LUKAXANK"),
        ("Lukashenko’s", "en", "LUKAXANK"),
        ("Тихановской", "ru", "TIHANAVSK"),
        ("Ціханоўскай", "be", "TIHANAVSK"),
        ("Cichanoŭskaja", "be-Latn", "TIHANAVSK"),
        ("Бяляцкага", "be", "BELATK"),
        ("Białackiego", "pl", "BELATK"),
        ("Цепкало", "ru", "TAPKAL"),
        ("Цапкала", "be", "TAPKAL"),
        ("выборах", "ru", "VIBR"),
        ("выбарах", "be", "VIBR"),
        ("Lukasenko", "en", "LUKASENK"),
        ("Ch\u0435m\u043edanova", "en", "CAMADANAV"),
        ("Słucki", "pl", "SLUTK"),
        ("Loika", "en", "LAK"),
    ],
)
def test_index_key_has_its_fixed_value(word: str, language: str, key: str) -> None:
    assert name_key(word, index_variant(word, language)) == key


def test_latin_belarusian_name_read_as_english_has_the_other_key() -> None:
    assert name_key("Cichanoŭskaja", "E") == "TICANAVSK"


def test_loose_key_joins_what_spelling_lost() -> None:
    assert loose_key("LUKASENK") == loose_key("LUKAXANK") == "LKSNK"


@pytest.mark.parametrize("key", ["LAK", "", "VIBR", "AAA"])
def test_loose_key_below_four_symbols_is_not_written(key: str) -> None:
    assert loose_key(key) == ""


@pytest.mark.parametrize("word", ["FREE\u0414\u041e\u041c", "\u0441\u0420\u0410sibo"])
def test_mixed_scripts_turn_to_one(word: str) -> None:
    folded = fold_mixed_script(word.casefold())
    assert name_key(word, "E") == name_key(folded, "E")


@pytest.mark.parametrize("word", ["", "'", "ь", "ъъ", "\u0301", "...", "中文", "١٢٣"])
def test_odd_words_have_a_key_or_none_and_no_error(word: str) -> None:
    assert isinstance(name_key(word, "E"), str)
    assert "" not in query_keys(word)


@dataclass
class Entity:
    """Forms of one entity with the languages they stand in."""

    base: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    inflected: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@pytest.fixture(scope="module")
def entities(corpus: Path) -> dict[str, Entity]:
    found: dict[str, Entity] = defaultdict(Entity)
    table = (corpus / "names" / "variants.tsv").read_text("utf-8")
    for line in table.splitlines():
        if line.startswith("#"):
            continue
        entity, _, forms = line.split("\t")
        for written in forms.split():
            language, form = written.split(":", 1)
            kind = found[entity].inflected if language == "i" else found[entity].base
            kind[form].add(language)
    return found


Form = tuple[str, set[str]]


def index_keys(form: Form) -> set[str]:
    word, languages = form
    return {
        name_key(word, index_variant(word, LANGUAGE_OF.get(language, language)))
        for language in languages
    }


def is_found(one: Form, other: Form, *, loose: bool) -> bool:
    for index, query in ((one, other), (other, one)):
        stored, asked = index_keys(index), set(query_keys(query[0]))
        if stored & asked:
            return True
        if loose and ({*map(loose_key, stored)} & {*map(loose_key, asked)}) - {""}:
            return True
    return False


def is_cross_script(one: Form, other: Form) -> bool:
    return (one[0] >= "\u0400") != (other[0] >= "\u0400")


def base_pairs(entities: dict[str, Entity]) -> Iterator[tuple[Form, Form]]:
    for entity in entities.values():
        yield from combinations(entity.base.items(), 2)


def inflected_pairs(entities: dict[str, Entity]) -> Iterator[tuple[Form, Form]]:
    for entity in entities.values():
        for base in entity.base.items():
            for inflected in entity.inflected.items():
                yield base, inflected


def recall(pairs: list[tuple[Form, Form]], *, loose: bool) -> float:
    return sum(is_found(*pair, loose=loose) for pair in pairs) / len(pairs)


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("loose", "floors"),
    [
        (False, (0.939, 0.938, 0.969)),
        (True, (0.965, 0.963, 0.996)),
    ],
)
def test_recall_on_the_name_table_is_as_stated(
    entities: dict[str, Entity], loose: bool, floors: tuple[float, float, float]
) -> None:
    base = list(base_pairs(entities))
    inflected = list(inflected_pairs(entities))
    cross = [pair for pair in base if is_cross_script(*pair)]
    assert (len(entities), len(base), len(inflected)) == (85, 2134, 1142)
    reached = tuple(recall(pairs, loose=loose) for pairs in (base, cross, inflected))
    print(f"loose={loose}: base, cross-script, inflected = {reached}")
    assert all(value >= floor for value, floor in zip(reached, floors, strict=True))


@pytest.mark.corpus
def test_no_two_entities_share_a_strict_key(entities: dict[str, Entity]) -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for name, entity in entities.items():
        for form in entity.base.items():
            for key in index_keys(form):
                owners[key].add(name)
    assert {key: names for key, names in owners.items() if len(names) > 1} == {}


@pytest.mark.corpus
def test_collisions_with_other_words_are_rare(
    entities: dict[str, Entity], corpus: Path
) -> None:
    forms = {
        form.casefold()
        for entity in entities.values()
        for form in (*entity.base, *entity.inflected)
    }
    types = seed_types(corpus) - forms
    keys = {
        key for e in entities.values() for form in e.base for key in query_keys(form)
    }
    loose = {loose_key(key) for key in keys} - {""}
    strict_hits = {word for word in types if keys & set(query_keys(word))}
    loose_hits = {
        word for word in types if loose & {loose_key(key) for key in query_keys(word)}
    }
    strict = len(strict_hits) / len(types)
    both = len(strict_hits | loose_hits) / len(types)
    print(f"{len(types)} word types: strict {strict:.4f}, with loose {both:.4f}")
    assert strict <= 0.004
    assert both <= 0.0065


def seed_types(corpus: Path) -> set[str]:
    types: set[str] = set()
    for path in (corpus / "seeds").glob("*.txt"):
        for token in tokenize(path.read_text("utf-8")):
            word = re.sub("['’]s$", "", token.word.casefold())
            if len(word) > 2 and not word.isdigit():
                types.add(word)
    return types


ALIAS_ONLY = [
    "mikalai",
    "katsiaryna",
    "volha",
    "hanna",
    "pavel",
    "anzhalika",
    "kanstantsin",
    "yury",
]


@pytest.mark.corpus
@pytest.mark.parametrize("name", ALIAS_ONLY)
def test_gazetteer_joins_the_names_no_rule_joins(
    entities: dict[str, Entity], name: str
) -> None:
    gazetteer = load_gazetteer()
    for one, other in combinations(entities[name].base.items(), 2):
        if not is_found(one, other, loose=True):
            found = {entry.entry_id for entry in gazetteer.find(one[0])}
            assert found & {entry.entry_id for entry in gazetteer.find(other[0])}
