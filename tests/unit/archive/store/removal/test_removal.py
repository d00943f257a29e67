"""Lawful removal: one entry goes, with its text; all else stays, and stays provable."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.attest.records.extract import ExtractLine, ExtractRun
from archive.capture import Capture
from archive.digest import Digest, format_short_id
from archive.errors import CaptureRemoved, EvidenceError
from archive.files import Files
from archive.store.reading.reader import ArchiveReader
from archive.store.rebuild import rebuild_catalog
from archive.store.removal.removal import Removed
from archive.store.segments.segment import list_segments
from archive.store.texts import text_path
from archive.store.tombstones import RemovalOrder
from archive.store.writing.settings import WriterSettings
from archive.store.writing.writer import ArchiveWriter
from archive.verify.reporting.report import Outcome, Report
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.archives.texts import write_text

ORDER = RemovalOrder(reason="names of victims", authority="Court of Ghent, 12/2025")


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    """An archive with nothing in it yet."""
    return make_archive(tmp_path)


def keep_texts(made: MadeArchive, texts: dict[str, list[Capture]]) -> None:
    """State texts, each as that of some captures."""
    lines = []
    for text, captures in texts.items():
        digest = write_text(made.root, text)
        file = Digest.of(text_path(made.root, digest).read_bytes())
        lines += [
            ExtractLine(
                capture=capture.capture_id, extractor="html/1", text=digest, file=file
            )
            for capture in captures
        ]
    run = ExtractRun(
        run_id=format_short_id(made.random_bytes(16)),
        finished_at=made.clock(),
        extractor="html/1",
        lines=tuple(lines),
    )
    with made.open_writer() as writer:
        writer.state_extract(run).result()


def remove(made: MadeArchive, *captures: Capture) -> list[Removed]:
    with made.open_writer() as writer:
        return [writer.remove(capture, ORDER) for capture in captures]


def verified(made: MadeArchive) -> Report:
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED, list(report.of(Outcome.FAILED))
    return report


def all_bytes(root: Path) -> bytes:
    """Everything below a folder but the log and its copies of nothing."""
    return b"".join(
        path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    )


@pytest.fixture
def reader(made: MadeArchive) -> Iterator[ArchiveReader]:
    """A reader that was open before the removal, as a server's is."""
    made.fill(1, job=False)
    reader = ArchiveReader.open(made.root)
    yield reader
    reader.close()


@pytest.mark.parametrize("where", ["open", "sealed"])
def test_the_archive_is_verified_and_names_what_was_removed(
    made: MadeArchive, where: str
) -> None:
    captures = made.fill(4)
    if where == "sealed":
        with made.open_writer() as writer:
            writer.rotate()
        made.fill(2)
    remove(made, captures[1])
    report = verified(made)
    (notice,) = report.notices
    for words in (
        captures[1].short_id,
        f"entry {captures[1].leaf}",
        "names of victims",
        "Court of Ghent, 12/2025",
    ):
        assert words in notice


def test_nothing_of_the_capture_is_left_anywhere(made: MadeArchive) -> None:
    captures = made.fill(3)
    (record_id,) = {captures[1].capture_id[:16]}
    body = f"<p>page {captures[1].target_uri}</p>".encode() * 20
    assert body in all_bytes(made.root)
    remove(made, captures[1])
    left = all_bytes(made.root)
    assert body not in left
    assert str(captures[1].payload_digest).encode() not in left
    assert record_id.encode() in left, "its id stays: in job record and tombstone"


def test_all_other_captures_keep_their_bytes(made: MadeArchive) -> None:
    captures = made.fill(4)
    before = ArchiveReader.open(made.root)
    slices = {c.capture_id: before.open_slice(c).read() for c in before.captures()}
    before.close()
    remove(made, captures[0], captures[2])
    after = ArchiveReader.open(made.root)
    left = {c.capture_id: after.open_slice(c).read() for c in after.captures()}
    after.close()
    for capture in (captures[0], captures[2]):
        del slices[capture.capture_id]
    assert left == slices


def test_a_segment_may_lose_several_entries_one_after_the_other(
    made: MadeArchive,
) -> None:
    captures = made.fill(5)
    remove(made, captures[3], captures[1])
    remove(made, captures[2])
    assert len(verified(made).notices) == 3
    rebuild_catalog(made.root)
    reader = ArchiveReader.open(made.root)
    kept = [capture.capture_id for capture in reader.captures()]
    reader.close()
    assert kept == [captures[0].capture_id, captures[4].capture_id]


def test_a_reader_that_is_open_follows(
    made: MadeArchive, reader: ArchiveReader
) -> None:
    captures = made.fill(3)
    reader.catch_up()
    remove(made, captures[0])
    reader.catch_up()
    with pytest.raises(CaptureRemoved, match="names of victims"):
        reader.get_capture(captures[0].short_id)
    assert reader.find_captures(captures[0].target_uri)[:-1] == []
    for capture in captures[1:]:
        found = reader.get_capture(capture.capture_id)
        assert reader.open_slice(found).read()
    (tombstone,) = reader.tombstones()
    assert (tombstone.leaf, tombstone.capture_id) == (
        captures[0].leaf,
        captures[0].capture_id,
    )


def test_a_catalog_half_way_through_the_segment_follows(made: MadeArchive) -> None:
    """Its place in the file is no place of the file that was written anew."""
    (first,) = made.fill(1, job=False)
    ArchiveReader.open(made.root).close()
    catalog = made.root / "catalog.sqlite"
    old = catalog.read_bytes()
    captures = made.fill(4)
    remove(made, captures[1], captures[3])
    catalog.write_bytes(old)
    reader = ArchiveReader.open(made.root)
    left = [first, captures[0], captures[2]]
    assert [capture.capture_id for capture in reader.captures()] == [
        capture.capture_id for capture in left
    ]
    for capture in reader.captures():
        assert reader.open_slice(capture).read()
    reader.close()


def test_a_catalog_made_again_is_the_one_that_followed(made: MadeArchive) -> None:
    captures = made.fill(4)
    remove(made, captures[2])
    ArchiveReader.open(made.root).close()
    followed = dump(made.root)
    rebuild_catalog(made.root)
    assert dump(made.root) == followed


def dump(root: Path) -> list[str]:
    db = sqlite3.connect(root / "catalog.sqlite")
    lines = sorted(db.iterdump())
    db.close()
    return lines


def test_a_text_goes_with_the_last_capture_that_has_it(made: MadeArchive) -> None:
    captures = made.fill(4)
    keep_texts(made, {"only here": captures[:1], "in two": captures[1:3]})
    only, both = (
        text_path(made.root, Digest.of(text)) for text in (b"only here", b"in two")
    )
    (first,) = remove(made, captures[0])
    assert (first.texts, only.exists(), both.exists()) == (1, False, True)
    verified(made)
    (second,) = remove(made, captures[1])
    assert (second.texts, both.exists()) == (0, True)
    verified(made)
    (third,) = remove(made, captures[2])
    assert (third.texts, both.exists()) == (1, False)
    verified(made)


def test_a_text_that_is_missing_without_a_removal_is_found(made: MadeArchive) -> None:
    captures = made.fill(2)
    keep_texts(made, {"in two": captures})
    remove(made, captures[0])
    text_path(made.root, Digest.of(b"in two")).unlink()
    report = verify_archive(made.root, trust=made.trust())
    assert [f.code for f in report.of(Outcome.FAILED)] == ["text-missing"]


def test_a_text_brought_back_after_the_removal_is_said(made: MadeArchive) -> None:
    captures = made.fill(2)
    keep_texts(made, {"only here": captures[:1]})
    remove(made, captures[0])
    write_text(made.root, "only here")
    assert any("still there" in notice for notice in verified(made).notices)


def test_a_tail_in_quarantine_with_the_capture_goes_too(made: MadeArchive) -> None:
    captures = made.fill(2)
    path = list_segments(made.root / "segments")[-1].path
    with path.open("ab") as stream:
        stream.write(
            b"x" * 100 + path.read_bytes()[captures[0].location.offset_bytes :]
        )
    made.open_writer().close()
    (tail,) = (made.root / "quarantine").glob("*.torn")
    (done,) = remove(made, captures[0])
    assert (done.copies, tail.exists()) == (1, False)
    verified(made)


def test_what_a_killed_process_left_of_the_capture_goes_too_and_nothing_else(
    made: MadeArchive,
) -> None:
    """A body as it came from the wire, a redo file of no segment, another capture."""
    captures = made.fill(2)
    reader = ArchiveReader.open(made.root)
    bodies = [reader.read_exchange(one).response or b"" for one in captures]
    reader.close()
    (segment,) = list_segments(made.root / "segments")
    place = captures[0].location
    stored = segment.path.read_bytes()[place.offset_bytes :][: place.length_bytes]
    folder = made.root / "quarantine"
    held = {"raw-0a": bodies[0][:300], "raw-redo00000007": b"x" * 99 + stored}
    others = {"raw-0b": bodies[1], "raw-0c": b"HTTP/1.1 200 OK\r\n"}
    for name, data in (held | others).items():
        (folder / name).write_bytes(data)
    assert len(bodies[0]) >= 300
    (done,) = remove(made, captures[0])
    assert sorted(path.name for path in folder.iterdir()) == sorted(others)
    assert done.copies == len(held)
    verified(made)


def test_a_capture_cannot_be_removed_twice(made: MadeArchive) -> None:
    captures = made.fill(2)
    remove(made, captures[0])
    with made.open_writer() as writer:
        with pytest.raises(EvidenceError):
            writer.remove(captures[0], ORDER)
        writer.remove(captures[1], ORDER)
    assert len(verified(made).notices) == 2


@pytest.mark.parametrize("place", ["the entry", "another entry", "the end"])
def test_a_damaged_segment_is_left_as_it_is(made: MadeArchive, place: str) -> None:
    """What is altered is never sealed anew: it would look as if it were right."""
    captures = made.fill(3)
    with made.open_writer() as writer:
        writer.rotate()
    path = list_segments(made.root / "segments")[0].path
    data = bytearray(path.read_bytes())
    if place == "the end":
        data += b"x"
    else:
        capture = captures[0 if place == "the entry" else 2]
        data[capture.location.offset_bytes + 300] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(data))
    with made.open_writer() as writer:
        size = writer.checkpoint().size
        with pytest.raises(EvidenceError):
            writer.remove(captures[0], ORDER)
        assert writer.checkpoint().size == size, "nothing was stated"
        assert path.read_bytes() == bytes(data)
        writer.rotate()  # and the writer still writes


def test_a_removal_that_is_running_is_not_checked_and_no_failure(
    made: MadeArchive,
) -> None:
    """The file is written anew and its new seal is not stated yet."""
    captures = made.fill(2)
    seen: list[Report] = []

    class Looking(Files):
        def step(self, name: str, path: Path, act: Callable[[], None]) -> None:
            act()
            if name == "chmod" and len(seen) < 2:
                seen.append(verify_archive(made.root, trust=made.trust()))

    with ArchiveWriter.open(
        made.root,
        keys=made.keys(),
        clock=made.clock,
        random_bytes=made.random_bytes,
        settings=WriterSettings(files=Looking()),
    ) as writer:
        writer.remove(captures[0], ORDER)
    report = seen[-1]
    assert not list(report.of(Outcome.FAILED))
    codes = {(finding.step, finding.code) for finding in report.findings}
    assert (17, "removal-running") in codes
    verified(made)
