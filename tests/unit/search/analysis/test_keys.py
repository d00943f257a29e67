"""Name keys: the fixed check values, recall on the name table, collisions."""

from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from benchmarks.quality.names import (
    Entity,
    Form,
    base_pairs,
    index_keys,
    inflected_pairs,
    is_found,
    measure,
    read_entities,
    recall,
)
from search.analysis.gazetteer import load_gazetteer
from search.analysis.keys import (
    fold_mixed_script,
    loose_key,
    name_key,
    query_keys,
)
from search.analysis.spellings import index_variant
from tests.support.judging.bars import missed

FLOORS, LOOSE_FLOORS = (0.943, 0.969), (0.964, 0.994)
"""Recall of base and of inflected pairs; they only rise."""


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


@pytest.mark.parametrize(
    ("word", "language", "same_as"),
    [
        ("Luschkow", "de", "Лужков"),
        ("Medwedew", "de", "Медведев"),
        ("Bjaljazki", "de", "Бяляцкі"),
        ("Asarow", "de", "Азаров"),
        ("Loukachenko", "fr", "Лукашенко"),
        ("Joukov", "fr", "Жуков"),
        ("Chouchkevitch", "fr", "Шушкевіч"),
        ("Žukas", "lt", "Жук"),
        ("Lavrovs", "lv", "Лавров"),
        ("Navaļnijs", "lv", "Навальний"),
        ("Азаронка", "be", "Азаронак"),
    ],
)
def test_each_way_of_spelling_finds_the_name(
    word: str, language: str, same_as: str
) -> None:
    key = name_key(word, index_variant(word, language))
    asked = query_keys(same_as)
    assert key in asked or loose_key(key) in {loose_key(one) for one in asked}


def test_a_name_does_not_find_an_ordinary_german_word() -> None:
    blick = name_key("Blick", index_variant("Blick", "de"))
    asked = query_keys("Bialacki")
    assert blick not in asked
    assert loose_key(blick) not in {*map(loose_key, asked)} - {""}


def test_loose_key_joins_what_spelling_lost() -> None:
    assert loose_key("LUKASENK") == loose_key("LUKAXANK") == "LAKASANK"
    assert loose_key("VALADIMIR") == loose_key("VLADIMIR")


@pytest.mark.parametrize("key", ["LAK", "", "VIBR", "AAA", "VIBAR"])
def test_too_short_a_loose_key_is_not_written(key: str) -> None:
    assert loose_key(key) == ""


@pytest.mark.parametrize("word", ["FREE\u0414\u041e\u041c", "\u0441\u0420\u0410sibo"])
def test_mixed_scripts_turn_to_one(word: str) -> None:
    folded = fold_mixed_script(word.casefold())
    assert name_key(word, "E") == name_key(folded, "E")


@pytest.mark.parametrize("word", ["", "'", "ь", "ъъ", "\u0301", "...", "中文", "١٢٣"])
def test_odd_words_have_a_key_or_none_and_no_error(word: str) -> None:
    assert isinstance(name_key(word, "E"), str)
    assert "" not in query_keys(word)


@pytest.fixture(scope="module")
def entities(corpus: Path) -> dict[str, Entity]:
    return read_entities(corpus / "names" / "variants.tsv")


@pytest.mark.corpus
def test_names_reach_their_bars(corpus: Path) -> None:
    figures = measure(corpus)
    for figure in figures:
        print(*figure.row(), sep=" | ")
    assert missed(figures) == []


@pytest.mark.corpus
@pytest.mark.parametrize(("loose", "floors"), [(False, FLOORS), (True, LOOSE_FLOORS)])
def test_recall_by_key_is_no_less_than_before(
    entities: dict[str, Entity], loose: bool, floors: tuple[float, float]
) -> None:
    def finds(one: Form, other: Form) -> bool:
        return is_found(one, other, loose=loose)

    base, inflected = list(base_pairs(entities)), list(inflected_pairs(entities))
    assert (len(entities), len(base), len(inflected)) == (85, 2134, 1142)
    reached = recall(base, finds), recall(inflected, finds)
    assert all(value >= floor for value, floor in zip(reached, floors, strict=True))


@pytest.mark.corpus
def test_no_two_entities_share_a_strict_key(entities: dict[str, Entity]) -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for name, entity in entities.items():
        for form in entity.base.items():
            for key in index_keys(form):
                owners[key].add(name)
    assert {key: names for key, names in owners.items() if len(names) > 1} == {}


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
