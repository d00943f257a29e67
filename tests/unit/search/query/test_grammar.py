"""Grammar, help, and parser say the same."""

import random
import re

import pytest

from archive.errors import InvalidQuery
from search.query.grammar import FORMS, GRAMMAR, Form, help_text
from search.query.nodes import FILTER_FIELDS, TIME_FIELDS, Filter, format_query
from search.query.parser import parse_query

LEAVES = {
    "word": ("выбары", "Minsk", "1,265", "e-mail", "Łódź"),
    "value": ("be", "en.example", "404", "soft-404"),
    "letters": ("elec", "lukash", "вын"),
    "number": ("1", "3", "50"),
    "year": ("2024", "2025"),
    "month": ("01", "12"),
    "day": ("01", "26"),
    "hours": ("03", "00"),
    "minutes": ("00", "30"),
}
"""What the grammar leaves to the reader, and examples of it."""
TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|[a-z]+|[][(){}|,]")


def rules() -> dict[str, list[str]]:
    """The right side of each rule, as tokens."""
    found = {}
    for rule in re.split(r" ;\n", GRAMMAR):
        name, sign, right = rule.partition("=")
        if sign:
            found[name.strip()] = TOKEN.findall(right)
    return found


class Maker:
    """Makes random queries by the grammar."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.rules = rules()
        self.depth = 0

    def make(self, name: str) -> str:
        if name in LEAVES:
            return self.rng.choice(LEAVES[name])
        self.depth += 1
        made, at = self._choice(self.rules[name], 0, run=True)
        self.depth -= 1
        assert at == len(self.rules[name]), name
        glue = " " if name in ("query", "branch", "words") else ""
        return glue.join(part for part in made if part)

    def _choice(self, right: list[str], at: int, *, run: bool) -> tuple[list[str], int]:
        """One of the alternatives from `at` to their closing bracket."""
        branches, starts = [], [at]
        while True:
            _, end = self._row(right, starts[-1], run=False)
            branches.append(starts[-1])
            if end < len(right) and right[end] == "|":
                starts.append(end + 1)
            else:
                break
        if not run:
            return [], end
        made, _ = self._row(right, self.rng.choice(branches), run=True)
        return made, end

    def _row(self, right: list[str], at: int, *, run: bool) -> tuple[list[str], int]:
        made: list[str] = []
        while at < len(right) and right[at] not in ("|", ")", "]", "}"):
            token = right[at]
            if token in "([{":
                often = self._often(token) if run else 0
                _, end = self._choice(right, at + 1, run=False)
                for _ in range(often):
                    made += self._choice(right, at + 1, run=True)[0]
                at = end + 1
            else:
                if token != "," and run:
                    made.append(token[1:-1] if token[0] in "'\"" else self.make(token))
                at += 1
        return made, at

    def _often(self, bracket: str) -> int:
        if bracket == "(":
            return 1
        return self.rng.randint(0, 1 if bracket == "[" or self.depth > 3 else 2)


def test_every_rule_is_defined_or_left_to_the_reader() -> None:
    named = {token for right in rules().values() for token in right if token.isalpha()}
    assert named == set(rules()) | set(LEAVES)


def test_queries_made_by_the_grammar_are_queries() -> None:
    makers = (Maker(seed) for seed in range(2_000))
    parsed, refused = 0, []
    for maker in makers:
        text = maker.make("query")
        try:
            tree = parse_query(text)
        except InvalidQuery as error:
            refused.append((text, str(error)))
            continue
        parsed += 1
        assert parse_query(format_query(tree)) == tree, text
    assert parsed > 1_000
    allowed = ("only says what not", "ends before", "in brackets", "leave the offset")
    assert [one for one in refused if not any(word in one[1] for word in allowed)] == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.written)
def test_examples_are_queries(form: Form) -> None:
    assert format_query(parse_query(form.example))
    assert form.example in help_text()


def test_every_field_is_explained_and_in_the_grammar() -> None:
    explained = {
        form.written.partition(":")[0] for form in FORMS if ":" in form.written
    }
    assert explained == {*FILTER_FIELDS, *TIME_FIELDS, "exact", "name"}
    for field in explained:
        assert f'"{field}"' in GRAMMAR


def test_a_field_that_is_not_explained_is_no_filter() -> None:
    for name in ("colour", "text", "title", "access"):
        assert not isinstance(parse_query(f"{name}:x"), Filter)
