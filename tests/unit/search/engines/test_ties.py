"""Hits that weigh the same come by order key, and their tie is read in one look."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from search.documents.document import Document
from search.engines.base import AllOf, AnyOf, Between, Clause, OneOf, Sorting, Tokens
from search.engines.fields import TOKEN_FIELDS
from search.engines.ranking import finds_rows
from search.engines.tantivy_engine import TantivyEngine

ALIKE = 300
WORD = Tokens(field="exact", values=("a",))
ROW = Tokens(field="exact", values=("a", "b"))
PUBLIC = OneOf(field="access", values=("public",))
EVER = Between(field="captured_us", low=0, high=None)


def document(order: int, text: str) -> Document:
    return Document(
        document_id=f"{order:064x}",
        order=order,
        captured_us=order % 3,
        claimed_us=None,
        tokens=dict.fromkeys(TOKEN_FIELDS, "") | {"exact": text},
        filters={"access": ("public",)},
        stored={"n": order},
    )


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[TantivyEngine]:
    """Many alike, the later ones first; a few that are better; others."""
    made = TantivyEngine(tmp_path / "engine", writable=True)
    made.add([document(number, "a b x") for number in range(ALIKE, 0, -1)])
    made.commit()
    made.add([document(900 + number, "a b a b") for number in range(3, 0, -1)])
    made.add([document(800 + number, "b a y") for number in range(60)])
    made.add([document(1_000 + number, "z") for number in range(900)])
    made.commit()
    yield made
    made.close()


@pytest.mark.parametrize("wanted", [1, 3, 4, 10, 200, 303, 400])
def test_a_page_of_rows_is_the_beginning_of_all_of_them(
    engine: TantivyEngine, wanted: int
) -> None:
    page = engine.search(ROW, limit=wanted)
    expected = [901, 902, 903, *range(1, ALIKE + 1)][:wanted]
    assert [hit.order for hit in page.hits] == expected
    assert page.total == ALIKE + 3
    behind = engine.search(ROW, limit=5, offset=wanted)
    assert [hit.order for hit in behind.hits] == [
        901, 902, 903, *range(1, ALIKE + 1)
    ][wanted : wanted + 5]  # fmt: skip


def test_newest_first_with_ties_by_order_key(engine: TantivyEngine) -> None:
    page = engine.search(ROW, limit=4, sorting=Sorting.NEWEST)
    assert [hit.order for hit in page.hits] == [2, 5, 8, 11]


@pytest.mark.parametrize(("clause", "looks"), [(ROW, 1), (WORD, 3)])
def test_a_tie_of_rows_is_read_in_one_look(
    engine: TantivyEngine, monkeypatch: pytest.MonkeyPatch, clause: Clause, looks: int
) -> None:
    asked: list[int] = []
    searcher = engine._searcher()

    class Watched:
        num_docs = searcher.num_docs
        doc = searcher.doc
        doc_freq = searcher.doc_freq
        fast_field_values = searcher.fast_field_values

        def search(self, query: Any, **options: Any) -> Any:
            asked.append(options["limit"])
            return searcher.search(query, **options)

    monkeypatch.setattr(engine, "_searcher", Watched)
    engine.search(AllOf(wanted=(PUBLIC, AnyOf(clauses=(clause,)))), limit=10)
    assert len(asked) == looks


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        (ROW, True),
        (WORD, False),
        (AnyOf(clauses=(ROW, ROW)), True),
        (AnyOf(clauses=(ROW, WORD)), False),
        (AnyOf(clauses=()), False),
        (AllOf(wanted=(WORD, PUBLIC, AnyOf(clauses=(ROW,)))), True),
        (AllOf(wanted=(PUBLIC, EVER), unwanted=(ROW,)), False),
    ],
)
def test_a_clause_finds_rows_where_all_it_finds_has_some(
    clause: Clause, expected: bool
) -> None:
    assert finds_rows(clause) is expected
