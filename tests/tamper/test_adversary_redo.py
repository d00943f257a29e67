"""Whoever writes into the redo file of the spool makes no operator sign his words.

A writer that opens the archive writes of it what it signed itself, and nothing else.
"""

import io
from pathlib import Path

import pytest

from archive.warc.reading import read_records
from tests.support.archives.archives import MadeArchive, fill
from tests.support.attacks.attacked import assert_put_right, captured, make_two_segments
from tests.support.attacks.forged_entries import FORGERIES, forged_entries
from tests.support.attacks.forgery import (
    append,
    last_segment,
    pieces,
    redo_entry,
    rewrite,
)

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    return make_two_segments(tmp_path_factory.mktemp("origin"))


def redo_of(made: MadeArchive) -> Path:
    """The redo file of the open segment."""
    (path,) = (made.root / "spool").glob("*.batch")
    return path


def plant(made: MadeArchive, data: bytes) -> None:
    """Write an entry behind the last one of the redo file."""
    path = last_segment(made.root)
    name = path.relative_to(made.root / "segments").as_posix().removesuffix(".open")
    statement = len(data) - statement_offset(data)
    entry = redo_entry(name, path.stat().st_size, data, statement=statement)
    append(redo_of(made), entry)


def statement_offset(data: bytes) -> int:
    """Where the statement record of an entry begins."""
    spans = [record.span.offset for record in read_records(io.BytesIO(data))]
    return spans[-1]


# Forged statements


@pytest.mark.parametrize("case", FORGERIES)
def test_a_forged_entry_of_the_redo_file_is_not_written(
    made: MadeArchive, case: str
) -> None:
    before = captured(made)
    plant(made, forged_entries(made)[case])
    assert_put_right(made, before)


@pytest.mark.parametrize("case", FORGERIES)
def test_a_forged_entry_of_the_redo_file_does_not_mend_a_cut(
    made: MadeArchive, case: str
) -> None:
    before = captured(made)
    plant(made, forged_entries(made)[case])
    path = last_segment(made.root)
    rewrite(path, path.read_bytes()[:-7])
    assert_put_right(made, before)


# Forged redo files


@pytest.mark.parametrize(
    "segment",
    [
        "../../../../escaped/00000002-aaaaaaaa.warc.gz",
        "2025/01/../../../escaped-aaaaaaaa.warc.gz",
        "/2025/01/00000002-aaaaaaaa.warc.gz",
        "2025/01/00000000-zzzzzzzz.warc.gz",
        "2025/01/00000009-zzzzzzzz.warc.gz",
        "nonsense",
        "",
    ],
)
def test_a_redo_file_leads_to_no_other_name(made: MadeArchive, segment: str) -> None:
    before = captured(made)
    names = {path for path in made.root.parent.rglob("*") if path.is_dir()}
    data = pieces(last_segment(made.root))[1]
    statement = len(data) - statement_offset(data)
    entry = redo_entry(segment, 0, data, statement=statement)
    path = made.root / "spool" / "00000002.batch"
    path.write_bytes(b"evidence-spool/v1\n" + entry)
    assert_put_right(made, before)
    assert {path for path in made.root.parent.rglob("*") if path.is_dir()} == names
    assert not list((made.root / "segments").rglob("*zzzzzzzz*"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"another magic\n" + b"x" * 100,
        b"evidence-spool/v1\n" + b"\xff" * 100,
        b"evidence-spool/v1\n" + b"\0" * 7 + b"\x20" + b"[" * 32,
        b"evidence-spool/v1\n" + b"\0" * 6 + b"\x0f\xff" + b"[" * 4095,
        b"evidence-spool/v1\n" + redo_entry("x", 0, b"abc", statement=1, slice=-50),
        b"evidence-spool/v1\n" + redo_entry("x", 0, b"abc", statement=1, offset=-9),
        b"evidence-spool/v1\n" + redo_entry("x", 0, b"abc", statement=1, slice=1 << 50),
        b"evidence-spool/v1\n" + redo_entry("x", 0, b"abc", statement=1, slice="1"),
    ],
)
@pytest.mark.parametrize("serial", [1, 2, 7])
def test_a_damaged_redo_file_changes_nothing(
    made: MadeArchive, serial: int, data: bytes
) -> None:
    before = captured(made)
    (made.root / "spool" / f"{serial:08d}.batch").write_bytes(data)
    assert_put_right(made, before)


def test_a_redo_file_planted_for_the_next_segment_does_not_spoil_it(
    made: MadeArchive,
) -> None:
    """Written behind foreign bytes, its entries could not be read back."""
    (made.root / "spool" / "00000002.batch").write_bytes(b"no redo file\n")
    with made.open_writer() as writer:
        writer.rotate()
        fill(writer, made, 2)
    before, path = captured(made), last_segment(made.root)
    assert path.name.startswith("00000002")
    rewrite(path, path.read_bytes()[:3000])
    assert_put_right(made, before)
