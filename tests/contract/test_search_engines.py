"""Every engine finds, counts and orders the same documents for the same clause.

The oracle is a search of our own over the token lists, slow and plain; each engine must
equal it. One module, so that one server serves all of it.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from archive.errors import SearchUnavailable
from search.documents.document import Document
from search.engines.base import (
    AllOf,
    AnyOf,
    Beginning,
    Between,
    Clause,
    OneOf,
    SearchEngine,
    Sorting,
    Tokens,
)
from search.engines.elastic_engine import Cluster, ClusterAccess, ElasticEngine
from search.engines.fields import (
    CAPTURED_US,
    CLAIMED_US,
    FILTER_FIELDS,
    ORDER,
    TOKEN_FIELDS,
)
from search.engines.tantivy_engine import TantivyEngine
from tests.support.servers.elastic_server import free_port

pytestmark = pytest.mark.timeout(420)
DOCUMENTS = 400
CLAUSES = 250
DAY_US = 86_400_000_000
WORDS = ("a", "b", "c", "abc", "abd", "выбары", "выбор", "вынікі", "x", "_")
HOSTS = ("a.example", "b.example", "c.example")
LANGUAGES = ("be", "ru", "en")


def _document(order: int, rng: random.Random) -> Document:
    tokens = {
        name: " ".join(rng.choices(WORDS, k=rng.randint(0, 9))) for name in TOKEN_FIELDS
    }
    filters = dict.fromkeys(FILTER_FIELDS, ()) | {
        "host": (rng.choice(HOSTS),),
        "lang": tuple(rng.sample(LANGUAGES, k=rng.randint(0, 2))),
        "access": (rng.choice(("public", "public", "restricted")),),
    }
    return Document(
        document_id=f"{order:064x}",
        order=order,
        captured_us=rng.randint(-5, 40) * DAY_US // 2 + rng.randint(0, 10),
        claimed_us=None if order % 4 == 0 else (order * 7 % 40 - 9) * DAY_US,
        tokens=tokens,
        filters=filters,
        stored={"text": f"text {order} Ціханоўская", "n": order},
    )


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    """The same documents for every engine, order keys with gaps."""
    rng = random.Random(26_01_2025)
    return [_document(order * 3 + 1, rng) for order in range(DOCUMENTS)]


@pytest.fixture(scope="module")
def tantivy(
    documents: list[Document], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SearchEngine]:
    """The embedded engine."""
    made = TantivyEngine(tmp_path_factory.mktemp("engine"), writable=True)
    yield _filled(made, documents)
    made.close()


@pytest.fixture(scope="module")
def elastic(documents: list[Document], cluster: Cluster) -> SearchEngine:
    """The same documents in a real server."""
    return _filled(ElasticEngine(cluster, "evidence-x-g1", writable=True), documents)


def _filled(engine: SearchEngine, documents: Sequence[Document]) -> SearchEngine:
    for at in range(0, len(documents), 90):
        engine.add(documents[at : at + 90])
        if at % 180 == 0:
            engine.commit()
    engine.commit()
    assert engine.count() == len(documents)
    return engine


def holds(document: Document, clause: Clause) -> bool:
    """Whether a document is what a clause says; the oracle."""
    match clause:
        case Tokens():
            return _has_row(document.tokens[clause.field].split(), clause)
        case Beginning():
            words = document.tokens[clause.field].split()
            return any(word.startswith(clause.value) for word in words)
        case OneOf():
            if clause.field == ORDER:
                return document.order in clause.values
            return bool(set(document.filters[clause.field]) & set(clause.values))
        case Between():
            value = getattr(document, clause.field)
            if value is None:
                return False
            low, high = clause.low, clause.high
            return (low is None or value >= low) and (high is None or value < high)
        case AnyOf():
            return sum(holds(document, part) for part in clause.clauses) >= clause.least
        case AllOf():
            wanted = all(holds(document, part) for part in clause.wanted)
            return wanted and not any(holds(document, part) for part in clause.unwanted)


def _has_row(words: list[str], clause: Tokens) -> bool:
    values = list(clause.values)
    if not values or "_" in values:
        return False
    if clause.slop == 0:
        places = range(len(words) - len(values) + 1)
        return any(words[at : at + len(values)] == values for at in places)
    first, second = values
    return any(
        words[i] == first and words[j] == second
        for i in range(len(words))
        for j in range(i + 1, min(len(words), i + 2 + clause.slop))
    )


def _clause(rng: random.Random, depth: int) -> Clause:
    kind = rng.randrange(8 if depth else 6)
    if kind <= 1:
        field = rng.choice(("exact", "lemma", "all", "loose"))
        most = 1 if field == "loose" else 3
        values = tuple(rng.choices(WORDS, k=rng.randint(1, most)))
        return Tokens(field=field, values=values, boost=rng.choice((1.0, 0.3)))
    if kind == 2:
        return _near(rng)
    if kind == 3:
        value = rng.choice(("abc", "выб", "вын", "zzz", "выбары"))
        return Beginning(field=rng.choice(("exact", "head")), value=value)
    if kind == 4:
        if rng.random() < 0.3:
            orders = tuple(rng.sample(range(1, DOCUMENTS * 3), k=200))
            return OneOf(field=ORDER, values=orders)
        return OneOf(field="host", values=tuple(rng.sample(HOSTS, k=rng.randint(0, 2))))
    if kind == 5:
        low = rng.choice((None, rng.randint(-5, 20) * DAY_US))
        high = 10 * DAY_US if low is None else rng.choice((None, 10 * DAY_US))
        return Between(field=rng.choice((CAPTURED_US, CLAIMED_US)), low=low, high=high)
    parts = tuple(_clause(rng, depth - 1) for _ in range(rng.randint(0, 3)))
    if kind == 6:
        return AnyOf(clauses=parts, least=rng.randint(1, 2))
    return AllOf(wanted=parts, unwanted=(_clause(rng, depth - 1),))


def _near(rng: random.Random) -> Clause:
    """Two words near each other, as the planner asks: in both orders."""
    pair = tuple(rng.sample(WORDS[:-1], k=2))
    slop = rng.randint(1, 4)
    return AnyOf(
        clauses=tuple(
            Tokens(field="exact", values=values, slop=slop)
            for values in (pair, pair[::-1])
        )
    )


def _clauses() -> list[Clause]:
    rng = random.Random(7)
    return [_clause(rng, 2) for _ in range(CLAUSES)]


def _check(engine: SearchEngine, documents: list[Document]) -> None:
    for number, clause in enumerate(_clauses()):
        wanted = {one.order for one in documents if holds(one, clause)}
        page = engine.search(clause, limit=DOCUMENTS, bare=True)
        assert {hit.order for hit in page.hits} == wanted, (number, clause)
        assert page.total == len(wanted), (number, clause)


def test_embedded_engine_finds_what_the_oracle_finds(
    tantivy: SearchEngine, documents: list[Document]
) -> None:
    _check(tantivy, documents)


def test_cluster_finds_what_the_oracle_finds(
    elastic: SearchEngine, documents: list[Document]
) -> None:
    _check(elastic, documents)


@pytest.mark.parametrize("fields", [("host", "lang"), ("host", "lang", "access")])
def test_both_count_facets_and_days_alike(
    tantivy: SearchEngine,
    elastic: SearchEngine,
    documents: list[Document],
    fields: tuple[str, ...],
) -> None:
    for clause in _clauses()[:60]:
        asked = (clause, fields, (CAPTURED_US, CLAIMED_US))
        found = tantivy.tally(*asked)
        assert elastic.tally(*asked) == found
        held = [one for one in documents if holds(one, clause)]
        assert found.total == len(held)
        for name in fields:
            values = (value for one in held for value in one.filters[name])
            assert found.values[name] == Counter(values)
        for field in (CAPTURED_US, CLAIMED_US):
            times = [getattr(one, field) for one in held]
            assert found.days[field] == Counter(
                t // DAY_US for t in times if t is not None
            )


def test_both_stream_all_in_the_order_of_the_log(
    tantivy: SearchEngine, elastic: SearchEngine, documents: list[Document]
) -> None:
    clause = OneOf(field="access", values=("public",))
    wanted = [one.order for one in documents if holds(one, clause)]
    for engine in (tantivy, elastic):
        hits = list(engine.stream(clause))
        assert [hit.order for hit in hits] == wanted
        assert all(hit.stored["n"] == hit.order for hit in hits)
        assert hits[0].stored["id"] == f"{hits[0].order:064x}"


@pytest.mark.parametrize("sorting", Sorting)
def test_both_page_without_gap_or_double(
    tantivy: SearchEngine, elastic: SearchEngine, sorting: Sorting
) -> None:
    clause = OneOf(field="host", values=HOSTS[:2])
    for engine in (tantivy, elastic):
        whole = engine.search(clause, limit=DOCUMENTS, sorting=sorting)
        pages = [
            engine.search(clause, limit=37, offset=at, sorting=sorting).hits
            for at in range(0, whole.total, 37)
        ]
        assert [hit for page in pages for hit in page] == list(whole.hits)
    orders = [
        [hit.order for hit in engine.search(clause, limit=50, sorting=sorting).hits]
        for engine in (tantivy, elastic)
    ]
    assert orders[0] == orders[1]


def test_both_rank_nearly_alike(tantivy: SearchEngine, elastic: SearchEngine) -> None:
    """Scores are each engine's own arithmetic; of the first ten at least nine agree."""
    clause = AnyOf(
        clauses=(
            Tokens(field="exact", values=("abc",), boost=3.0),
            Tokens(field="lemma", values=("выбары", "x")),
            Tokens(field="all", values=("abd",), boost=0.2),
        )
    )
    first, second = (
        {hit.order for hit in engine.search(clause, limit=10).hits}
        for engine in (tantivy, elastic)
    )
    assert len(first & second) >= 9


def test_cluster_walks_beyond_its_window(
    elastic: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clause = OneOf(field="host", values=HOSTS)
    whole = elastic.search(clause, limit=DOCUMENTS)
    monkeypatch.setattr("search.engines.elastic_engine.RESULT_WINDOW", 60)
    page = elastic.search(clause, limit=50, offset=205)
    assert page.hits == whole.hits[205:255]
    assert page.total == whole.total


def test_documents_sent_again_in_any_order_stay_one(
    cluster: Cluster, documents: list[Document]
) -> None:
    engine = ElasticEngine(cluster, "evidence-again-g1", writable=True)
    rng = random.Random(3)
    for _ in range(3):
        engine.add(rng.sample(documents, k=len(documents)))
        assert list(engine.commit()) == []
    assert engine.count() == len(documents)


def test_a_document_the_mapping_refuses_is_a_dead_letter_and_blocks_no_other(
    cluster: Cluster, documents: list[Document]
) -> None:
    engine = ElasticEngine(cluster, "evidence-dead-g1", writable=True)
    bad = Document(
        document_id="f" * 64,
        order=9_999,
        captured_us=0,
        claimed_us=None,
        tokens={"unknown_field": "x"},
        filters={},
        stored={},
    )
    engine.add([*documents[:5], bad, *documents[5:10]])
    (letter,) = engine.commit()
    assert engine.count() == 10
    assert letter.document_id == "f" * 64
    assert "strict_dynamic_mapping_exception" in letter.reason


def test_alias_means_one_generation_and_older_ones_go(
    cluster: Cluster, documents: list[Document]
) -> None:
    for number in (1, 2, 3):
        engine = ElasticEngine(cluster, f"evidence-swap-g{number}", writable=True)
        engine.add(documents[:number])
        engine.commit()
        cluster.point_alias("evidence-swap", f"evidence-swap-g{number}")
        assert ElasticEngine(cluster, "evidence-swap").count() == number
    cluster.drop_indices("evidence-swap", ["evidence-swap-g3"])
    assert not cluster.has_index("evidence-swap-g1")
    assert ElasticEngine(cluster, "evidence-swap").count() == 3


def test_missing_index_is_named(cluster: Cluster) -> None:
    with pytest.raises(SearchUnavailable, match="run `evidence index`"):
        ElasticEngine(cluster, "evidence-none-g1")


def test_absent_cluster_is_named(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(SearchUnavailable, match=r"does not answer.*\[search\] url"):
        ElasticEngine(Cluster(ClusterAccess(url=url)), "evidence-none-g1")


def test_access_never_shows_its_key() -> None:
    assert "secret" not in repr(
        ClusterAccess(url="https://x.example", api_key="secret")
    )
