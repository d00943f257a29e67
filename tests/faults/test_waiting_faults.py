"""Every call of keeping without a key, and of signing, fails in each way: nothing lost.

What a run told as kept is a statement in the end, once; whatever failed, a second
`sign` brings what is left, and the archive is VERIFIED.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import KeyProblem
from archive.store.reading.reader import ArchiveReader
from archive.store.waiting.files import list_waiting
from archive.store.waiting.signing import check_waiting, sign_waiting
from archive.store.waiting.waiting import WaitingWriter
from archive.store.writing.settings import WriterSettings
from archive.store.writing.writer import ArchiveWriter
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from archive.warc.member import Effort
from tests.support.archives.archives import (
    SOFTWARE,
    FixedRandom,
    MadeArchive,
    fill,
    make_archive,
    make_exchange,
)
from tests.support.disk.call_sweep import Sweep, Tell, open_writer
from tests.support.disk.faults import MODES, FaultyFiles

SIGNED = "signed"


class Waiting(Sweep):
    """Copies an archive, runs a scenario, then signs what is left."""

    def judge(self, made: MadeArchive, told: set[str], why: str) -> None:
        made.random_bytes = FixedRandom(seed="later")
        approved = check_waiting(made.root).entries
        with made.open_writer() as writer:
            sign_waiting(writer, made.clock, approved=approved)
        report = verify_archive(made.root, trust=made.trust())
        assert report.outcome is Outcome.VERIFIED, (
            why,
            list(report.of(Outcome.FAILED)),
        )
        assert list_waiting(made.root / "spool") == [], why
        reader = ArchiveReader.open(made.root)
        counts = Counter(capture.capture_id for capture in reader.captures())
        reader.close()
        assert told - {SIGNED} <= counts.keys(), f"kept and lost: {why}"
        assert set(counts.values()) == {1}, f"stated twice: {why}"


def keep(made: MadeArchive, files: FaultyFiles, tell: Tell) -> None:
    """Three captures without a key."""
    writer = WaitingWriter.open(
        made.root,
        reason=KeyProblem("no key"),
        random_bytes=made.random_bytes,
        settings=WriterSettings(software=SOFTWARE, effort=Effort.STORED, files=files),
    )
    try:
        for number in range(3):
            exchange = make_exchange(f"http://b.example/{number}", b"kept" * 99, made)
            tell(writer.capture(exchange).result().capture_id)
    finally:
        writer.close()


def sign(made: MadeArchive, files: FaultyFiles, tell: Tell) -> None:
    """What the verb does."""
    approved = check_waiting(made.root).entries
    with open_writer(made, files) as writer:
        sign_waiting(writer, made.clock, approved=approved)
    tell(SIGNED)


def sign_then_rotate(made: MadeArchive, files: FaultyFiles, tell: Tell) -> None:
    """A new segment begins between the signing and the end."""
    approved = check_waiting(made.root).entries
    with open_writer(made, files) as writer:
        writer.rotate()
        sign_waiting(writer, made.clock, approved=approved)
        writer.rotate()
    tell(SIGNED)


@pytest.fixture
def kept(tmp_path: Path) -> Waiting:
    """One capture signed, three of a job that wait."""
    made = make_archive(tmp_path)
    signed = made.fill(1)
    writer = WaitingWriter.open(
        made.root, reason=KeyProblem("no key"), random_bytes=made.random_bytes
    )
    waiting = fill(writer, made, 3)
    writer.close()
    told = {capture.capture_id for capture in (*signed, *waiting)}
    return Waiting(folder=tmp_path, made=made, told=told, scenario=sign)


@pytest.mark.parametrize("scenario", [keep, sign])
def test_R16_one_call_of_two_fails_and_what_was_kept_is_signed_once(
    kept: Waiting, scenario: Callable[[MadeArchive, FaultyFiles, Tell], None]
) -> None:
    sweep = replace(kept, scenario=scenario)
    count = sweep.count()
    assert count >= 8
    endings = sweep.fail_every_other(count)
    assert endings & {"killed", "failed"}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", [keep, sign, sign_then_rotate])
def test_R16_each_call_fails_in_each_way(
    kept: Waiting, scenario: Callable[[MadeArchive, FaultyFiles, Tell], None], mode: str
) -> None:
    sweep = replace(kept, scenario=scenario)
    sweep.fail_each(mode)


def test_signing_killed_again_and_again_states_each_once(kept: Waiting) -> None:
    """Killed at each call of what the kill before left over."""
    sweep, number = kept, 0
    for number in range(4, 40, 3):
        ending, told, copy = sweep.run(FaultyFiles(number, "kill-after"))
        if ending == "done":
            break
        half = kept.keep(copy, f"half{number}")
        sweep = replace(sweep, made=half, told=told)
        judged = replace(sweep).run(FaultyFiles(1, "kill-before"))[2]
        kept.judge(judged, told, f"killed up to call {number}")
    assert number > 10


def test_a_writer_that_is_no_archive_writer_is_never_needed_to_recover(
    kept: Waiting,
) -> None:
    """What waits does not keep anybody from writing with the key."""
    with kept.made.open_writer() as writer:
        assert isinstance(writer, ArchiveWriter)
        fill(writer, kept.made, 1, job=False)
    kept.judge(kept.made, kept.told, "captured in between")
