"""What is told under odd circumstances: a writer at work, a disk that fails, a wish.

Each is played on the golden archive; the findings that must follow stand above it.
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.errors import Unreadable
from archive.files import Files
from archive.log.log import TiledLog
from archive.log.reader import LogReader
from archive.store.layout import IDENTITY_LIMIT_BYTES, hold_lock
from archive.store.segments.walk import SegmentChanged
from archive.verify.log.witnesses import LastSeen
from archive.verify.policy import Wishes
from archive.verify.reporting.report import Report
from archive.verify.segments import pieces, readers
from archive.verify.segments.readers import ReaderEnded
from archive.verify.whole import folder, stated
from archive.verify.whole.folder import verify_archive
from tests.support.attacks.tamper import (
    FIRST,
    OPEN,
    RESEAL,
    Victim,
    fired,
)
from tests.support.attacks.victim_jobs import close_job, failed, open_job
from tests.support.judging.told import GoldenReports, difference, read_untouched, tell

Play = Callable[[Victim, pytest.MonkeyPatch], Report]
TABLE: dict[str, tuple[Play, tuple[str, ...]]] = {}
ABANDONED = tuple(
    f"{step} not-reached NOT CHECKED"
    for step in (1, 2, 3, 4, 5, 6, 7, 8, 10, 15, 17, 18, 19, 21)
)
"""What follows when the segments were not read to their end: nothing is concluded."""

UNREAD = tuple(
    f"{step} not-reached NOT CHECKED"
    for step in (1, 2, 3, 4, 5, 6, 7, 10, 17, 18, 19, 21)
)
"""What follows when part of the segments is not read: checks beside them are made."""


def fires(*findings: str) -> Callable[[Play], Play]:
    """Say what must be found; the name of the function is that of the part."""

    def add(play: Play) -> Play:
        TABLE[play.__name__] = (play, findings)
        return play

    return add


def locked(victim: Victim) -> Report:
    """While a writer is at work."""
    with hold_lock(victim.root):
        return victim.verify()


# A writer at work


@fires()
def a_writer_at_work_is_no_fault(victim: Victim, _patch: pytest.MonkeyPatch) -> Report:
    return locked(victim)


@fires("16 tail-being-written NOT CHECKED")
def half_an_entry_while_it_is_written(
    victim: Victim, _patch: pytest.MonkeyPatch
) -> Report:
    with victim.segments[OPEN].open("ab") as stream:
        stream.write(b"\x1f\x8b\x08")
    return locked(victim)


@fires("16 bytes-uncovered", "17 segment-altered")
def half_an_entry_in_a_sealed_segment_while_somebody_writes(
    victim: Victim, _patch: pytest.MonkeyPatch
) -> Report:
    with victim.segments[FIRST].open("ab") as stream:
        stream.write(b"\x1f\x8b\x08")
    return locked(victim)


@fires("16 tail-being-written NOT CHECKED")
def half_an_entry_where_locks_cannot_be_asked(
    victim: Victim, patch: pytest.MonkeyPatch
) -> Report:
    with victim.segments[OPEN].open("ab") as stream:
        stream.write(b"\x1f\x8b\x08")

    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    patch.setattr(fcntl, "flock", refuse)
    return victim.verify()


@fires("16 bytes-uncovered", "17 file-unknown", "17 lock-not-empty")
def half_an_entry_where_the_lock_is_no_file(
    victim: Victim, _patch: pytest.MonkeyPatch
) -> Report:
    with victim.segments[OPEN].open("ab") as stream:
        stream.write(b"\x1f\x8b\x08")
    (victim.root / "lock").unlink()
    (victim.root / "lock").mkdir()
    return victim.verify()


@fires("18 job-running NOT CHECKED")
def a_job_that_runs(victim: Victim, _patch: pytest.MonkeyPatch) -> Report:
    open_job(victim, "http://a.example/", "http://b.example/")
    close_job(victim, failed(1))
    return locked(victim)


def unsealed(victim: Victim) -> None:
    """The entry was removed; the statement of the new seal is still to come."""
    victim.rewrite(OPEN, victim.entries(OPEN)[:RESEAL])
    victim.log_anew()


@fires("17 removal-running NOT CHECKED")
def a_removal_that_runs(victim: Victim, _patch: pytest.MonkeyPatch) -> Report:
    unsealed(victim)
    return locked(victim)


@fires("17 segment-altered")
def a_removal_that_was_begun_and_nobody_writes(
    victim: Victim, _patch: pytest.MonkeyPatch
) -> Report:
    unsealed(victim)
    return victim.verify()


def beyond(victim: Victim) -> None:
    """Leaves that are in the tiles, but under no checkpoint yet."""
    path = victim.root / "log" / "checkpoint"
    note = path.read_bytes()
    TiledLog(victim.root / "log", Files()).append_and_publish(
        [b"next\n"], origin=victim.identity.origin, signer=victim.keys.log
    )
    path.write_bytes(note)


@fires()
def tiles_that_are_being_written(victim: Victim, _patch: pytest.MonkeyPatch) -> Report:
    beyond(victim)
    return locked(victim)


@fires("15 tile-wrong")
def tiles_beyond_the_checkpoint_and_nobody_writes(
    victim: Victim, _patch: pytest.MonkeyPatch
) -> Report:
    beyond(victim)
    return victim.verify()


def anchor(victim: Victim) -> None:
    """A stamp that is not stated yet."""
    shutil.copytree(victim.root / "anchors" / "9", victim.root / "anchors" / "17")


@fires()
def an_anchor_that_is_being_written(
    victim: Victim, _patch: pytest.MonkeyPatch
) -> Report:
    anchor(victim)
    return locked(victim)


@fires("17 file-unknown")
def an_anchor_that_nobody_states(victim: Victim, _patch: pytest.MonkeyPatch) -> Report:
    anchor(victim)
    return victim.verify()


# What fails


@fires(*ABANDONED[:10], "16 reader-ended NOT CHECKED", *ABANDONED[10:])
def a_reading_process_that_ends(victim: Victim, patch: pytest.MonkeyPatch) -> Report:
    @contextmanager
    def reading(*_arguments: object) -> Iterator[Any]:
        raise ReaderEnded("a process ended; verify again")
        yield

    patch.setattr(folder, "reading", reading)
    return victim.verify()


@fires(*ABANDONED[:10], "16 segment-changed NOT CHECKED", *ABANDONED[10:])
def a_segment_that_changes_while_it_is_read(
    victim: Victim, patch: pytest.MonkeyPatch
) -> Report:
    """In the midst of the second one: what held of the first is forgotten."""

    @contextmanager
    def reading(*arguments: Any) -> Iterator[Any]:
        with readers.reading(*arguments) as read:

            def changes(path: Path) -> Iterator[Any]:
                yield from read(path)
                if path == arguments[0][1]:
                    raise SegmentChanged("was changed; verify again")

            yield changes

    patch.setattr(folder, "reading", reading)
    return victim.verify()


@fires(*UNREAD[:8], "16 segment-unreadable NOT CHECKED", *UNREAD[8:])
def a_block_that_cannot_be_read_again(
    victim: Victim, patch: pytest.MonkeyPatch
) -> Report:
    calls = 0

    def fails(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError(5, "Input/output error")
        return pieces.with_block(*arguments)

    patch.setattr(stated, "with_block", fails)
    return victim.verify()


@fires("15 file-unreadable NOT CHECKED")
def a_disk_that_fails_under_the_tiles(
    victim: Victim, patch: pytest.MonkeyPatch
) -> Report:
    def fails(*_arguments: object, **_named: object) -> None:
        raise Unreadable("cannot read log/tile: Input/output error")

    patch.setattr(LogReader, "iter_tile_problems", fails)
    return victim.verify()


@fires("17 file-unreadable NOT CHECKED")
def a_disk_that_fails_under_what_is_hashed(
    victim: Victim, patch: pytest.MonkeyPatch
) -> Report:
    def fails(_stream: object) -> None:
        raise OSError(5, "Input/output error")

    patch.setattr("archive.verify.looking.Digest.of_stream", fails)
    return victim.verify()


@fires("17 folder-unreadable NOT CHECKED")
def folders_that_may_not_be_listed(victim: Victim, patch: pytest.MonkeyPatch) -> Report:
    scan, root = os.scandir, victim.root
    closed = [root / "anchors" / "9", root / "spool", root / "quarantine"]

    def refuse(place: Any) -> Any:
        if place in closed:
            raise PermissionError(13, "Permission denied")
        return scan(place)

    patch.setattr(os, "scandir", refuse)
    return victim.verify()


# The reader


def seen(victim: Victim, note: bytes | None = None) -> LastSeen:
    path = victim.root / "log" / "checkpoint"
    return LastSeen(name="kept", note=path.read_bytes() if note is None else note)


@fires()
def a_checkpoint_seen_before_that_the_log_continues(
    victim: Victim, _patch: pytest.MonkeyPatch
) -> Report:
    last_seen = seen(victim)
    open_job(victim, "http://a.example/")
    close_job(victim, failed(0))
    return verify_archive(victim.root, trust=victim.trust, last_seen=last_seen)


@fires("14 last-seen-ahead")
def a_checkpoint_seen_before_that_the_log_has_not_reached(
    victim: Victim, _patch: pytest.MonkeyPatch
) -> Report:
    longer = Victim.copy(victim.root.parent / "longer")
    open_job(longer)
    last_seen = seen(longer)
    return verify_archive(victim.root, trust=victim.trust, last_seen=last_seen)


@fires("14 last-seen-unusable NOT CHECKED")
def a_file_that_is_no_checkpoint_seen_before(
    victim: Victim, _patch: pytest.MonkeyPatch
) -> Report:
    last_seen = seen(victim, b"no note")
    return verify_archive(victim.root, trust=victim.trust, last_seen=last_seen)


@fires(
    "3 origin-unknown NOT CHECKED",
    "4 origin-unknown NOT CHECKED",
    "8 origin-unknown NOT CHECKED",
    "10 origin-unknown NOT CHECKED",
    "14 last-seen-unusable NOT CHECKED",
    "21 origin-unknown NOT CHECKED",
)
def a_reader_who_trusts_nobody(victim: Victim, _patch: pytest.MonkeyPatch) -> Report:
    return verify_archive(victim.root, trust=None, last_seen=seen(victim))


@fires(
    "9 witnesses-none NOT CHECKED",
    "11 time-stamps-none NOT CHECKED",
    "12 time-stamps-none NOT CHECKED",
    "13 time-stamps-none NOT CHECKED",
    "20 time-stamps-none NOT CHECKED",
)
def a_reader_who_asks_for_witnesses_and_authorities(
    victim: Victim, _patch: pytest.MonkeyPatch
) -> Report:
    assert victim.trust is not None
    victim.trust = replace(victim.trust, witness_quorum=2, token_quorum=1)
    wishes = Wishes(strict=True)
    return verify_archive(victim.root, trust=victim.trust, wishes=wishes)


# The identity


NOT_REACHED = tuple(
    f"{step} not-reached NOT CHECKED"
    for step in (1, 2, 3, 4, 5, 6, 7, 8, 10, 15, 16, 17, 18, 19)
)


@fires(*NOT_REACHED, "21 identity-altered")
def no_identity(victim: Victim, _patch: pytest.MonkeyPatch) -> Report:
    (victim.root / "archive.toml").unlink()
    return victim.verify()


@fires(*NOT_REACHED, "21 identity-altered")
def an_identity_that_is_too_long(victim: Victim, _patch: pytest.MonkeyPatch) -> Report:
    os.truncate(victim.root / "archive.toml", IDENTITY_LIMIT_BYTES + 1)
    return victim.verify()


# The test


@pytest.mark.parametrize("name", TABLE)
def test_each_circumstance_is_told_word_for_word(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    golden_reports: GoldenReports,
) -> None:
    play, wanted = TABLE[name]
    victim = Victim.copy(tmp_path)
    report = play(victim, monkeypatch)
    monkeypatch.undo()
    told = difference(read_untouched(), tell(report, victim.root))
    golden_reports.assert_told(told, module=__name__, part=name)
    assert tuple(fired(report)) == wanted
