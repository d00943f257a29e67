"""What a written word is looked for as."""

import pytest

from search.analysis.gazetteer import Gazetteer, parse_gazetteer
from search.engines.base import AllOf, AnyOf, Between, Clause, OneOf, Tokens
from search.engines.planning import Leaf, Plan, Planner
from search.query.parser import parse_query
from search.times import Windows

GAZETTEER = Gazetteer(parse_gazetteer("cec\torg\ten:CEC; ru:ЦИК\n"))


def nothing(_windows: Windows) -> tuple[int, ...]:
    return ()


def plan(text: str) -> Plan:
    planner = Planner(
        gazetteer=GAZETTEER, stop_words=frozenset({"the", "of"}), seen_again=nothing
    )
    return planner.plan(parse_query(text))


def tokens(leaf: Leaf, field: str) -> set[tuple[str, ...]]:
    return {
        clause.values
        for clause in leaf.clauses
        if isinstance(clause, Tokens) and clause.field == field
    }


def test_word_is_looked_for_in_every_form() -> None:
    (leaf,) = plan("Tsikhanouskaya").leaves
    assert tokens(leaf, "exact") == {("tsikhanouskaya",)}
    assert ("TIHANAVSK",) in tokens(leaf, "key")
    assert ("TAHANAVSK",) in tokens(leaf, "loose")
    assert tokens(leaf, "head_key") == tokens(leaf, "key") == tokens(leaf, "all_key")


def test_short_key_is_looked_for_among_capitals_only() -> None:
    (leaf,) = plan("Loika").leaves
    assert tokens(leaf, "cap") == {("LAK",)}
    assert tokens(leaf, "key") == set()


def test_phrase_keeps_one_field_and_few_readings() -> None:
    (leaf,) = plan('"выбары прэзідэнта Беларусі у студзені"').leaves
    for field in ("exact", "lemma", "key"):
        assert 1 <= len(tokens(leaf, field)) <= 8
        assert {len(values) for values in tokens(leaf, field)} == {5}
    assert tokens(leaf, "loose") == set()


@pytest.mark.parametrize(
    ("text", "other"),
    [("1265", ("1", "265")), ("1,265", ("1265",)), ("2,02", ("2", "02"))],
)
def test_number_is_found_however_it_is_written(
    text: str, other: tuple[str, ...]
) -> None:
    assert other in tokens(plan(text).leaves[0], "exact")


def test_gazetteer_forms_weigh_less() -> None:
    (leaf,) = plan("CEC").leaves
    boosts = {
        clause.values: clause.boost
        for clause in leaf.clauses
        if isinstance(clause, Tokens) and clause.field == "exact"
    }
    assert boosts[("цик",)] == boosts[("cec",)] / 2


def test_short_sounds_of_the_vocabulary_are_not_looked_for() -> None:
    table = "cec\torg\ten:CEC; ru:ЦИК\nprisoner\tterm\ten:prisoner; be:вязень\n"
    planner = Planner(
        gazetteer=Gazetteer(parse_gazetteer(table)),
        stop_words=frozenset(),
        seen_again=nothing,
    )
    term, name = planner.plan(parse_query("prisoner CEC")).leaves
    assert ("вязень",) in tokens(term, "exact")
    assert tokens(term, "key") == {
        values for values in tokens(term, "key") if values[0].startswith("PR")
    }
    assert ("TIK",) in tokens(name, "cap") | tokens(name, "key")


def test_rows_of_nothing_but_short_sounds_are_not_looked_for_either() -> None:
    """The sounds of "how many" are those of half the words of a text."""
    table = "n\tterm\ten:how many; be:колькі\nb\tterm\ten:jailed; be:за кратамі\n"
    planner = Planner(
        gazetteer=Gazetteer(parse_gazetteer(table)),
        stop_words=frozenset(),
        seen_again=nothing,
    )
    many, bars = planner.plan(parse_query("колькі jailed")).leaves
    assert ("how", "many") in tokens(many, "exact") & tokens(many, "lemma")
    assert ("HAV", "MAN") not in tokens(many, "key") | tokens(many, "all_key")
    assert ("ZA", "KRAT") in tokens(bars, "key") & tokens(bars, "all_key")
    (written,) = planner.plan(parse_query('"how many"')).leaves[2:]
    assert ("HAV", "MAN") in tokens(written, "key")


def test_function_words_are_not_required_in_a_branch_either() -> None:
    """Else a branch would find pages of one language only."""
    (both,) = plan("the election OR rights of observers").rest.wanted
    (one,) = plan("election OR rights observers").rest.wanted
    assert both == one
    (asked,) = plan("+the election OR zzz").rest.wanted
    assert asked != plan("election OR zzz").rest.wanted[0]
    (alone,) = plan("the OR zzz").rest.wanted
    assert isinstance(alone, AnyOf)
    assert len(alone.clauses) == 2


@pytest.mark.parametrize(
    "repeated", ["{0}", '"{0} x"', "{0}*", "({0} x OR y)", "-{0} z"]
)
def test_what_is_repeated_is_looked_for_once(repeated: str) -> None:
    """A page that holds the word as often would take minutes else."""
    once = repeated.format("minsk")
    often = " ".join(repeated.format(word) for word in ("minsk", "Minsk", "MINSK") * 7)
    assert [one.clauses for one in plan(often).leaves] == [
        one.clauses for one in plan(once).leaves
    ]
    assert plan(often).tier_one == plan(once).tier_one


def test_function_words_are_not_required_unless_asked_for() -> None:
    assert [leaf.label for leaf in plan("the list of names").leaves] == [
        "list",
        "names",
    ]
    assert [leaf.label for leaf in plan("+the list").leaves] == ["the", "list"]
    assert [leaf.label for leaf in plan("the of").leaves] == ["the", "of"]
    assert [leaf.label for leaf in plan('"the list"').leaves] == ['"the list"']


def test_only_plain_words_may_be_missing() -> None:
    made = plan('a "b c" +d -e host:x')
    assert [word.label for word in made.words] == ["a"]
    assert len(made.rest.wanted) == 3
    assert len(made.rest.unwanted) == 1


def test_what_is_not_wanted_leaves_no_mark() -> None:
    assert [leaf.label for leaf in plan("a -b").leaves] == ["a"]


def test_filter_on_time_adds_documents_seen_again() -> None:
    planner = Planner(
        gazetteer=None, stop_words=frozenset(), seen_again=lambda _node: (7, 9)
    )
    made = planner.plan(parse_query("captured:2025"))
    assert isinstance(made.tier_one, AllOf)
    (clause,) = made.tier_one.wanted
    assert isinstance(clause, AnyOf)
    first, again = clause.clauses
    assert isinstance(first, Between)
    assert first.low == 1_735_689_600_000_000
    assert again == OneOf(field="order", values=(7, 9))


@pytest.mark.parametrize(
    ("text", "kind"), [("a OR b", AnyOf), ("a b", AllOf), ("-(a b) c", AllOf)]
)
def test_tree_becomes_the_same_tree_of_clauses(text: str, kind: type[Clause]) -> None:
    tier_one = plan(text).tier_one
    assert isinstance(tier_one, AllOf)
    if kind is AnyOf:
        assert isinstance(tier_one.wanted[0], AnyOf)
    else:
        assert len(tier_one.wanted) >= 1
