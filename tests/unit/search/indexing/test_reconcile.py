"""I6, I8: what is missing from an index, or edited in it, is named."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
import tantivy
from click.testing import CliRunner, Result

from archive.capture import CaptureOutcome
from archive.errors import SearchError
from archive.store.reading.reader import ArchiveReader
from search.answering.opened import OpenIndex
from search.cli import index
from search.documents.document import microseconds
from search.engines.base import OneOf
from search.engines.opening import Engines
from search.engines.stored_fields import pack
from search.engines.tantivy_engine import TantivyEngine
from search.indexing.generations import find_current
from search.indexing.reconcile import Reconciled, reconcile
from search.rows.captures import CaptureRows
from search.rows.items import order_of
from tests.support.archives.search_archive import ArchiveBox, make_box

PAGES = 120


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> ArchiveBox:
    box = make_box(tmp_path_factory.mktemp("reconcile"))
    pages = [
        box.exchange(f"https://a.example/{n}", f"<p>Старонка {n} пра выбары")
        for n in range(PAGES)
    ]
    box.capture(*pages, box.exchange("https://a.example/1", "<p>Старонка 1 пра выбары"))
    return box


@pytest.fixture
def box(filled: ArchiveBox) -> ArchiveBox:
    filled.index(rebuild=True, state=True)
    return filled


def compare(box: ArchiveBox) -> Reconciled:
    opened = OpenIndex(box.root, Engines())
    opened.refresh(now=0.0, force=True)
    reader = ArchiveReader.open(box.root)
    try:
        with opened.hold_whole() as (engine, rows):
            return reconcile(reader, engine, rows)
    finally:
        reader.close()


def edit_engine(
    box: ArchiveBox, *gone: int, added: dict[str, Any] | None = None
) -> None:
    """Delete documents by order key, and add one, behind the index's back."""
    current = find_current(box.root)
    assert current is not None
    engine = TantivyEngine(current.folder / "engine", writable=True)
    writer = engine._open_writer()
    if gone:
        clause = OneOf(field="order", values=gone)
        writer.delete_documents_by_query(engine._compile(clause, engine._searcher()))
    if added is not None:
        made = tantivy.Document()
        made.add_unsigned("order", added.pop("order"))
        made.add_bytes("stored", pack(added))
        writer.add_document(made)
    engine.commit()
    engine.close()


def change_rows(box: ArchiveBox, statement: str) -> None:
    current = find_current(box.root)
    assert current is not None
    with sqlite3.connect(current.rows_path) as rows:
        rows.execute(statement)
    rows.close()


def codes(found: Reconciled) -> list[tuple[str, str | None]]:
    return [(one.code, one.uri) for one in found.differences]


def test_a_whole_index_has_no_difference(box: ArchiveBox) -> None:
    found = compare(box)
    assert found.differences == ()
    assert (found.captures, found.documents) == (PAGES + 1, PAGES)


@pytest.mark.parametrize("count", [1, 7, 100])
def test_I8_documents_deleted_1_to_100_are_all_named(
    box: ArchiveBox, count: int
) -> None:
    gone = _captures(box)[:count]
    edit_engine(box, *(order_of(one.leaf) for one in gone))
    assert codes(compare(box)) == [
        ("document-missing", f"https://a.example/{n}") for n in range(count)
    ]


def test_I6_an_edited_document_is_named(box: ArchiveBox) -> None:
    shown = _captures(box)[5]
    edited = {
        "text": "Старонка 5 пра іншае",
        "uri": shown.target_uri,
        "capture": shown.capture_id,
        "captured_us": microseconds(shown),
        "http_status": 200,
        "outcome": "complete",
        "source": None,
    }
    order = order_of(shown.leaf)
    edit_engine(box, order, added={"order": order, **edited})
    assert codes(compare(box)) == [("document-altered", shown.target_uri)]


def test_an_added_document_a_lost_row_and_another_text_are_named(
    box: ArchiveBox,
) -> None:
    edit_engine(box, added={"order": 10**6, "text": "planted"})
    first, second = _captures(box)[:2]
    change_rows(box, f"DELETE FROM capture WHERE capture_id = '{first.capture_id}'")
    change_rows(
        box,
        f"UPDATE capture SET text_digest = '{'0' * 64}'"
        f" WHERE capture_id = '{second.capture_id}'",
    )
    assert sorted(codes(compare(box)), key=str) == [
        ("capture-missing", first.target_uri),
        ("document-altered", second.target_uri),
        ("document-unknown", None),
        ("document-unknown", None),
        ("text-differs", second.target_uri),
    ]


def test_the_verb_names_differences_and_ends_with_9(box: ArchiveBox) -> None:
    def run(*options: str) -> Result:
        return CliRunner().invoke(index, ["--check", *options], obj=box.context)

    assert run().exit_code == 0
    assert run("--rebuild").exit_code == 2
    gone = _captures(box)[3]
    edit_engine(box, order_of(gone.leaf))
    answer = run()
    assert isinstance(answer.exception, SearchError)
    assert answer.exception.exit_code == 9
    assert f"document-missing  {gone.short_id}" in answer.output
    found = json.loads(run("--json").output.splitlines()[0])
    assert [one["code"] for one in found["differences"]] == ["document-missing"]


def test_the_rows_are_never_read_so_long_that_an_indexer_waits(
    box: ArchiveBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.rows.captures.WRITER_BUSY_SECONDS", 0.05)
    monkeypatch.setattr("search.rows.captures.STEP_ROWS", 10)

    current = find_current(box.root)
    assert current is not None
    readers = [CaptureRows.open(current.rows_path) for _ in range(2)]
    reading: list[Iterator[object]] = [
        readers[0].documents(),
        readers[1].every_capture(),
    ]
    assert all(next(one) for one in reading)
    _index_more(box)
    assert all(sum(1 for _ in one) >= PAGES for one in reading)
    for rows in readers:
        rows.close()


def test_what_is_indexed_while_it_is_compared_is_no_difference(
    box: ArchiveBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = OpenIndex(box.root, Engines())
    opened.refresh(now=0.0, force=True)
    reader = ArchiveReader.open(box.root)
    with opened.hold_whole() as (engine, rows):
        real = engine.reload

        def reload() -> None:
            _index_more(box)
            real()

        monkeypatch.setattr(engine, "reload", reload)
        assert reconcile(reader, engine, rows).differences == ()
        assert rows.get_progress("next_leaf") == str(reader.next_leaf)
    reader.close()


def _index_more(box: ArchiveBox) -> None:
    """A document beyond the index's position, and one more capture of an old one."""
    address = f"https://b.example/{len(box.captures)}"
    new = box.exchange(address, outcome=CaptureOutcome.DNS)
    again = box.exchange("https://a.example/2", "<p>Старонка 2 пра выбары")
    box.capture(new, again)
    assert not box.index().rebuilt


def _captures(box: ArchiveBox) -> list[Any]:
    reader = ArchiveReader.open(box.root)
    try:
        reader.catch_up()
        return [one for one in reader.captures(0) if one.kind == "capture"]
    finally:
        reader.close()
