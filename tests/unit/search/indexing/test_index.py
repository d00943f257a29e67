"""The index follows the log, and made anew it gives the same answers."""

import shutil
import threading
from collections.abc import Callable

import pytest

from archive.attest.records.extract import parse_extract
from archive.capture import CaptureOutcome
from archive.digest import Digest
from archive.errors import EvidenceError, SearchUnavailable, StoreError
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk, read_statement
from archive.store.texts import find_text
from archive.store.tombstones import RemovalOrder
from archive.store.writing.writer import ArchiveWriter
from search.answering.service import SearchService
from search.extract.worker import Worker
from search.indexing.generations import find_current, hold_index_lock
from search.indexing.index import Indexer
from search.indexing.kept import state_texts
from search.rows.captures import CaptureRows
from tests.support.archives.search_archive import ArchiveBox

Article = Callable[[str, str], str]
QUERIES = (
    "Tsikhanouskaya",
    "выбары",
    "выбары камісія",
    "elections commission banana",
    '"выніках выбараў"',
    "камі*",
    "host:one.example",
    "captured:2025-01-26",
    "status:404",
    "dns",
)


def fill(archive: ArchiveBox, article: Article, low: int, high: int) -> None:
    archive.capture(
        *(
            archive.exchange(
                f"https://{'one' if n % 2 else 'two'}.example/{n % 7}",
                article(
                    f"Навіна {n % 5}",
                    f"Ціханоўская сказала пра выбары {n % 5}."
                    f" Камісія паведаміла пра вынікі. {'Яўка. ' * (n % 5)}",
                ),
            )
            for n in range(low, high)
        ),
        archive.exchange(f"https://gone.example/{low}", outcome=CaptureOutcome.DNS),
        archive.exchange("https://one.example/x", "<p>няма</p>", status=404),
    )


def answers(service: SearchService) -> list[object]:
    pages = [service.search(query, limit=30) for query in QUERIES]
    return [
        (
            page.total,
            [
                (hit.capture_id, hit.captures, hit.score, hit.missing, hit.snippets)
                for hit in (*page.hits, *page.some_missing)
            ],
        )
        for page in pages
    ]


def test_catching_up_in_steps_equals_making_it_anew(
    archive: ArchiveBox, article: Article
) -> None:
    for low in (0, 9, 14):
        fill(archive, article, low, low + 9)
        report = archive.index()
    in_steps = answers(archive.service())
    anew = archive.index(rebuild=True)
    assert answers(archive.service()) == in_steps
    assert (anew.documents, anew.captures, anew.next_leaf) == (
        report.documents,
        report.captures,
        report.next_leaf,
    )
    shutil.rmtree(archive.root / "index")
    archive.index()
    assert answers(archive.service()) == in_steps
    assert any(in_steps)


def test_second_run_has_nothing_to_do(archive: ArchiveBox, article: Article) -> None:
    fill(archive, article, 0, 3)
    archive.index()
    report = archive.index()
    assert (report.captures_added, report.documents_added, report.rebuilt) == (
        0,
        0,
        False,
    )


def test_same_text_of_a_url_is_one_hit_with_its_captures(
    archive: ArchiveBox, article: Article
) -> None:
    for _ in range(3):
        archive.page("https://a.example/", article("Навіны", "Выбары адбыліся."))
        archive.index()
    page = article("Навіны", "Выбары адбыліся.").replace("Imprint", "<b>Imprint</b>")
    latest = archive.page("https://a.example/", page)
    archive.index()
    found = archive.service().search("выбары")
    assert (found.total, found.hits[0].captures) == (1, 4)
    assert found.hits[0].capture_id == latest.capture_id


def test_changed_text_is_another_document(
    archive: ArchiveBox, article: Article
) -> None:
    archive.page("https://a.example/", article("Вынікі", "Яўка 85 працэнтаў."))
    archive.page("https://a.example/", article("Вынікі", "Яўка 86 працэнтаў."))
    archive.index()
    assert archive.service().search("яўка").total == 2


def test_same_text_elsewhere_is_another_document(
    archive: ArchiveBox, article: Article
) -> None:
    archive.page("https://a.example/", article("Вынікі", "Яўка 85 працэнтаў."))
    archive.page("https://b.example/", article("Вынікі", "Яўка 85 працэнтаў."))
    archive.index()
    assert archive.service().search("яўка").total == 2


def test_parts_are_not_documents(archive: ArchiveBox) -> None:
    archive.page("https://a.example/a.html", "<p>словы</p>", role="part")
    assert archive.index().documents == 0


def test_damaged_slice_becomes_a_document_that_says_so(
    archive: ArchiveBox, article: Article
) -> None:
    capture = archive.page("https://a.example/report", article("Вынікі", "Яўка 85."))
    archive.open_reader().close()
    segment = next(archive.root.glob("segments/*/*/*.gz*"))
    data = bytearray(segment.read_bytes())
    data[capture.location.offset_bytes + 400] ^= 1
    segment.chmod(0o600)
    segment.write_bytes(data)
    archive.index()
    (hit,) = archive.service().search("report").hits
    assert hit.warnings == ("unreadable",)


@pytest.mark.parametrize("name", ["engine", "captures.sqlite"])
def test_damaged_generation_is_made_anew(
    archive: ArchiveBox, article: Article, name: str
) -> None:
    fill(archive, article, 0, 4)
    archive.index()
    before = answers(archive.service())
    current = find_current(archive.root)
    assert current is not None
    path = current.folder / name
    shutil.rmtree(path) if path.is_dir() else path.write_bytes(b"not a table")
    assert archive.index().rebuilt
    assert answers(archive.service()) == before


def test_halves_that_disagree_after_a_crash_are_made_anew(
    archive: ArchiveBox, article: Article
) -> None:
    fill(archive, article, 0, 4)
    archive.index()
    before = answers(archive.service())
    current = find_current(archive.root)
    assert current is not None
    # As if the process had died between the engine's commit and that of the rows.
    rows = CaptureRows.open(current.rows_path, writable=True)
    with rows.transaction():
        rows._db.execute("DELETE FROM capture WHERE leaf > 3")
        rows._db.execute("DELETE FROM document WHERE order_key > 3")
        rows.set_progress("next_leaf", "4")
    rows.close()
    assert archive.index().rebuilt
    assert answers(archive.service()) == before


def test_other_version_is_made_anew(archive: ArchiveBox, article: Article) -> None:
    fill(archive, article, 0, 2)
    archive.index()
    current = find_current(archive.root)
    assert current is not None
    rows = CaptureRows.open(current.rows_path, writable=True)
    with rows.transaction():
        rows.set_progress("version", "0.0")
    rows.close()
    assert archive.index().rebuilt


def test_one_indexer_at_a_time(archive: ArchiveBox) -> None:
    with (
        hold_index_lock(archive.root / "index"),
        pytest.raises(SearchUnavailable, match="wait"),
    ):
        archive.index()


def stated(archive: ArchiveBox) -> list[tuple[str, str]]:
    """Capture and text of every line of every extract statement."""
    found = []
    for segment in list_segments(archive.root / "segments"):
        for entry in SegmentWalk(segment.path, keep=lambda _header: 1 << 20):
            if read_statement(entry).kind == "extract":
                for record in entry.records:
                    for line in parse_extract(record.kept):
                        found.append((line.capture, line.text.hex))
    return found


def test_texts_are_kept_and_stated_once_in_one_statement(
    archive: ArchiveBox, article: Article
) -> None:
    captures = [
        archive.page(f"https://a.example/{n}", article("Вынікі", f"Яўка {n}."))
        for n in range(3)
    ]
    archive.index(state=True)
    archive.index(state=True)
    lines = stated(archive)
    assert [capture for capture, _ in lines] == [c.capture_id for c in captures]
    for _, digest in lines:
        assert "Яўка" in (find_text(archive.root, Digest(digest)) or "")


def test_index_made_anew_states_nothing_twice(
    archive: ArchiveBox, article: Article
) -> None:
    archive.page("https://a.example/1", article("Вынікі", "Яўка 1."))
    archive.index(state=True)
    archive.index(rebuild=True)
    archive.page("https://a.example/2", article("Вынікі", "Яўка 2."))
    archive.index(state=True)
    lines = stated(archive)
    assert len(lines) == len(set(lines)) == 2


def test_index_made_anew_before_the_first_statement_leaves_it_due(
    archive: ArchiveBox, article: Article
) -> None:
    archive.page("https://a.example/1", article("Вынікі", "Яўка 1."))
    archive.index(rebuild=True)
    archive.index(state=True)
    assert len(stated(archive)) == 1


def test_an_index_is_used_where_its_texts_cannot_be_signed(
    archive: ArchiveBox, article: Article
) -> None:
    archive.page("https://a.example/1", article("Вынікі", "Яўка 1."))

    class ReadOnly:
        clock = staticmethod(archive.context.clock)
        random_bytes = staticmethod(archive.context.random_bytes)

        def open_writer(self) -> ArchiveWriter:
            raise StoreError("log.head: Read-only file system")

    said: list[str] = []
    reader = archive.open_reader()
    Indexer(reader, workers=1).run(
        afterwards=lambda rows: said.append(state_texts(archive.root, rows, ReadOnly()))
    )
    reader.close()
    assert said == ["1 texts not signed (log.head: Read-only file system)"]
    assert archive.service().search("яўка").total == 1
    archive.index(state=True)
    assert len(stated(archive)) == 1


def test_texts_wait_in_the_spool_while_the_archive_is_in_use(
    archive: ArchiveBox, article: Article
) -> None:
    archive.page("https://a.example/1", article("Вынікі", "Яўка 1."))
    with archive.open_writer():
        archive.index(state=True)
        archive.index(state=True)
    assert len(list((archive.root / "spool").glob("extract-*.jsonl"))) == 1
    assert stated(archive) == []
    archive.page("https://a.example/2", article("Вынікі", "Яўка 2."))
    archive.index(state=True)
    assert list((archive.root / "spool").glob("extract-*.jsonl")) == []
    assert len(stated(archive)) == len(set(stated(archive))) == 2


def test_index_made_anew_extracts_nothing_again(
    archive: ArchiveBox, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(archive, article, 0, 5)
    archive.index()
    before = answers(archive.service())

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a page was extracted again")

    monkeypatch.setattr(Worker, "extract", refuse)
    archive.index(rebuild=True)
    assert answers(archive.service()) == before


@pytest.mark.parametrize("damage", [b"", b"no table", None])
def test_lost_extracts_are_made_again(
    archive: ArchiveBox, article: Article, damage: bytes | None
) -> None:
    fill(archive, article, 0, 3)
    archive.index()
    before = answers(archive.service())
    cache = archive.root / "index" / "extracts.sqlite"
    cache.write_bytes(damage) if damage is not None else cache.unlink()
    for text in (archive.root / "texts").iterdir():
        text.chmod(0o644)
        text.unlink()
    archive.index(rebuild=True)
    assert answers(archive.service()) == before


def test_what_was_removed_is_in_no_index_and_its_waiting_text_is_gone(
    archive: ArchiveBox, article: Article
) -> None:
    exchanges = [
        archive.exchange(f"https://one.example/{n}", article(f"Назва{n}", f"Слова{n}."))
        for n in range(3)
    ]
    gone, *kept = archive.capture(*exchanges)
    archive.index()
    texts = set((archive.root / "texts").iterdir())
    assert archive.service().search("Слова0").total == 1
    with archive.open_writer() as writer:
        writer.remove(gone, RemovalOrder(reason="names", authority="a court"))
    report = archive.index()
    assert (report.rebuilt, report.captures) == (True, 2)
    assert archive.service().search("Слова0").total == 0
    assert archive.service().search("Слова1").hits[0].capture_id == kept[0].capture_id
    assert len(set((archive.root / "texts").iterdir()) & texts) == 2
    assert len(list((archive.root / "index").glob("g*"))) == 1
    index = [path for path in (archive.root / "index").rglob("*") if path.is_file()]
    for words in ("слова0", "Назва0", "назва0"):
        assert not [one for one in index if words.encode() in one.read_bytes()]
    assert not archive.index().rebuilt


def test_R12_readers_get_answers_all_the_time_an_index_is_made_anew(
    archive: ArchiveBox,
) -> None:
    for number in range(20):
        archive.page(f"https://a.example/{number}", f"<p>Узровень яўкі {number}")
    archive.index()
    service, stop, totals = archive.service(), threading.Event(), set[int]()
    problems: list[Exception] = []

    def read() -> None:
        while not stop.is_set():
            service._archives[0].refresh(now=0.0, force=True)
            try:
                totals.add(service.search("exact:яўкі", limit=3).total)
                assert len(list(service.stream("exact:яўкі"))) == 20
            except (EvidenceError, AssertionError) as problem:
                problems.append(problem)
                return

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(3):
            archive.index(rebuild=True)
    finally:
        stop.set()
        for reader in readers:
            reader.join(60)
    assert (problems, totals) == ([], {20})
