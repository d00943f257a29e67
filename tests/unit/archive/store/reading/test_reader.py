"""Reading back: what the writer said, whatever the catalog claims."""

import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from archive.capture import Capture
from archive.errors import (
    CaptureNotFound,
    DigestMismatch,
    EvidenceError,
    LimitExceeded,
    StoreError,
)
from archive.store.catalog.schema import SCHEMA_VERSION
from archive.store.reading import recorded
from archive.store.reading.reader import ArchiveReader
from archive.store.rebuild import rebuild_catalog
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import Outcome
from tests.support.archives.archives import (
    MadeArchive,
    artifact,
    make_exchange,
    make_page,
)
from tests.support.attacks.attacked import edit_catalog


def read_all(root: Path) -> list[Capture]:
    """Every capture the catalog knows after catching up."""
    reader = ArchiveReader.open(root)
    try:
        return list(reader.captures())
    finally:
        reader.close()


@pytest.fixture
def edit(made: MadeArchive) -> Callable[..., None]:
    """Change the catalog behind the reader's back."""
    return partial(edit_catalog, made)


def test_the_reader_gives_what_the_writer_gave(made: MadeArchive) -> None:
    captures = made.fill(3)
    assert read_all(made.root) == captures


def test_a_page_comes_back_with_its_parts_and_gaps(
    made: MadeArchive, page: Capture
) -> None:
    reader = ArchiveReader.open(made.root)
    main, style, found = reader.captures()
    assert found == page
    assert reader.page_of(main) == page
    assert reader.page_of(page) == page
    assert reader.page_of(style) is None
    view = reader.read_page(page)
    assert view.main_id == main.capture_id
    parts = [(part.uri, part.capture_id, part.outcome) for part in view.parts]
    assert parts == [
        ("http://a.example/style.css", style.capture_id, "complete"),
        ("http://a.example/gone.png", None, "skipped"),
    ]
    reader.close()


def test_what_a_browser_made_of_a_page_comes_back_by_name(made: MadeArchive) -> None:
    kept = {"view": b"\x89PNG...", "text": "Вынікі".encode(), "pdf": b"%PDF-"}
    types = {"view": "image/png", "text": "text/plain; charset=utf-8"}
    rendered = make_page(
        made,
        *(artifact(name, data, types.get(name, "x/y")) for name, data in kept.items()),
        artifact("pageinfo", b"{}", "application/json"),
    )
    reader = ArchiveReader.open(made.root)
    view = reader.read_page(rendered)
    assert [(one.name, one.media_type, one.length_bytes) for one in view.artifacts] == [
        ("view", "image/png", len(kept["view"])),
        ("text", "text/plain", len(kept["text"])),
        ("pdf", "x/y", len(kept["pdf"])),
    ]
    assert len(view.parts) == 2
    for name, data in kept.items():
        assert reader.artifact(rendered, name) == data
    for name in ("dom", "pageinfo"):
        with pytest.raises(CaptureNotFound, match=f"holds no {name}"):
            reader.artifact(rendered, name)
    reader.close()


def test_a_picture_too_large_for_memory_is_refused_not_cut(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = make_page(made, artifact("view", b"x" * 101, "image/png"))
    reader = ArchiveReader.open(made.root)
    monkeypatch.setattr(recorded, "BLOCK_LIMIT_BYTES", 100)
    with pytest.raises(LimitExceeded, match="view has over 100 bytes"):
        reader.artifact(rendered, "view")
    assert len(reader.read_page(rendered).artifacts) == 1
    reader.close()


def test_following_step_by_step_equals_a_rebuild(made: MadeArchive) -> None:
    reader = ArchiveReader.open(made.root)
    for _ in range(3):
        made.fill(1)
        reader.catch_up()
    with made.open_writer() as writer:
        writer.rotate()
    made.fill(2)
    reader.catch_up()
    followed, position = list(reader.captures()), reader.next_leaf
    reader.close()
    assert rebuild_catalog(made.root) == len(followed) == 5
    again = ArchiveReader.open(made.root)
    assert list(again.captures()) == followed
    assert again.next_leaf == position
    again.close()


def test_a_reader_that_is_open_sees_what_comes_after(made: MadeArchive) -> None:
    reader = ArchiveReader.open(made.root)
    (capture,) = made.fill(1)
    with pytest.raises(CaptureNotFound):
        reader.get_capture(capture.capture_id)
    reader.catch_up()
    assert reader.get_capture(capture.short_id) == capture
    reader.close()


def test_addresses_ids_and_pages_of_results(made: MadeArchive) -> None:
    captures = made.fill(3)
    reader = ArchiveReader.open(made.root)
    assert reader.count() == 3
    assert reader.find_captures("http://a.example/1") == [captures[1]]
    assert reader.newest(2) == [captures[2], captures[1]]
    assert reader.newest(2, 2) == [captures[0]]
    assert list(reader.captures(captures[1].leaf)) == captures[1:]
    for wrong in ("", "x", "%", "a" * 26, captures[0].capture_id.upper()):
        assert reader.find_all(wrong) == []
    reader.close()


def test_two_readers_that_follow_at_once_agree(made: MadeArchive) -> None:
    captures = made.fill(10)
    (made.root / "catalog.sqlite").unlink(missing_ok=True)
    results: list[list[Capture]] = []
    threads = [
        threading.Thread(target=lambda: results.append(read_all(made.root)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [captures] * 4


def test_a_catalog_of_another_version_is_made_again(
    made: MadeArchive, edit: Callable[..., None]
) -> None:
    captures = made.fill(2)
    edit(f"pragma user_version = {SCHEMA_VERSION + 1}")
    assert read_all(made.root) == captures


def test_where_nothing_can_be_written_the_catalog_is_in_memory(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    captures = made.fill(2)
    path = made.root / "catalog.sqlite"
    path.unlink(missing_ok=True)
    path.mkdir()  # cannot be opened as a database
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert read_all(made.root) == captures


def test_where_it_could_be_written_the_reason_is_said(made: MadeArchive) -> None:
    (made.root / "catalog.sqlite").unlink(missing_ok=True)
    (made.root / "catalog.sqlite").mkdir()
    with pytest.raises(StoreError, match="derived"):
        ArchiveReader.open(made.root)


# A catalog that lies


def test_a_catalog_that_points_elsewhere_gives_no_bytes(
    made: MadeArchive, edit: Callable[..., None]
) -> None:
    first, second = made.fill(2)
    read_all(made.root)
    edit(
        "update capture set offset_bytes = ?, length_bytes = ? where leaf = ?",
        second.location.offset_bytes,
        second.location.length_bytes,
        first.leaf,
    )
    reader = ArchiveReader.open(made.root)
    moved = reader.get_capture(first.capture_id)
    for read in (reader.open_slice, reader.read_exchange, reader.payload, reader.entry):
        with pytest.raises(DigestMismatch):
            read(moved)
    report = verify_capture(reader, moved, trust=made.trust())
    assert report.outcome is Outcome.FAILED
    assert "capture-elsewhere" in {finding.code for finding in report.findings}
    reader.close()


@pytest.mark.parametrize("offset", [0, 1, 100, 10**6, 2**40])
def test_a_wrong_offset_gives_no_bytes_and_no_foreign_error(
    offset: int, made: MadeArchive, edit: Callable[..., None]
) -> None:
    (capture,) = made.fill(1)
    read_all(made.root)
    edit("update capture set offset_bytes = ?", offset)
    reader = ArchiveReader.open(made.root)
    moved = reader.get_capture(capture.capture_id)
    for read in (reader.open_slice, reader.read_exchange, reader.entry):
        with pytest.raises(EvidenceError):
            read(moved)
    assert verify_capture(reader, moved, trust=made.trust()).outcome is Outcome.FAILED
    reader.close()


@pytest.mark.parametrize("segment", ["", "../../etc/passwd", "2025/01/x.warc.gz"])
def test_a_wrong_segment_name_opens_nothing(
    segment: str, made: MadeArchive, edit: Callable[..., None]
) -> None:
    (capture,) = made.fill(1)
    read_all(made.root)
    edit("update capture set segment = ?", segment)
    reader = ArchiveReader.open(made.root)
    moved = reader.get_capture(capture.capture_id)
    with pytest.raises(EvidenceError):
        reader.open_slice(moved)
    report = verify_capture(reader, moved, trust=made.trust())
    assert report.outcome is not Outcome.VERIFIED
    reader.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("target_uri", "http://b.example/0"),
        ("captured_at", "2020-01-01T00:00:00.000000Z"),
        ("outcome", "timeout"),
        ("http_status", 404),
        ("media_type", "text/plain"),
        ("source_id", "commission"),
        ("job_id", "a" * 26),
        ("role", "robots"),
        ("kind", "page"),
        ("payload_digest", "sha256:" + "0" * 64),
        ("override", "a.example:80=127.0.0.1:1"),
        ("refers_to", "0" * 64),
    ],
)
def test_nothing_else_than_was_signed_is_shown_as_verified(
    column: str, value: object, made: MadeArchive, edit: Callable[..., None]
) -> None:
    (capture,) = made.fill(1)
    read_all(made.root)
    edit(f"update capture set {column} = ?", value)
    reader = ArchiveReader.open(made.root)
    report = verify_capture(
        reader, reader.get_capture(capture.capture_id), trust=made.trust()
    )
    reader.close()
    assert report.outcome is Outcome.FAILED
    (failed,) = report.of(Outcome.FAILED)
    assert (failed.step, failed.code) == (6, "catalog-differs")
    assert column in failed.detail
    assert "evidence rebuild" in failed.detail


def test_a_made_up_row_is_never_verified(
    made: MadeArchive, edit: Callable[..., None]
) -> None:
    (capture,) = made.fill(1)
    read_all(made.root)
    edit("update capture set capture_id = ?, leaf = 999", "0" * 64)
    reader = ArchiveReader.open(made.root)
    made_up = reader.get_capture("0" * 64)
    report = verify_capture(reader, made_up, trust=made.trust())
    assert report.outcome is Outcome.FAILED
    assert capture.capture_id != made_up.capture_id
    reader.close()


def test_a_closed_writer_refuses_further_work(made: MadeArchive) -> None:
    writer = made.open_writer()
    writer.close()
    writer.close()
    with pytest.raises(StoreError, match="closed already"):
        writer.capture(make_exchange("http://a.example/", b"x", made)).result()
