"""On what the archive lies, and what was left in TMPDIR; each made to fail."""

import errno
import fcntl
import os
from pathlib import Path

import pytest

from archive.doctor import medium
from archive.doctor.machine import Machine
from archive.doctor.medium import check_disk, check_medium, check_temporary
from archive.doctor.mounts import find_mount, is_sealed
from archive.store.layout import hold_lock
from tests.support.archives.archives import MadeArchive
from tests.support.judging.examined import GOOD, UNSAFE, WEAKER, changed, only, outcomes

TABLE = """\
21 1 8:1 / / rw - ext4 /dev/sda1 rw
22 21 0:40 / {point} rw shared:1 - {kind} server:/export rw
"""


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of mounts that the test writes, in place of the one of this machine."""
    table = tmp_path / "proc" / "self" / "mountinfo"
    table.parent.mkdir(parents=True)
    table.write_text(TABLE.format(point="/elsewhere", kind="nfs4"))
    monkeypatch.setattr(medium, "PROC", tmp_path / "proc")
    return table


def test_a_disk_of_this_machine_is_good(machine: Machine, mounted: Path) -> None:
    assert outcomes(check_medium(machine)) == [("medium", GOOD)]
    assert outcomes(check_disk(machine)) == [("disk", GOOD)]
    assert outcomes(check_temporary(machine)) == [("temporary", GOOD)]


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p"])
def test_a_share_of_another_machine_is_weaker(
    machine: Machine, mounted: Path, kind: str
) -> None:
    mounted.write_text(TABLE.format(point=machine.archive, kind=kind))
    assert kind in only(check_medium(machine), WEAKER).says


def test_an_archive_in_memory_is_weaker(machine: Machine, mounted: Path) -> None:
    mounted.write_text(TABLE.format(point=machine.archive.parent, kind="tmpfs"))
    found = list(check_medium(machine))
    assert outcomes(found) == [("medium", WEAKER), ("medium", WEAKER)]
    assert [one.says[:4] for one in found] == ["arch", "keys"]


def test_no_table_of_mounts_cannot_be_told(machine: Machine, mounted: Path) -> None:
    mounted.unlink()
    assert "cannot be told" in only(check_medium(machine), WEAKER).says


@pytest.mark.parametrize("sign", [".dropbox.cache", ".stfolder"])
def test_what_a_syncing_program_leaves_is_unsafe(
    machine: Machine, mounted: Path, sign: str
) -> None:
    (machine.archive / sign).mkdir()
    assert "archive" in only(check_medium(machine), UNSAFE).says


def test_the_usual_name_of_a_synced_folder_is_unsafe(
    machine: Machine, mounted: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "Dropbox" / "archive"
    moved.parent.mkdir()
    machine.archive.rename(moved)
    (found,) = check_medium(changed(machine, archive=moved))
    assert found.outcome is UNSAFE
    assert str(moved.parent) in found.says


def test_mounts_are_found_by_whole_names_and_the_last_one_on_top() -> None:
    table = (
        "1 0 8:1 / / rw - ext4 a rw\n2 1 0:1 / /mnt/a\\040b rw - nfs a rw\n"
        "3 1 0:2 / /mnt/a\\040b rw - cifs b rw\nbroken line\n"
    )
    found = find_mount(Path("/mnt/a b/c"), table)
    other = find_mount(Path("/mnt/a bc"), table)
    assert (found and found.kind, other and other.kind) == ("cifs", "ext4")
    assert find_mount(Path("/mnt"), "") is None


def test_a_device_is_sealed_only_if_all_below_it_is(tmp_path: Path) -> None:
    def device(name: str, uuid: str = "", below: tuple[str, ...] = ()) -> None:
        (tmp_path / name / "slaves").mkdir(parents=True)
        for one in below:
            (tmp_path / name / "slaves" / one).mkdir()
        if uuid:
            (tmp_path / name / "dm").mkdir()
            (tmp_path / name / "dm" / "uuid").write_text(uuid)

    device("sda1")
    device("dm-0", "CRYPT-LUKS2-x", ("sda1",))
    device("dm-1", "LVM-x", ("dm-0",))
    device("dm-2", "LVM-y", ("dm-0", "sda1"))
    found = [is_sealed(name, tmp_path) for name in ("sda1", "dm-0", "dm-1", "dm-2")]
    assert found == [False, True, True, False]
    assert is_sealed("gone", tmp_path) is None


@pytest.mark.parametrize("call", ["fsync", "flock"])
def test_a_disk_without_sync_or_locks_is_named_and_left_clean(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    before = sorted(machine.archive.rglob("*"))
    monkeypatch.setattr(os if call == "fsync" else fcntl, call, refuse)
    if call == "flock":
        monkeypatch.setattr(Machine, "is_written", False)
    found = only(check_disk(machine), WEAKER)
    assert found.is_needed
    assert "No locks available" in found.says
    assert sorted(machine.archive.rglob("*")) == before


def test_no_probe_is_written_beside_a_writer_or_through_a_link(
    made: MadeArchive, machine: Machine, tmp_path: Path
) -> None:
    with hold_lock(made.root):
        assert "right now" in only(check_disk(machine), GOOD).says
    elsewhere = tmp_path / "elsewhere"
    machine.paths.spool.rename(elsewhere)
    machine.paths.spool.symlink_to(elsewhere)
    before = elsewhere.stat().st_mtime_ns
    assert list(check_disk(machine)) == []
    assert elsewhere.stat().st_mtime_ns == before


def test_the_probe_of_a_killed_run_is_no_obstacle(machine: Machine) -> None:
    probe = machine.paths.spool / ".doctor.unfinished"
    probe.write_bytes(b"")
    assert only(check_disk(machine), GOOD)
    assert not probe.exists()


def test_a_tmpdir_that_is_not_there_is_named(machine: Machine, tmp_path: Path) -> None:
    gone = changed(machine, environ={"TMPDIR": str(tmp_path / "gone")})
    assert only(check_temporary(gone), WEAKER).is_needed


def test_what_others_may_read_in_tmpdir_is_unsafe(
    machine: Machine, tmp_path: Path
) -> None:
    left = tmp_path / "tmp" / "evidence-page-0011223344556677"
    left.mkdir()
    left.chmod(0o755)
    assert str(left) in only(check_temporary(machine), UNSAFE).says


def test_what_is_not_of_our_commands_is_nobodys_business(
    machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "tmp" / "evidence-of-something-else").mkdir(mode=0o755)
    assert outcomes(check_temporary(machine)) == [("temporary", GOOD)]


def test_a_page_of_a_killed_browser_is_unsafe_until_it_is_removed(
    made: MadeArchive, machine: Machine, tmp_path: Path
) -> None:
    left = tmp_path / "tmp" / "evidence-page-0011223344556677"
    left.mkdir(mode=0o700)
    note = machine.paths.spool / "visit-0011223344556677"
    note.write_bytes(os.fsencode(left))
    found = only(check_temporary(machine), UNSAFE)
    assert "evidence checkpoint" in found.step
    with hold_lock(made.root):  # a browser that runs
        assert outcomes(check_temporary(machine)) == [("temporary", GOOD)]
    made.open_writer().close()
    assert not left.exists()
    assert outcomes(check_temporary(machine)) == [("temporary", GOOD)]


def test_a_tmpdir_in_which_anybody_may_remove_is_unsafe(
    machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "tmp").chmod(0o777)
    assert "anybody" in only(check_temporary(machine), UNSAFE).says
    (tmp_path / "tmp").chmod(0o1777)
    assert outcomes(check_temporary(machine)) == [("temporary", GOOD)]
