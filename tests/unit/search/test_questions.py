"""The evidence questions: ranking is measured, and may only get better."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archive.capture import Capture, CaptureOutcome, SliceLocation
from archive.digest import Digest
from search.analysis.gazetteer import load_gazetteer, load_stop_words
from search.analysis.lemmas import query_lemmas
from search.document import PageText, build_document
from search.engines.base import AnyOf, Tokens
from search.engines.planning import Planner
from search.engines.readings import words_of
from search.engines.tantivy_engine import TantivyEngine
from search.extract.language import identify
from search.query.parser import parse_query
from search.tiers import first_tier, ordered, second_tier

pytestmark = pytest.mark.corpus
PAGE = 10
FLOORS = {
    "en": (0.55, 0.66),
    "be": (0.34, 0.37),
    "ru": (0.34, 0.37),
    "pl": (0.21, 0.27),
}
"""Recall@10 and nDCG@10 reached; raised when they rise, never lowered."""
Ranking = Callable[[str], list[str]]


def capture_of(uri: str, leaf: int) -> Capture:
    return Capture(
        capture_id=Digest.of(uri.encode()).hex,
        kind="capture",
        leaf=leaf,
        target_uri=uri,
        captured_at=datetime(2025, 1, 26, tzinfo=UTC),
        outcome=CaptureOutcome.COMPLETE,
        http_status=200,
        media_type="text/plain",
        source_id=None,
        job_id=None,
        payload_digest=None,
        block_digest=None,
        refers_to=None,
        role="page",
        override=None,
        location=SliceLocation(segment="x", offset_bytes=0, length_bytes=0),
    )


def page_of(line: str) -> PageText:
    language = identify(line)
    return PageText(
        text=line,
        main_end=len(line),
        title=None,
        language=language.code if language else None,
        extractor="text/1",
        warnings=(),
    )


class OneIndex:
    """An engine in the place of an opened index."""

    archive_id = "a" * 26

    def __init__(self, engine: TantivyEngine) -> None:
        self._engine = engine

    def use(self, action: Callable[[TantivyEngine, Any], Any]) -> Any:
        return action(self._engine, None)


@pytest.fixture(scope="module")
def engine(
    corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TantivyEngine]:
    made = TantivyEngine(tmp_path_factory.mktemp("questions"), writable=True)
    leaf = 0
    for path in sorted((corpus / "seeds").glob("*.txt")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if line.strip():
                leaf += 1
                capture = capture_of(f"{path.name}:{number}", leaf)
                made.add([build_document("a" * 26, capture, page_of(line))])
    made.commit()
    yield made
    made.close()


def ours(engine: TantivyEngine, query: str) -> list[str]:
    index: Any = OneIndex(engine)
    planner = Planner(
        gazetteer=load_gazetteer(),
        stop_words=load_stop_words(),
        seen_again=lambda _node: (),
    )
    plan = planner.plan(parse_query(query))
    page = first_tier(index, plan, limit=PAGE)
    found = [str(hit.stored["uri"]) for hit in page.hits]
    if page.total < PAGE:
        some = ordered(second_tier(index, plan))[: PAGE - len(found)]
        found += [str(one.hit.stored["uri"]) for one in some]
    return found


def any_lemma(engine: TantivyEngine, query: str) -> list[str]:
    """The plain baseline: BM25 over any lemma of any word."""
    terms = (lemma for word in words_of(query) for lemma in query_lemmas(word))
    clauses = tuple(Tokens(field="lemma", values=(term,)) for term in terms)
    hits = engine.search(AnyOf(clauses=clauses), limit=PAGE).hits
    return [str(hit.stored["uri"]) for hit in hits]


def score(found: list[str], grades: dict[str, int]) -> tuple[float, float]:
    good = [uri for uri, grade in grades.items() if grade >= 2]
    recall = sum(uri in good for uri in found) / min(PAGE, len(good))
    gains = [2 ** grades.get(uri, 0) - 1 for uri in found]
    ideal = sorted((2**grade - 1 for grade in grades.values()), reverse=True)[:PAGE]
    return recall, discounted(gains) / discounted(ideal)


def discounted(gains: list[int]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


def read_questions(corpus: Path) -> list[dict[str, Any]]:
    data = json.loads((corpus / "questions" / "questions.json").read_text("utf-8"))
    questions: list[dict[str, Any]] = (
        data["questions"] if isinstance(data, dict) else data
    )
    return questions


def grades_of(question: dict[str, Any]) -> dict[str, int]:
    return {
        f"{Path(one['file']).name}:{one['line']}": one["grade"]
        for one in question["expected"]
    }


def measure(corpus: Path, rank: Ranking) -> dict[str, tuple[float, float]]:
    scores = defaultdict(list)
    for question in read_questions(corpus):
        for language, query in question["queries"].items():
            scores[language].append(score(rank(query), grades_of(question)))
    return {
        language: (
            sum(recall for recall, _ in rows) / len(rows),
            sum(gain for _, gain in rows) / len(rows),
        )
        for language, rows in scores.items()
    }


def test_ranking_is_no_worse_than_before(corpus: Path, engine: TantivyEngine) -> None:
    reached = measure(corpus, lambda query: ours(engine, query))
    plain = measure(corpus, lambda query: any_lemma(engine, query))
    for language, (recall, gain) in sorted(reached.items()):
        print(
            f"{language:10} recall@10 {recall:.3f} nDCG@10 {gain:.3f}; any lemma"
            f" {plain[language][0]:.3f} {plain[language][1]:.3f}"
        )
    for language, floor in FLOORS.items():
        assert reached[language] >= floor
        assert reached[language][1] >= floor[1]


def test_every_quote_stands_in_its_line(corpus: Path) -> None:
    for question in read_questions(corpus):
        for one in question["expected"]:
            path = corpus / "seeds" / Path(one["file"]).name
            line = path.read_text("utf-8").splitlines()[one["line"] - 1]
            assert one["quote"] in line
