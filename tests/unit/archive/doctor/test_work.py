"""What waits, and the settings; each made to fail."""

import os
from pathlib import Path

import pytest

from archive.doctor import lookup
from archive.doctor.machine import Machine
from archive.doctor.work import check_jobs, check_settings, check_waiting
from archive.errors import KeyProblem
from archive.store.layout import hold_lock
from archive.store.waiting.waiting import WaitingWriter
from tests.support.archives.archives import MadeArchive, fill
from tests.support.archives.values import opening_of
from tests.support.judging.examined import GOOD, WEAKER, changed, only


def names(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_unsigned_captures_are_named(made: MadeArchive, machine: Machine) -> None:
    assert only(check_waiting(machine), GOOD)
    writer = WaitingWriter.open(
        made.root, reason=KeyProblem("no key"), random_bytes=made.random_bytes
    )
    fill(writer, made, 1, job=False)
    writer.close()
    assert "evidence sign" in only(check_waiting(machine), WEAKER).step


def test_a_spool_that_cannot_be_read_is_not_good(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read anywhere
    assert "cannot be told" in only(check_waiting(machine), WEAKER).says


def test_a_job_that_was_never_closed_is_named_and_nothing_is_written(
    made: MadeArchive, machine: Machine
) -> None:
    made.fill(1)
    assert only(check_jobs(machine), GOOD)
    with made.open_writer() as writer:
        writer.open_job(
            opening_of("http://a.example/", job_id="a" * 26, opened_at=made.clock())
        ).result()
        assert "right now" in only(check_jobs(machine), GOOD).says
    before = names(made.root)
    found = only(check_jobs(machine), WEAKER)
    assert "1 jobs" in found.says
    assert names(made.root) == before
    made.open_writer().close()  # as `evidence checkpoint` does
    assert only(check_jobs(machine), GOOD)


def test_a_catalog_far_behind_is_not_followed(
    made: MadeArchive, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.fill(1)
    machine.paths.catalog.unlink(missing_ok=True)
    monkeypatch.setattr(lookup, "ENTRIES_BEHIND", 2)
    assert "evidence list" in only(check_jobs(machine), WEAKER).says


def test_a_damaged_catalog_is_no_obstacle(made: MadeArchive, machine: Machine) -> None:
    made.fill(1)
    machine.paths.catalog.write_bytes(b"no database" * 1000)
    before = machine.paths.catalog.read_bytes()
    assert only(check_jobs(machine), GOOD)
    assert machine.paths.catalog.read_bytes() == before


def test_a_writer_elsewhere_is_no_killed_job(
    made: MadeArchive, machine: Machine
) -> None:
    with hold_lock(made.root):
        assert only(check_jobs(machine), GOOD)


def test_settings_that_are_refused_stop_every_other_command(machine: Machine) -> None:
    assert only(check_settings(machine), GOOD)
    refused = changed(machine, settings_problem="unknown key 'x'")
    found = only(check_settings(refused), WEAKER)
    assert (found.is_needed, found.says) == (True, "unknown key 'x'")
