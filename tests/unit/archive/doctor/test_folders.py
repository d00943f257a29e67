"""Archive folder, rights of others, room; each made to fail."""

import os
from pathlib import Path

import pytest

from archive.doctor.folders import check_archive, check_permissions, check_space
from archive.doctor.machine import Machine
from archive.settings import SearchSettings, Settings
from tests.support.archives.archives import MadeArchive
from tests.support.judging.examined import GOOD, UNSAFE, WEAKER, changed, only, outcomes


def test_a_sound_archive_is_good(machine: Machine) -> None:
    for check in (check_archive, check_permissions, check_space):
        assert {outcome for _, outcome in outcomes(check(machine))} == {GOOD}


def test_no_archive_is_named_with_the_command_that_makes_one(
    machine: Machine, tmp_path: Path
) -> None:
    nowhere = changed(machine, archive=tmp_path / "no where")
    found = only(check_archive(nowhere), WEAKER)
    assert found.is_needed
    assert f"--archive '{tmp_path / 'no where'}' init" in found.step
    assert list(check_space(nowhere)) == []


def test_an_altered_identity_is_named(machine: Machine) -> None:
    machine.paths.identity.chmod(0o600)
    machine.paths.identity.write_text("no toml [")
    found = only(check_archive(machine), WEAKER)
    assert found.is_needed
    assert "archive.toml" in found.says


def test_an_archive_that_cannot_be_written_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    found = only(check_archive(machine), WEAKER)
    assert found.is_needed
    assert "not written" in found.says


def test_a_planted_link_is_unsafe(machine: Machine) -> None:
    (machine.paths.spool / "planted").symlink_to("/etc/passwd")
    found = only(check_archive(machine), UNSAFE)
    assert "is a link" in found.says


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o701, 0o770])
@pytest.mark.parametrize("which", ["archive", "trust"])
def test_a_folder_that_others_may_enter_is_unsafe(
    made: MadeArchive, machine: Machine, which: str, mode: int
) -> None:
    folder = made.root if which == "archive" else made.trust_folder
    folder.chmod(mode)
    found = only(check_permissions(machine), UNSAFE)
    assert f"{mode:04o}" in found.says
    assert found.step == f"chmod -R go= {folder}"


def test_a_search_key_that_others_may_read_is_unsafe(
    machine: Machine, tmp_path: Path
) -> None:
    key = tmp_path / "search.key"
    key.write_text("c2VjcmV0")
    key.chmod(0o644)
    search = SearchSettings(url="https://search.example/", api_key_file=key)
    loose = changed(machine, settings=Settings(search=search))
    assert "c2VjcmV0" not in only(check_permissions(loose), UNSAFE).line


def test_a_disk_down_to_its_reserve_stops_capturing(machine: Machine) -> None:
    full = changed(machine, settings=Settings(reserve_bytes=1 << 60))
    found = only(check_space(full), WEAKER)
    assert found.is_needed
    assert "is full" in found.says


def test_little_room_is_a_remark(machine: Machine) -> None:
    free = os.statvfs(machine.archive)
    reserve = free.f_bavail * free.f_frsize - (1 << 30)
    little = changed(machine, settings=Settings(reserve_bytes=reserve))
    assert not only(check_space(little), WEAKER).is_needed
