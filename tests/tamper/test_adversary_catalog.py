"""Whoever edits the catalog gets nothing shown as VERIFIED that is not.

The catalog is derived and never signed: whatever stands in it, a reader ends with what
was signed, with a report that is not VERIFIED, or with one sentence; never with
another's content, a traceback, or not at all.
"""

import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from archive.digest import Digest
from archive.errors import EvidenceError, StoreError
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import Outcome
from tests.support.archives.archives import MadeArchive
from tests.support.attacks.attacked import capture_at, edit_catalog, paged_archive, read
from tests.support.attacks.forgery import last_segment, pipe_at

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    """A job of two captures, and a page of one of them and a part."""
    return paged_archive(tmp_path_factory.mktemp("origin"))


def outcome_of(made: MadeArchive, target_uri: str, kind: str = "capture") -> Outcome:
    """What is said of the capture that the catalog has under an address."""
    reader = read(made)
    try:
        found = [c for c in reader.find_captures(target_uri) if c.kind == kind]
        return verify_capture(reader, found[0], trust=made.trust()).outcome
    finally:
        reader.close()


def test_the_untouched_captures_are_verified(made: MadeArchive) -> None:
    assert outcome_of(made, "http://a.example/0") is Outcome.VERIFIED
    assert outcome_of(made, "http://a.example/0", "page") is Outcome.VERIFIED


# The catalog says something else


LIES = [
    ("target_uri", "http://a.example/never"),
    ("captured_at", "2020-01-01T00:00:00.000000Z"),
    ("outcome", "timeout"),
    ("http_status", 404),
    ("media_type", "text/plain"),
    ("source_id", "commission"),
    ("job_id", "a" * 26),
    ("payload_digest", str(Digest.of(b"x"))),
    ("block_digest", str(Digest.of(b"x"))),
    ("refers_to", "0" * 64),
    ("role", "part"),
    ("override", "a.example:80=127.0.0.1:80"),
    ("segment", "2025/01/00000007-aaaaaaaa.warc.gz"),
    ("offset_bytes", 0),
    ("offset_bytes", 1),
    ("offset_bytes", 1 << 40),
    ("length_bytes", 1),
    ("length_bytes", 0),
    ("length_bytes", 100 << 20),
    ("leaf", 99),
    ("capture_id", "0" * 64),
    ("kind", "page"),
]


@pytest.mark.parametrize(("column", "value"), LIES)
def test_a_lie_of_the_catalog_is_never_verified(
    made: MadeArchive, column: str, value: object
) -> None:
    where = "target_uri = 'http://a.example/1'"
    edit_catalog(made, f"update capture set {column} = ? where {where}", value)
    reader = read(made)
    (row,) = reader.find_captures(
        str(value) if column == "target_uri" else "http://a.example/1"
    )
    report = verify_capture(reader, row, trust=made.trust())
    reader.close()
    assert report.outcome is not Outcome.VERIFIED


NONSENSE = [
    (column, value)
    for column in dict.fromkeys(column for column, _ in LIES)
    for value in ("\x00x", -5, 1 << 62, b"\xff")
    if column != "leaf" or isinstance(value, int)  # SQLite takes nothing else there
]


@pytest.mark.parametrize(("column", "value"), NONSENSE)
def test_nonsense_in_the_catalog_ends_in_a_sentence(
    made: MadeArchive, column: str, value: object
) -> None:
    where = "target_uri = 'http://a.example/1'"
    edit_catalog(made, f"update capture set {column} = ? where {where}", value)
    with suppress(EvidenceError):
        reader = read(made)
        for capture in reader.captures():
            report = verify_capture(reader, capture, trust=made.trust())
            is_other = capture.target_uri != "http://a.example/1" or column == "leaf"
            assert is_other or report.outcome is not Outcome.VERIFIED
            reader.read_exchange(capture)


def test_a_statement_without_its_slice_is_no_capture(made: MadeArchive) -> None:
    """The catalog points at the statement record itself: no records before it."""
    edit_catalog(made, "update capture set offset_bytes = offset_bytes + length_bytes")
    assert outcome_of(made, "http://a.example/1") is not Outcome.VERIFIED


def test_the_slice_of_a_job_is_never_shown_as_a_capture(made: MadeArchive) -> None:
    """A signed and logged entry, right in all: only it is no capture of a page."""
    edit_catalog(
        made,
        "update capture set (segment, offset_bytes, length_bytes, leaf) = (select "
        "segment, offset_bytes, length_bytes, 1 from job) "
        "where target_uri = 'http://a.example/1'",
    )
    slice_of = job_slice(made)
    edit_catalog(
        made,
        "update capture set capture_id = ?, target_uri = ?, captured_at = ? "
        "where target_uri = 'http://a.example/1'",
        Digest.of(slice_of).hex,
        "http://president.example/resigned",
        "2020-01-01T00:00:00.000000Z",
    )
    outcome = outcome_of(made, "http://president.example/resigned")
    assert outcome is not Outcome.VERIFIED


def job_slice(made: MadeArchive) -> bytes:
    """The bytes of the opening record of the one job."""
    db = sqlite3.connect(made.root / "catalog.sqlite")
    row = db.execute("select offset_bytes, length_bytes from job").fetchone()
    db.close()
    return last_segment(made.root).read_bytes()[row[0] : row[0] + row[1]]


def test_a_slice_said_to_be_too_long_to_check_is_checked(made: MadeArchive) -> None:
    """Another capture's bytes, under a length at which nobody looked at the digest."""
    edit_catalog(
        made,
        "update capture set offset_bytes = (select offset_bytes from capture where "
        "target_uri = 'http://a.example/style.css'), length_bytes = 100000000 "
        "where target_uri = 'http://a.example/1'",
    )
    reader = read(made)
    (row,) = reader.find_captures("http://a.example/1")
    with pytest.raises(EvidenceError):
        reader.read_exchange(row)
    reader.close()


def test_an_empty_slice_is_no_exchange(made: MadeArchive) -> None:
    empty = Digest.of(b"")
    edit_catalog(
        made,
        "update capture set capture_id = ?, short_id = ?, length_bytes = 0 "
        "where target_uri = 'http://a.example/1'",
        empty.hex,
        empty.short_id,
    )
    reader = read(made)
    with pytest.raises(EvidenceError):
        reader.read_exchange(reader.get_capture(empty.hex))
    reader.close()


# Pages


def test_a_page_keeps_its_main_capture(made: MadeArchive) -> None:
    """The catalog says another one: what was signed is shown."""
    reader = read(made)
    wrong = capture_at(reader, "http://a.example/1").capture_id
    right = capture_at(reader, "http://a.example/0").capture_id
    edit_catalog(made, "update part set capture_id = ? where position = 0", wrong)
    page = capture_at(reader, "http://a.example/0", "page")
    assert reader.read_page(page).main_id == right
    reader.close()


def test_a_page_is_not_attached_to_another_capture(made: MadeArchive) -> None:
    reader = read(made)
    other = capture_at(reader, "http://a.example/1")
    edit_catalog(
        made, "update part set capture_id = ? where position = 0", other.capture_id
    )
    assert reader.page_of(other) is None
    reader.close()


def test_a_page_is_not_verified_with_a_main_capture_that_is_not(
    made: MadeArchive,
) -> None:
    """Its address and times are shown on the page of the page capture."""
    edit_catalog(
        made,
        "update capture set captured_at = '2020-01-01T00:00:00.000000Z' "
        "where target_uri = 'http://a.example/0' and kind = 'capture'",
    )
    outcome = outcome_of(made, "http://a.example/0", "page")
    assert outcome is not Outcome.VERIFIED


def test_a_page_without_its_main_capture_is_not_verified(made: MadeArchive) -> None:
    where = "target_uri = 'http://a.example/0' and kind = 'capture'"
    edit_catalog(made, f"delete from capture where {where}")
    reader = read(made)
    page = capture_at(reader, "http://a.example/0", "page")
    report = verify_capture(reader, page, trust=made.trust())
    reader.close()
    assert report.outcome is Outcome.NOT_CHECKED
    assert "page-unfounded" in {finding.code for finding in report.findings}


# The catalog is something else


def test_a_view_without_end_in_place_of_a_table_is_not_asked(
    made: MadeArchive,
) -> None:
    edit_catalog(made, "alter table capture rename to hidden")
    edit_catalog(
        made,
        "create view capture as with recursive n(x) as (select 1 union all select "
        "x + 1 from n) select x as leaf, hidden.* from n, hidden",
    )
    reader = read(made)
    assert reader.count() == 4
    reader.close()


def test_a_trigger_in_the_catalog_does_not_run(made: MadeArchive) -> None:
    edit_catalog(
        made,
        "create trigger t after insert on capture begin "
        "update capture set target_uri = 'http://forged.example/'; end",
    )
    made.fill(1, job=False)
    reader = read(made)
    assert "http://forged.example/" not in {c.target_uri for c in reader.captures()}
    reader.close()


@pytest.mark.parametrize(
    "content", [b"", b"x" * 5000, b"SQLite format 3\0" + bytes(99)]
)
def test_what_is_no_catalog_is_made_again(made: MadeArchive, content: bytes) -> None:
    (made.root / "catalog.sqlite").write_bytes(content)
    reader = read(made)
    assert reader.count() == 4
    reader.close()


def test_a_link_in_place_of_the_catalog_is_not_written_through(
    made: MadeArchive, tmp_path: Path
) -> None:
    (made.root / "catalog.sqlite").unlink()
    (made.root / "catalog.sqlite").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        read(made)
    assert not (tmp_path / "elsewhere").exists()


def test_a_pipe_in_place_of_the_catalog_is_not_waited_for(made: MadeArchive) -> None:
    pipe_at(made.root / "catalog.sqlite")
    with pytest.raises(StoreError):
        read(made)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("segment", "nonsense"),
        ("segment", "2025/01/99999999-aaaaaaaa.warc.gz"),
        ("offset_bytes", -1),
        ("offset_bytes", "x"),
        ("offset_bytes", 17),
        ("next_leaf", "x"),
        ("next_leaf", 1 << 40),
    ],
)
def test_progress_that_was_never_made_ends_in_a_sentence(
    made: MadeArchive, column: str, value: object
) -> None:
    edit_catalog(made, f"update progress set {column} = ?", value)
    with suppress(EvidenceError):
        read(made).close()
