"""The embedded engine: clauses find what they say, in an order that never varies."""

import gc
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.errors import SearchUnavailable
from search.counting import DAY_US
from search.documents.document import Document
from search.engines import linked_folder as linked
from search.engines.base import (
    AllOf,
    AnyOf,
    Beginning,
    Between,
    Clause,
    OneOf,
    Tokens,
)
from search.engines.combined_fields import COMBINED_BYTES
from search.engines.fields import TOKEN_FIELDS
from search.engines.tantivy_engine import TantivyEngine

BOTH = ("be", "x")
Counted = tuple[Mapping[str, Mapping[str, int]], Mapping[str, Mapping[str, int]]]
"""What the engine counted, and what there is."""


def document(
    order: int, text: str, *, host: str = "a.example", lang: tuple[str, ...] = BOTH
) -> Document:
    tokens = dict.fromkeys(TOKEN_FIELDS, "") | {"exact": text}
    return Document(
        document_id=f"{order:064x}",
        order=order,
        captured_us=order * 10,
        claimed_us=None,
        tokens=tokens,
        filters={"host": (host,), "lang": lang},
        stored={"n": order},
    )


def exact(*values: str, boost: float = 1.0, slop: int = 0) -> Tokens:
    return Tokens(field="exact", values=values, boost=boost, slop=slop)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[TantivyEngine]:
    made = TantivyEngine(tmp_path / "engine", writable=True)
    made.add(
        [
            document(1, "a b c"),
            document(2, "c b a _", host="b.example"),
            document(3, "a a abc"),
            document(4, "x _ y"),
        ]
    )
    made.commit()
    yield made
    made.close()


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[TantivyEngine]:
    """More words that begin alike than anybody writes, and one word that is one."""
    made = TantivyEngine(tmp_path / "engine", writable=True)
    stuffed = " ".join(f"lukash{number:05d}" for number in range(12_000))
    made.add([document(1, stuffed), document(2, "lukashenka said")])
    made.add([document(number, f"x{number}") for number in range(900, 99, -1)])
    made.commit()
    yield made
    made.close()


def test_no_page_takes_others_out_of_what_a_beginning_finds(
    crowded: TantivyEngine,
) -> None:
    for value in ("lukash", "luk"):
        assert orders(crowded, Beginning(field="exact", value=value)) == {1, 2}
    assert orders(crowded, Beginning(field="exact", value="lukashe")) == {2}
    assert orders(crowded, Beginning(field="exact", value="luk.*")) == set()


def test_filters_alone_read_no_more_hits_than_are_shown(
    crowded: TantivyEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    clause = AllOf(wanted=(OneOf(field="host", values=("a.example",)),))
    searcher = crowded._searcher()

    class Watched:
        num_docs = searcher.num_docs
        doc = searcher.doc
        doc_freq = searcher.doc_freq

        def search(self, query: Any, **options: Any) -> Any:
            asked.append(options["limit"])
            return searcher.search(query, **options)

    monkeypatch.setattr(crowded, "_searcher", Watched)
    page = crowded.search(clause, limit=10, offset=5)
    assert (page.total, asked) == (803, [15])
    assert [hit.order for hit in page.hits] == [*range(103, 113)]
    assert {hit.score for hit in page.hits} == {0.0}


def orders(engine: TantivyEngine, clause: Clause) -> set[int]:
    page = engine.search(clause, limit=100)
    assert page.total == len(page.hits)
    return {hit.order for hit in page.hits}


@pytest.mark.parametrize(
    ("clause", "found"),
    [
        (exact("a"), {1, 2, 3}),
        (exact("a", "b"), {1}),
        (exact("a", "c"), set()),
        (exact("a", "c", slop=1), {1}),
        (exact("nothing"), set()),
        (exact("_"), set()),
        (exact("x", "_", "y"), set()),
        (exact(), set()),
        (Beginning(field="exact", value="ab"), {3}),
        (Beginning(field="exact", value="zz"), set()),
        (OneOf(field="host", values=("b.example", "none")), {2}),
        (OneOf(field="lang", values=("x",)), {1, 2, 3, 4}),
        (OneOf(field="order", values=(1, 4, 99)), {1, 4}),
        (OneOf(field="host", values=()), set()),
        (Between(field="captured_us", low=20, high=40), {2, 3}),
        (Between(field="captured_us", low=None, high=20), {1}),
        (Between(field="captured_us", low=-(2**62), high=None), {1, 2, 3, 4}),
        (Between(field="captured_us", low=None, high=None), {1, 2, 3, 4}),
        (AnyOf(clauses=(exact("x"), exact("abc"))), {3, 4}),
        (AnyOf(clauses=(exact("a"), exact("b"), exact("abc")), least=2), {1, 2, 3}),
        (AllOf(wanted=(exact("a"), exact("b")), unwanted=(exact("_", "x"),)), {1, 2}),
        (AllOf(wanted=(exact("a"),), unwanted=(exact("b"),)), {3}),
        (AllOf(wanted=(), unwanted=(exact("a"),)), {4}),
        (AllOf(wanted=()), {1, 2, 3, 4}),
    ],
)
def test_clause_finds_what_it_says(
    engine: TantivyEngine, clause: Clause, found: set[int]
) -> None:
    assert orders(engine, clause) == found


def test_filters_do_not_change_scores(engine: TantivyEngine) -> None:
    alone = engine.search(exact("abc"), limit=1).hits[0].score
    guarded = AllOf(wanted=(exact("abc"), OneOf(field="host", values=("a.example",))))
    assert engine.search(guarded, limit=1).hits[0].score == alone


def test_a_filter_that_all_documents_pass_is_none(engine: TantivyEngine) -> None:
    everywhere = OneOf(field="lang", values=("x",))
    alone = engine.search(exact("a"), limit=9)
    assert engine.search(AllOf(wanted=(everywhere, exact("a"))), limit=9) == alone
    engine.add([document(5, "a", lang=("be",))])
    engine.commit()
    assert orders(engine, AllOf(wanted=(everywhere, exact("a")))) == {1, 2, 3}
    assert orders(engine, exact("a")) == {1, 2, 3, 5}


def made_of(values: Sequence[tuple[str, tuple[str, ...]]], folder: Path) -> Counted:
    """Counts of hosts and languages of documents with these; and what they are."""
    engine = TantivyEngine(folder, writable=True)
    for at in range(0, len(values), 4_000):
        engine.add(
            [
                document(number, "a", host=host, lang=lang)
                for number, (host, lang) in enumerate(values[at : at + 4_000], at)
            ]
        )
        engine.commit()
    found = engine.tally(exact("a"), ("host", "lang"), ("captured_us",))
    engine.close()
    assert (found.total, found.days) == (
        len(values),
        {"captured_us": {0: len(values)}},
    )
    hosts = Counter(host for host, _ in values)
    return found.values, {
        "host": hosts,
        "lang": Counter(one for _, lang in values for one in lang),
    }


@pytest.mark.parametrize(
    "values",
    [
        [(f"h{n % 7}", ("be", "x")[: n % 3]) for n in range(300)],
        [('a"\n\u001f,', ("]",)), ("", ("[", "\u0416"))],
        [("h", ("be",)), ("x" * (COMBINED_BYTES + 1), ("be",)), ("h", ())],
        [("h", (f"l{n % 97}", f"m{n % 109}")) for n in range(97 * 109)],
    ],
    ids=["several values of a field", "odd signs", "a long value", "many of them"],
)
def test_values_counted_together_are_those_of_the_documents(
    values: list[tuple[str, tuple[str, ...]]], tmp_path: Path
) -> None:
    found, held = made_of(values, tmp_path / "engine")
    assert found == held


@pytest.mark.parametrize("days", [(-719_162, -1, 0, 20_114), range(0, 55_005, 5)])
def test_days_are_counted_however_old_and_many(
    days: Sequence[int], tmp_path: Path
) -> None:
    engine = TantivyEngine(tmp_path / "engine", writable=True)
    times = [day * DAY_US + DAY_US - 1 for day in days]
    made = [
        replace(document(n, "a"), captured_us=moment, claimed_us=-moment)
        for n, moment in enumerate(times)
    ]
    engine.add([*made, document(len(made), "a")])
    engine.commit()
    found = engine.tally(exact("a"), ("lang",), ("captured_us", "claimed_us"))
    engine.close()
    first = Counter({0: 1}) + Counter(days)
    assert found.days == {
        "captured_us": first,
        "claimed_us": Counter(-moment // DAY_US for moment in times),
    }


def test_boost_multiplies(engine: TantivyEngine) -> None:
    single = engine.search(exact("abc"), limit=1).hits[0].score
    double = engine.search(exact("abc", boost=2.0), limit=1).hits[0].score
    assert double == pytest.approx(2 * single, abs=0.002)


def test_hit_gives_back_what_was_stored(engine: TantivyEngine) -> None:
    (hit,) = engine.search(exact("abc"), limit=5).hits
    assert (hit.stored["id"], hit.stored["n"]) == (f"{3:064x}", 3)


def test_equal_scores_stand_in_order_key_order_across_pages(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path / "engine", writable=True)
    numbers = list(range(1, 301))
    random.Random(7).shuffle(numbers)
    for at in range(0, 300, 60):
        engine.add([document(n, "same text") for n in numbers[at : at + 60]])
        engine.commit()
    pages = [
        engine.search(exact("same"), limit=50, offset=at).hits
        for at in range(0, 300, 50)
    ]
    assert [hit.order for page in pages for hit in page] == sorted(numbers)
    engine.close()


def test_many_commits_score_like_one(tmp_path: Path) -> None:
    rng = random.Random(3)
    texts = [
        " ".join(rng.choices("abcdefgh", k=rng.randint(1, 40))) for _ in range(200)
    ]
    once = TantivyEngine(tmp_path / "once", writable=True)
    once.add([document(n, text) for n, text in enumerate(texts)])
    once.commit()
    often = TantivyEngine(tmp_path / "often", writable=True)
    for n, text in enumerate(texts):
        often.add([document(n, text)])
        if n % 3 == 0:
            often.commit()
    often.commit()
    clause = AnyOf(clauses=(exact("a"), exact("b", "c"), exact("h", boost=3.0)))
    one, other = (
        [(hit.order, hit.score) for hit in engine.search(clause, limit=200).hits]
        for engine in (once, often)
    )
    assert one == other
    once.close()
    often.close()


def test_missing_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(SearchUnavailable, match="evidence index"):
        TantivyEngine(tmp_path / "nothing")


def test_damaged_index_is_named(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path / "engine", writable=True)
    engine.close()
    (tmp_path / "engine" / "meta.json").write_text("{")
    with pytest.raises(SearchUnavailable, match="evidence rebuild"):
        TantivyEngine(tmp_path / "engine")


def test_what_is_not_committed_is_not_seen(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path / "engine", writable=True)
    engine.add([document(1, "a")])
    engine.close()
    assert TantivyEngine(tmp_path / "engine").count() == 0


def test_a_folder_that_cannot_be_written_to_is_read_and_followed(
    engine: TantivyEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "engine"
    monkeypatch.setattr(os, "access", lambda *_: False)
    reader = TantivyEngine(folder)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert orders(reader, exact("a")) == {1, 2, 3}
    assert before == {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert reader._links is not None
    place = reader._links.path
    assert {path.name for path in place.iterdir() if path.is_symlink()} <= set(before)
    engine.add([document(5, "a z")])
    engine.commit()
    reader.reload()
    assert orders(reader, exact("a")) == {1, 2, 3, 5}
    reader.close()
    del reader
    gc.collect()
    assert not place.exists()


@pytest.fixture
def commit_after_a_look(
    engine: TantivyEngine, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], None]:
    """Lets the writer commit behind the next so many looks at what is there."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    follow = linked.LinkedFolder.follow
    left = [0]

    def follow_late(links: linked.LinkedFolder) -> None:
        follow(links)
        if left[0]:
            left[0] -= 1
            engine.add([document(10 + left[0], "a late")])
            engine.commit()

    def allow(count: int) -> None:
        left[0] = count

    monkeypatch.setattr(linked.LinkedFolder, "follow", follow_late)
    return allow


def test_a_commit_while_links_are_made_is_seen_by_another_look(
    tmp_path: Path, commit_after_a_look: Callable[[int], None]
) -> None:
    commit_after_a_look(1)
    reader = TantivyEngine(tmp_path / "engine")
    assert orders(reader, exact("late")) == {10}
    commit_after_a_look(2)
    reader.reload()
    assert orders(reader, exact("late")) == {10, 11}


def test_an_index_that_never_stands_still_is_unavailable_and_seen_later(
    tmp_path: Path, commit_after_a_look: Callable[[int], None]
) -> None:
    reader = TantivyEngine(tmp_path / "engine")
    commit_after_a_look(linked.LOOKS_MAX)
    with pytest.raises(SearchUnavailable, match="cannot be read again"):
        reader.reload()
    reader.reload()
    assert len(orders(reader, exact("late"))) == linked.LOOKS_MAX


@pytest.mark.parametrize("gone", ["links", "index"])
def test_a_folder_that_went_makes_the_index_unavailable(
    engine: TantivyEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gone: str,
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    reader = TantivyEngine(tmp_path / "engine")
    assert reader._links is not None
    engine.close()
    shutil.rmtree(reader._links.path if gone == "links" else tmp_path / "engine")
    with pytest.raises(SearchUnavailable, match="cannot be read again"):
        reader.reload()


def test_an_index_that_goes_while_it_is_opened_is_not_taken_for_an_empty_one(
    engine: TantivyEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    engine.close()

    def see_nothing(links: linked.LinkedFolder) -> None:
        """What `follow` does once the folder is empty."""

    monkeypatch.setattr(linked.LinkedFolder, "follow", see_nothing)
    with pytest.raises(SearchUnavailable, match="cannot be opened"):
        TantivyEngine(tmp_path / "engine")
