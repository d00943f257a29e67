"""Every call of a removal fails, in each way: it is done whole, or not begun.

Once the tombstone is on disk the removal is promised, and whoever opens the archive for
writing next finishes it. Whatever fails, the archive is VERIFIED then and all other
captures are there.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from archive.attest.records.extract import ExtractLine, ExtractRun
from archive.capture import Capture
from archive.digest import Digest, format_short_id
from archive.errors import CaptureRemoved
from archive.files import Files
from archive.store.reading.reader import ArchiveReader
from archive.store.segments.segment import list_segments
from archive.store.texts import text_path
from archive.store.tombstones import RemovalOrder
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import (
    FixedRandom,
    MadeArchive,
    make_archive,
    make_exchange,
)
from tests.support.archives.texts import write_text
from tests.support.disk.call_sweep import Sweep, Tell, contents, open_writer
from tests.support.disk.faults import MODES, FaultyFiles

ORDER = RemovalOrder(reason="names of victims", authority="a court")
REMOVED = "removed"
NEW = "http://a.example/new"


class Removal(Sweep):
    """Removes the second of three captures, then captures one more."""

    def judge(self, made: MadeArchive, told: set[str], why: str) -> None:
        """Recover, and see that nothing is half."""
        made.random_bytes = FixedRandom(seed="recovery")
        made.open_writer().close()
        before = contents(made.root)
        report = verify_archive(made.root, trust=made.trust())
        assert report.outcome is Outcome.VERIFIED, (
            why,
            list(report.of(Outcome.FAILED)),
        )
        assert not [notice for notice in report.notices if "still" in notice], why
        victim, *others = sorted_captures(self.made)
        reader = ArchiveReader.open(made.root)
        try:
            ids = {capture.capture_id for capture in reader.captures()}
            for capture in reader.captures():
                with reader.open_slice(capture) as stream:
                    assert Digest.of_stream(stream).hex == capture.capture_id, why
            assert {capture.capture_id for capture in others} <= ids, why
            assert told - {REMOVED} <= ids, why
            is_begun = bool(reader.tombstones())
            if is_begun:
                with pytest.raises(CaptureRemoved):
                    reader.get_capture(victim.capture_id)
        finally:
            reader.close()
        assert is_begun or REMOVED not in told, why
        assert is_begun != (victim.capture_id in ids), why
        left = [data for _mode, data in contents(made.root).values()]
        assert is_begun != any(body_of(victim) in data for data in left), why
        text = text_path(made.root, Digest.of(TEXT.encode()))
        assert is_begun != text.exists(), why
        made.open_writer().close()
        assert contents(made.root) == before, (why, "a second recovery changes nothing")


TEXT = "only of the capture that goes"


def body_of(capture: Capture) -> bytes:
    return f"<p>page {capture.target_uri}</p>".encode() * 20


def sorted_captures(made: MadeArchive) -> list[Capture]:
    """The capture to be removed, then the others."""
    reader = ArchiveReader.open(made.root)
    captures = list(reader.captures())
    reader.close()
    return [captures[1], captures[0], captures[2]]


def scenario(made: MadeArchive, files: FaultyFiles, tell: Tell) -> None:
    with open_writer(made, files) as writer:
        writer.remove(sorted_captures(made)[0], ORDER)
        tell(REMOVED)
        exchange = make_exchange(NEW, b"after", made)
        tell(writer.capture(exchange).result().capture_id)


@pytest.fixture
def sweep(tmp_path: Path) -> Removal:
    """Three captures in the open segment, the second with a kept text."""
    made = make_archive(tmp_path)
    captures = made.fill(3)
    digest = write_text(made.root, TEXT)
    line = ExtractLine(
        capture=captures[1].capture_id,
        extractor="html/1",
        text=digest,
        file=Digest.of(text_path(made.root, digest).read_bytes()),
    )
    run = ExtractRun(
        run_id=format_short_id(made.random_bytes(16)),
        finished_at=made.clock(),
        extractor="html/1",
        lines=(line,),
    )
    with made.open_writer() as writer:
        writer.state_extract(run).result()
    return Removal(folder=tmp_path, made=made, told=set(), scenario=scenario)


def test_one_call_of_two_of_a_removal_fails(sweep: Removal) -> None:
    count = sweep.count()
    assert count > 40
    endings = sweep.fail_every_other(count)
    assert {"killed", "failed"} <= endings


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", MODES)
def test_each_call_of_a_removal_fails_in_each_way(sweep: Removal, mode: str) -> None:
    sweep.fail_each(mode)


def test_a_removal_is_finished_though_recovery_is_killed_again_and_again(
    sweep: Removal,
) -> None:
    """Killed behind the tombstone, then at each call of the recovery that follows."""
    half = sweep.keep(find_half(sweep), "half")
    again = replace(sweep, made=half, scenario=only_open)
    number, ending = 0, "killed"
    while ending == "killed":
        number += 1
        ending, told, copy = again.run(FaultyFiles(number, "kill-after"))
        sweep.judge(copy, told, f"recovery killed at call {number}")
    assert number > 10


def find_half(sweep: Removal) -> MadeArchive:
    """A removal killed right behind its tombstone."""
    for number in range(1, sweep.count() + 1):
        _, _, copy = sweep.run(FaultyFiles(number, "kill-after"))
        if tombstones(copy):
            return copy
    raise AssertionError("no call is behind the tombstone")


def tombstones(made: MadeArchive) -> list[object]:
    reader = ArchiveReader.open(made.root)
    found: list[object] = list(reader.tombstones())
    reader.close()
    return found


def only_open(made: MadeArchive, files: FaultyFiles, _tell: Tell) -> None:
    open_writer(made, files).close()


def test_a_damaged_segment_keeps_nobody_from_writing(sweep: Removal) -> None:
    """The removal cannot be finished then; verify says why, and captures go on."""
    half = find_half(sweep)
    path = list_segments(half.root / "segments")[0].path
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(data))
    half.random_bytes = FixedRandom(seed="later")
    told: list[str] = []
    with open_writer(half, Files(), told.append) as writer:
        writer.capture(make_exchange(NEW, b"on it goes", half)).result()
    assert [line for line in told if "is not finished" in line]
    assert path.read_bytes() == bytes(data)
