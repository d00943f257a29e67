"""Copies do not bury a hit: they are folded under one, with their number."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from archive.capture import Capture
from search.answering.options import SearchOptions
from search.answering.service import SearchService, Sorting
from search.documents.analysed import analyse
from search.documents.document import PageText, build_document, microseconds
from search.engines.tantivy_engine import TantivyEngine
from search.indexing.generations import (
    VERSION,
    hold_index_lock,
    new_generation,
    use_generation,
)
from search.rows.captures import CaptureRow, CaptureRows, DocumentRow
from tests.support.archives.search_archive import ArchiveBox
from tests.support.archives.values import CAPTURED_AT, bare_capture

GROUPED = SearchOptions(grouped=True)
RARE = (
    "A witness tells how the protocol of the polling station was rewritten at night "
    "by two men whom nobody of the commission knew, and names the observers who saw "
    "it; the election there was never counted again."
)


def spam(number: int, rng: random.Random) -> str:
    """A near-copy: one sentence of many has other words, and the address differs."""
    sentence = " ".join(rng.choices(("ballot", "queue", "noon", "rain", "bus"), k=6))
    body = " ".join(
        f"The election of district {n} was calm and the witness of the protocol was "
        f"content with commission {n * 7}."
        for n in range(18)
    )
    return f"{body} {sentence} {number % 3}."


def capture(number: int, uri: str) -> Capture:
    found = bare_capture(number, uri)
    return replace(found, captured_at=CAPTURED_AT + timedelta(seconds=number))


def fill(archive: ArchiveBox, texts: list[tuple[str, str]]) -> SearchService:
    """An index made of texts by address, without extraction."""
    index = archive.root / "index"
    with hold_index_lock(index):
        made = new_generation(index)
        rows = CaptureRows.create(made.rows_path)
        engine = TantivyEngine(made.folder / "engine", writable=True)
        archive_id = archive.open_reader().identity.archive_id
        with rows.transaction():
            for number, (uri, text) in enumerate(texts):
                _add(engine, rows, archive_id, capture(number, uri), text)
            for name, value in (
                ("version", VERSION),
                ("archive", archive_id),
                ("engine", "tantivy"),
                ("next_leaf", str(len(texts))),
            ):
                rows.set_progress(name, value)
        engine.commit()
        engine.close()
        rows.close()
        use_generation(made)
    service: SearchService = archive.service()
    return service


def _add(
    engine: TantivyEngine, rows: CaptureRows, archive_id: str, one: Capture, text: str
) -> None:
    page = PageText(
        text=text,
        main_end=len(text),
        title=None,
        language="en",
        extractor="html/1",
        warnings=(),
    )
    analysed = analyse(one, page)
    document = build_document(archive_id, one, page, analysed)
    engine.add([document])
    rows.add_document(
        DocumentRow(
            order_key=document.order,
            document_id=document.document_id,
            title=None,
            language="en",
            fold=int(analysed.fold[:16], 16),
            simhash=analysed.simhash,
        )
    )
    rows.add_capture(
        CaptureRow(
            capture_id=one.capture_id,
            leaf=one.leaf,
            order_key=document.order,
            captured_us=microseconds(one),
            source_id=None,
            text_digest=None,
            extractor="html/1",
            charset=None,
            declared_charset=None,
            bytes_key=None,
            stated=0,
        )
    )


def flooded(archive: ArchiveBox, copies: int) -> SearchService:
    rng = random.Random(4)
    texts = [(f"https://s{n}.example/{n}", spam(n, rng)) for n in range(copies)]
    texts.insert(copies // 2, ("https://rare.example/1", RARE))
    texts.append(("https://mirror.example/1", f"  {RARE.upper()}"))
    return fill(archive, texts)


def check_not_buried(service: SearchService, copies: int) -> None:
    query = "election witness protocol commission"
    for sorting in Sorting:
        plain = service.search(query, options=SearchOptions(sorting=sorting))
        assert plain.total == copies + 2
        grouped = service.search(
            query, options=SearchOptions(sorting=sorting, grouped=True)
        )
        assert grouped.total == plain.total
        assert 2 <= len(grouped.hits) <= 10
        found = [hit for hit in grouped.hits if "calm" not in hit.snippets[0].text]
        (rare,) = [hit for hit in found if "rare." in hit.uri or "mirror." in hit.uri]
        assert rare.alike == 1
        assert sum(hit.alike + 1 for hit in grouped.hits) == plain.total


@pytest.fixture(scope="module")
def service(new_archive: Callable[[], ArchiveBox]) -> SearchService:
    return flooded(new_archive(), 400)


def test_copies_do_not_bury_a_hit(service: SearchService) -> None:
    check_not_buried(service, 400)


def test_a_hit_that_is_shown_is_whole(service: SearchService) -> None:
    query = "calm district"
    first = service.search(query, limit=1).hits[0]
    grouped = service.search(query, limit=1, options=GROUPED).hits[0]
    assert grouped.alike == 99  # of the hundred that were read
    assert grouped.uri == first.uri
    assert grouped.snippets == first.snippets
    assert grouped.score == first.score


def test_pages_of_groups_partition_the_groups(service: SearchService) -> None:
    whole = service.search("election", limit=10, options=GROUPED).hits
    parts = [
        hit.capture_id
        for offset in range(len(whole))
        for hit in service.search(
            "election", limit=1, offset=offset, options=GROUPED
        ).hits
    ]
    assert parts == [hit.capture_id for hit in whole]
    beyond = service.search("election", limit=5, offset=len(whole), options=GROUPED)
    assert (beyond.hits, beyond.total) == ((), 402)


def test_documents_like_one_are_found_with_what_they_share(
    service: SearchService,
) -> None:
    (rare,) = [
        hit
        for hit in service.search("rewritten at night", limit=5).hits
        if "rare." in hit.uri
    ]
    found = service.alike(rare.capture_id)
    assert found is not None
    assert [(one.hit.uri, one.shared, one.bits) for one in found] == [
        ("https://mirror.example/1", 1.0, 0)
    ]
    spam_hit = service.search("calm district", limit=1).hits[0]
    near = service.alike(spam_hit.capture_id, limit=5)
    assert near is not None
    assert len(near) == 5
    assert all(0.8 < one.shared <= 1 for one in near)
    assert [one.shared for one in near] == sorted(
        (o.shared for o in near), reverse=True
    )
    assert spam_hit.capture_id not in {one.hit.capture_id for one in near}
    assert service.alike("f" * 64) is None


def test_short_texts_are_alike_only_where_they_are_equal(
    new_archive: Callable[[], ArchiveBox],
) -> None:
    texts = [
        ("https://a.example/1", "election turnout 85"),
        ("https://a.example/2", "Election  TURNOUT 85"),
        ("https://a.example/3", "election turnout 86"),
    ]
    service = fill(new_archive(), texts)
    hits = service.search("election", options=GROUPED).hits
    assert sorted(hit.alike for hit in hits) == [0, 1]


@pytest.mark.slow
def test_ten_thousand_copies_do_not_bury_a_hit(
    new_archive: Callable[[], ArchiveBox],
) -> None:
    check_not_buried(flooded(new_archive(), 10_000), 10_000)
