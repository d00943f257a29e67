"""A whole archive: what is said while it is written, and what no folder can tell."""

import errno
import fcntl
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.digest import format_short_id
from archive.errors import Unreadable
from archive.log.reader import LogReader
from archive.store.layout import hold_lock
from archive.verify.reporting.report import ONE_WITNESS, Outcome, Report
from archive.verify.whole.folder import Progress, verify_archive
from tests.support.archives.archives import MadeArchive, make_archive, make_exchange
from tests.support.archives.values import opening_of
from tests.support.disk.folders import open_segment


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    """An archive without captures yet."""
    return make_archive(tmp_path)


def verify(made: MadeArchive) -> Report:
    """With its maker's trust."""
    return verify_archive(made.root, trust=made.trust())


def codes(report: Report, outcome: Outcome) -> set[str]:
    """The codes of an outcome."""
    return {finding.code for finding in report.of(outcome)}


def test_a_new_archive_is_verified_with_its_headline(made: MadeArchive) -> None:
    report = verify(made)
    assert report.outcome is Outcome.VERIFIED
    assert report.headline == ONE_WITNESS
    assert report.notices == ()


@pytest.mark.parametrize(
    "override",
    [
        {"connect_to": "a.example:80=127.0.0.1:8000"},
        {"allow_network": "127.0.0.0/8"},
    ],
)
def test_captures_of_a_test_set_up_are_told(
    override: dict[str, Any], made: MadeArchive
) -> None:
    exchange = make_exchange("http://a.example/", b"x", made)
    assert exchange.connection is not None
    connection = replace(exchange.connection, **override)
    with made.open_writer() as writer:
        writer.capture(replace(exchange, connection=connection)).result()
        writer.capture(make_exchange("http://a.example/", b"y", made)).result()
    report = verify(made)
    assert report.outcome is Outcome.VERIFIED
    ((name, value),) = override.items()
    assert report.notices == (f"captures made in a test set-up: 1 ({name} {value}: 1)",)


def test_an_attempt_without_a_connection_is_no_test_set_up(made: MadeArchive) -> None:
    exchange = make_exchange("http://a.example/", b"x", made)
    with made.open_writer() as writer:
        writer.capture(replace(exchange, connection=None)).result()
    assert verify(made).notices == ()


def test_an_earlier_state_of_the_whole_folder_is_verified_and_says_what_is_not_checked(
    made: MadeArchive, tmp_path: Path
) -> None:
    """Only a checkpoint seen before tells: step 14, which nobody asked for."""
    made.fill(1)
    shutil.copytree(made.root, tmp_path / "earlier")
    made.fill(1)
    report = verify_archive(tmp_path / "earlier", trust=made.trust())
    assert report.outcome is Outcome.VERIFIED
    (finding,) = [found for found in report.findings if found.step == 14]
    assert (finding.code, finding.outcome) == ("last-seen-none", Outcome.NOT_CHECKED)


def test_another_archive_of_the_same_name_is_not_covered_by_this_trust(
    made: MadeArchive, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = make_archive(tmp_path_factory.mktemp("other"))
    assert other.identity.origin == made.identity.origin, "same fixed randomness"
    report = verify_archive(other.root, trust=made.trust())
    assert report.outcome is Outcome.FAILED
    assert "key-unknown" in codes(report, Outcome.NOT_CHECKED)
    assert "keys-differ" in codes(report, Outcome.FAILED)


# While somebody writes


def open_job(made: MadeArchive) -> None:
    """A job whose process was killed: opened, nothing captured."""
    with made.open_writer() as writer:
        writer.open_job(
            opening_of(
                ("http://a.example/",),
                job_id=format_short_id(made.random_bytes(16)),
                opened_at=made.clock(),
            )
        ).result()


def test_a_job_without_outcomes_is_not_checked_while_it_may_run(
    made: MadeArchive,
) -> None:
    open_job(made)
    with hold_lock(made.root):
        report = verify(made)
    assert report.outcome is Outcome.NOT_CHECKED
    assert codes(report, Outcome.NOT_CHECKED) >= {"job-running"}
    report = verify(made)
    assert report.outcome is Outcome.FAILED
    assert codes(report, Outcome.FAILED) == {"seed-without-outcome"}


def test_half_an_entry_is_not_checked_while_it_is_written(made: MadeArchive) -> None:
    made.fill(1)
    path = open_segment(made.root)
    with path.open("ab") as stream:
        stream.write(b"\x1f\x8b\x08")
    with hold_lock(made.root):
        report = verify(made)
    assert report.outcome is Outcome.NOT_CHECKED
    (found,) = [one for one in report.findings if one.code == "tail-being-written"]
    assert (found.step, found.outcome) == (16, Outcome.NOT_CHECKED)
    report = verify(made)
    assert report.outcome is Outcome.FAILED
    assert codes(report, Outcome.FAILED) == {"bytes-uncovered"}


def test_half_an_entry_is_not_checked_where_locks_cannot_be_asked(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.fill(1)
    path = open_segment(made.root)
    with path.open("ab") as stream:
        stream.write(b"\x1f\x8b\x08")

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    report = verify(made)
    assert report.outcome is Outcome.NOT_CHECKED
    (found,) = [one for one in report.findings if one.code == "tail-being-written"]
    assert (found.step, found.outcome) == (16, Outcome.NOT_CHECKED)
    assert not codes(report, Outcome.FAILED)


def test_statements_that_wait_for_their_checkpoint_are_not_checked(
    made: MadeArchive,
) -> None:
    with made.open_writer() as writer:
        for number in range(2):
            uri = f"http://a.example/{number}"
            writer.capture(make_exchange(uri, b"x", made)).result()
        report = verify(made)
    assert report.outcome is Outcome.NOT_CHECKED
    (found,) = [one for one in report.findings if one.code == "not-logged-yet"]
    assert (found.step, found.outcome) == (7, Outcome.NOT_CHECKED)
    assert found.detail.startswith("2 statements are not logged yet")
    assert verify(made).outcome is Outcome.VERIFIED


# How it works


def test_progress_ends_at_all_bytes(made: MadeArchive) -> None:
    made.fill(2)
    with made.open_writer() as writer:
        writer.rotate()
    seen: list[Progress] = []
    verify_archive(made.root, trust=made.trust(), progress=seen.append)
    assert len(seen) == 2
    assert seen[-1].done_bytes == seen[-1].all_bytes
    assert seen == sorted(seen, key=lambda progress: progress.done_bytes)


def test_a_tile_folder_that_cannot_be_read_is_a_finding(made: MadeArchive) -> None:
    folder = made.root / "log" / "tile" / "0"
    shutil.rmtree(folder)
    folder.write_bytes(b"a file where a folder was")
    report = verify(made)
    assert report.outcome is Outcome.FAILED
    assert {finding.step for finding in report.of(Outcome.FAILED)} == {15}


def test_a_disk_that_fails_under_the_tiles_is_a_finding(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Unreadable("cannot read log/tile: Input/output error")

    monkeypatch.setattr(LogReader, "iter_tile_problems", fail)
    report = verify(made)
    assert report.outcome is Outcome.NOT_CHECKED
    found = [one for one in report.of(Outcome.NOT_CHECKED) if one.step == 15]
    assert [(one.code, one.subject) for one in found] == [("file-unreadable", "log")]
