"""Words that stand nowhere are left out of a question, as long as they do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from search.documents.document import Document
from search.engines.base import AnyOf, Clause, Tokens
from search.engines.fields import TOKEN_FIELDS
from search.engines.tantivy_engine import TantivyEngine


def document(order: int, text: str) -> Document:
    return Document(
        document_id=f"{order:064x}",
        order=order,
        captured_us=order,
        claimed_us=None,
        tokens=dict.fromkeys(TOKEN_FIELDS, "") | {"exact": text},
        filters={"host": ("a.example",)},
        stored={"n": order},
    )


def exact(*values: str) -> Tokens:
    return Tokens(field="exact", values=values)


def orders(engine: TantivyEngine, clause: Clause) -> set[int]:
    return {hit.order for hit in engine.search(clause, limit=100).hits}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[TantivyEngine]:
    made = TantivyEngine(tmp_path / "engine", writable=True)
    made.add([document(1, "a b c"), document(2, "c b a _"), document(3, "a a abc")])
    made.commit()
    yield made
    made.close()


def test_a_word_that_stood_nowhere_is_found_once_it_is_there(
    engine: TantivyEngine,
) -> None:
    either = AnyOf(clauses=(exact("new"), exact("a", "new"), exact("abc")))
    assert orders(engine, either) == {3}
    assert orders(engine, AnyOf(clauses=(exact("new"), exact("none")))) == set()
    both = AnyOf(clauses=(exact("new"), exact("abc")), least=2)
    assert orders(engine, both) == set()
    engine.add([document(5, "new abc")])
    engine.commit()
    assert orders(engine, either) == {3, 5}
    assert orders(engine, both) == {5}


def test_what_stands_nowhere_changes_no_score_and_is_not_looked_up_again(
    engine: TantivyEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    searcher = engine._searcher()

    class Watched:
        num_docs = searcher.num_docs
        doc = searcher.doc
        search = searcher.search
        fast_field_values = searcher.fast_field_values

        def doc_freq(self, field: str, token: str) -> int:
            asked.append((field, token))
            return int(searcher.doc_freq(field, token))

    monkeypatch.setattr(engine, "_searcher", Watched)
    alone = engine.search(AnyOf(clauses=(exact("a"), exact("b"))), limit=9)
    nowhere = (exact(f"n{number}", "a") for number in range(50))
    many = AnyOf(clauses=(exact("a"), *nowhere, exact("b")))
    assert engine.search(many, limit=9) == alone == engine.search(many, limit=9)
    assert len(asked) == len(set(asked)) == 52
