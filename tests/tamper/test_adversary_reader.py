"""Whoever edits catalog, texts or segments gets nothing shown as VERIFIED that is not.

The catalog and the index are derived and never signed: whatever stands in them, a
reader ends with what was signed, with a report that is not VERIFIED, or with one
sentence; never with another's content, a traceback, or not at all.
"""

import gzip
import os
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from archive.capture import Capture
from archive.digest import Digest
from archive.errors import EvidenceError, StoreError
from archive.store.drafts import PageDraft
from archive.store.reader import ArchiveReader
from archive.store.texts import find_text, text_path, write_text
from archive.verify.capture import verify_capture
from archive.verify.report import Outcome
from tests.support.archives import START, MadeArchive, make_archive, make_exchange
from tests.support.command import Command
from tests.support.forgery import (
    Forger,
    block,
    copy_of,
    last_segment,
    link_to_copy,
    pipe_at,
    rewrite,
    segments,
)
from web.app import create_app
from web.services import Services, TrustState
from web.settings import WebSettings

pytestmark = pytest.mark.timeout(60)
APP, REPLAY = "http://127.0.0.1:8000", "http://127.0.0.2:8001"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    """A job of two captures, and a page of one of them and a part."""
    made = make_archive(tmp_path_factory.mktemp("origin"))
    captures = made.fill(2)
    with made.open_writer() as writer:
        part = writer.capture(
            make_exchange("http://a.example/style.css", b"p{}", made)
        ).result()
        writer.page(
            PageDraft(
                target_uri=captures[0].target_uri,
                main=captures[0],
                captures=(captures[0], part),
                rendering="static",
                page_info={"parts": []},
                job_id=None,
                source_id=None,
            )
        ).result()
    read(made).close()
    return made


@pytest.fixture
def made(origin: MadeArchive, tmp_path: Path) -> MadeArchive:
    """A copy to attack, its catalog up to date."""
    return copy_of(origin, tmp_path / "archive")


def read(made: MadeArchive) -> ArchiveReader:
    """Open the archive as every reading command does."""
    return ArchiveReader.open(made.root)


def edit(made: MadeArchive, statement: str, *values: object) -> None:
    """Change the catalog behind everybody's back."""
    db = sqlite3.connect(made.root / "catalog.sqlite")
    with db:
        db.execute(statement, values)
    db.close()


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
    edit(made, f"update capture set {column} = ? where {where}", value)
    reader = read(made)
    (row,) = reader.find_captures(
        str(value) if column == "target_uri" else "http://a.example/1"
    )
    report = verify_capture(reader, row, trust=made.trust())
    reader.close()
    assert report.outcome is not Outcome.VERIFIED


COLUMNS = [*dict.fromkeys(column for column, _ in LIES)]


@pytest.mark.parametrize("value", ["\x00x", -5, 1 << 62, b"\xff"])
@pytest.mark.parametrize("column", COLUMNS)
def test_nonsense_in_the_catalog_ends_in_a_sentence(
    made: MadeArchive, column: str, value: object
) -> None:
    where = "target_uri = 'http://a.example/1'"
    try:
        edit(made, f"update capture set {column} = ? where {where}", value)
        reader = read(made)
        for capture in reader.captures():
            report = verify_capture(reader, capture, trust=made.trust())
            is_other = capture.target_uri != "http://a.example/1" or column == "leaf"
            assert is_other or report.outcome is not Outcome.VERIFIED
            reader.read_exchange(capture)
    except (EvidenceError, sqlite3.DatabaseError):
        pass


def test_a_statement_without_its_slice_is_no_capture(made: MadeArchive) -> None:
    """The catalog points at the statement record itself: no records before it."""
    edit(made, "update capture set offset_bytes = offset_bytes + length_bytes")
    assert outcome_of(made, "http://a.example/1") is not Outcome.VERIFIED


def test_the_slice_of_a_job_is_never_shown_as_a_capture(made: MadeArchive) -> None:
    """A signed and logged entry, right in all: only it is no capture of a page."""
    edit(
        made,
        "update capture set (segment, offset_bytes, length_bytes, leaf) = (select "
        "segment, offset_bytes, length_bytes, 1 from job) "
        "where target_uri = 'http://a.example/1'",
    )
    slice_of = job_slice(made)
    edit(
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
    edit(
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
    edit(
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


def capture_at(reader: ArchiveReader, uri: str, kind: str = "capture") -> Capture:
    """The capture of an address."""
    return next(c for c in reader.find_captures(uri) if c.kind == kind)


def test_a_page_keeps_its_main_capture(made: MadeArchive) -> None:
    """The catalog says another one: what was signed is shown."""
    reader = read(made)
    wrong = capture_at(reader, "http://a.example/1").capture_id
    right = capture_at(reader, "http://a.example/0").capture_id
    edit(made, "update part set capture_id = ? where position = 0", wrong)
    page = capture_at(reader, "http://a.example/0", "page")
    assert reader.read_page(page).main_id == right
    reader.close()


def test_a_page_is_not_attached_to_another_capture(made: MadeArchive) -> None:
    reader = read(made)
    other = capture_at(reader, "http://a.example/1")
    edit(made, "update part set capture_id = ? where position = 0", other.capture_id)
    assert reader.page_of(other) is None
    reader.close()


def test_a_page_is_not_verified_with_a_main_capture_that_is_not(
    made: MadeArchive,
) -> None:
    """Its address and times are shown on the page of the page capture."""
    edit(
        made,
        "update capture set captured_at = '2020-01-01T00:00:00.000000Z' "
        "where target_uri = 'http://a.example/0' and kind = 'capture'",
    )
    outcome = outcome_of(made, "http://a.example/0", "page")
    assert outcome is not Outcome.VERIFIED


def test_a_page_without_its_main_capture_is_not_verified(made: MadeArchive) -> None:
    where = "target_uri = 'http://a.example/0' and kind = 'capture'"
    edit(made, f"delete from capture where {where}")
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
    edit(made, "alter table capture rename to hidden")
    edit(
        made,
        "create view capture as with recursive n(x) as (select 1 union all select "
        "x + 1 from n) select x as leaf, hidden.* from n, hidden",
    )
    reader = read(made)
    assert reader.count() == 4
    reader.close()


def test_a_trigger_in_the_catalog_does_not_run(made: MadeArchive) -> None:
    edit(
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
    edit(made, f"update progress set {column} = ?", value)
    with suppress(EvidenceError, sqlite3.DatabaseError):
        read(made).close()


# Segments under a reader


def test_a_pipe_in_place_of_a_segment_ends_in_a_sentence(made: MadeArchive) -> None:
    pipe_at(made.root / "segments/2025/01/00000001-aaaaaaaa.warc.gz.open")
    with pytest.raises(StoreError, match="not a regular file"):
        read(made)


def test_a_link_in_place_of_a_segment_is_not_followed(
    made: MadeArchive, tmp_path: Path
) -> None:
    (made.root / "catalog.sqlite").unlink()
    link_to_copy(segments(made.root)[0], tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="is a link"):
        read(made)


def forge_metadata(made: MadeArchive, data: bytes) -> None:
    """Append a capture of a stranger whose metadata record holds this JSON."""
    forger = Forger.stranger(made)
    real = forger.capture("http://a.example/forged")
    made_of = forger.resources(
        "capture", {}, block("http://a.example/forged", data, kind="metadata")
    )
    assert made_of.facts is not None
    row = made_of.facts.rows[0]
    predicate = {
        **real.predicate,
        "records": [
            {
                "id": row.id,
                "type": row.type,
                "target_uri": row.target_uri,
                "date": row.date,
                "offset": 0,
                "length": row.length,
                "member": str(row.member),
                "record": str(row.record),
                "block": str(row.block),
                "payload": None,
            }
        ],
    }
    forger.append(forger.entry(replace(made_of, predicate=predicate)))


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 500_000,
        b'{"context":{"role":"\\ud800"}}',
        b'{"context":{"role":{"a":[1]}}}',
        b'{"context":{"role":1e999}}',
        b'{"context":{"role":' + b"9" * 5000 + b"}}",
        b"\xff\xfe",
    ],
)
def test_hostile_metadata_does_not_stop_a_reader(
    made: MadeArchive, data: bytes
) -> None:
    forge_metadata(made, data)
    reader = read(made)
    for capture in reader.captures():
        reader.read_exchange(capture)
    (forged,) = reader.find_captures("http://a.example/forged")
    report = verify_capture(reader, forged, trust=made.trust())
    assert report.outcome is not Outcome.VERIFIED
    reader.close()


def test_a_forged_entry_does_not_displace_a_capture(made: MadeArchive) -> None:
    """It says the leaf index of a capture that is there."""
    reader = read(made)
    victim = capture_at(reader, "http://a.example/1")
    forger = Forger.stranger(made)
    draft = forger.capture("http://a.example/forged")
    forger.append(forger.entry(draft, seq=victim.leaf))
    reader.catch_up()
    assert reader.find_captures("http://a.example/1") == [victim]
    reader.close()


# Texts


@pytest.fixture
def text(made: MadeArchive) -> Digest:
    """A kept text."""
    return write_text(made.root, "Вынікі галасавання\n")


def test_a_text_that_was_swapped_is_refused(made: MadeArchive, text: Digest) -> None:
    rewrite(text_path(made.root, text), gzip.compress("Другія вынікі\n".encode()))
    with pytest.raises(EvidenceError, match=text.hex):
        find_text(made.root, text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no gzip",
        gzip.compress(b"\xff\xfe no text"),
        gzip.compress(b"one") + gzip.compress(b"two"),
        gzip.compress(bytes(200 << 20), 9),
        zlib.compress(b"no gzip either"),
    ],
    ids=["empty", "foreign", "not-utf-8", "two-members", "bomb", "zlib"],
)
def test_a_damaged_text_ends_in_a_sentence(
    made: MadeArchive, text: Digest, data: bytes
) -> None:
    rewrite(text_path(made.root, text), data)
    with pytest.raises(EvidenceError):
        find_text(made.root, text)


def test_a_text_file_without_end_is_not_read(made: MadeArchive, text: Digest) -> None:
    path = text_path(made.root, text)
    path.chmod(0o600)
    os.truncate(path, 1 << 42)
    with pytest.raises(EvidenceError):
        find_text(made.root, text)


def test_a_link_in_place_of_a_text_is_not_followed(
    made: MadeArchive, text: Digest, tmp_path: Path
) -> None:
    link_to_copy(text_path(made.root, text), tmp_path / "elsewhere")
    with pytest.raises(EvidenceError):
        find_text(made.root, text)


# What the pages show


@dataclass
class NoSearch:
    """No index."""

    def catch_up(self) -> None:
        """Nothing to do."""

    def text_of(self, _capture_id: str) -> None:
        """No text."""

    def claimed_of(self, _capture_id: str) -> None:
        """No date."""


@pytest.fixture
def page_of(made: MadeArchive) -> Iterator[Any]:
    """The record page of a capture, as HTML, by its address in the catalog."""
    readers: list[ArchiveReader] = []

    def show(uri: str, kind: str = "capture") -> str:
        reader, trust = read(made), made.trust()
        readers.append(reader)
        services = Services(
            archive=reader,
            search=NoSearch(),  # type: ignore[arg-type]
            verify=lambda one: verify_capture(reader, one, trust=trust),
            verify_archive=None,
            bundle=None,
            trust=TrustState(fingerprint="f" * 64),
            clock=lambda: START,
            monotonic=lambda: 0.0,
            random_bytes=os.urandom,
        )
        settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
        client = Client(create_app(settings, services).app)
        capture = capture_at(reader, uri, kind)
        answer = client.get(f"/c/{capture.short_id}", base_url=APP)
        assert answer.status_code == 200, "no error page: the report says what is wrong"
        return answer.get_data(as_text=True)

    yield show
    for reader in readers:
        reader.close()


VERIFIED_MARK = "badge-verified"


def test_the_page_of_a_true_capture_has_its_mark(page_of: Any) -> None:
    assert VERIFIED_MARK in page_of("http://a.example/1")
    assert VERIFIED_MARK in page_of("http://a.example/0", "page")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("captured_at", "2020-01-01T00:00:00.000000Z"),
        ("http_status", 404),
        ("offset_bytes", 1),
        ("length_bytes", 100 << 20),
        ("segment", "2025/01/00000007-aaaaaaaa.warc.gz"),
    ],
)
@pytest.mark.parametrize("kind", ["capture", "page"])
def test_a_page_with_a_lie_of_the_catalog_has_no_mark(
    made: MadeArchive, page_of: Any, column: str, value: object, kind: str
) -> None:
    """On the page of the capture, and of the page capture that it is main of."""
    where = "target_uri = 'http://a.example/0' and kind = 'capture'"
    edit(made, f"update capture set {column} = ? where {where}", value)
    assert VERIFIED_MARK not in page_of("http://a.example/0", kind)


@pytest.mark.parametrize(
    "place", ["log/checkpoint", "log/tile/0/000.p", "log/tile/entries/000.p"]
)
@pytest.mark.parametrize("become", [pipe_at, Path.mkdir, Path.touch])
def test_a_page_over_a_broken_log_has_no_mark(
    made: MadeArchive, page_of: Any, place: str, become: Callable[[Path], None]
) -> None:
    path = made.root / place
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    become(path)
    assert VERIFIED_MARK not in page_of("http://a.example/1")


def test_a_page_of_a_forged_capture_has_no_mark(
    made: MadeArchive, page_of: Any
) -> None:
    for forger in (Forger.stranger(made), Forger.insider(made)):
        forger.append(forger.entry(forger.capture("http://a.example/forged")))
    assert VERIFIED_MARK not in page_of("http://a.example/forged")


def test_commands_over_a_forged_catalog_end_in_a_sentence(
    made: MadeArchive, tmp_path: Path
) -> None:
    """No traceback: `Command.run` fails the test at one."""
    edit(made, "update capture set outcome = 'nonsense', captured_at = 'never'")
    command = Command(home=tmp_path, archive=made.root, trust=made.trust_folder)
    assert command.run("list").returncode == 6
    assert command.run("show", "0" * 64).returncode == 6
    assert command.run("rebuild").returncode == 0
    assert command.run("list").returncode == 0
