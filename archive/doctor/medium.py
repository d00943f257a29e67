"""On what the archive lies: a disk that keeps its word, of this machine alone."""

import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from archive.doctor.finding import Finding, good, unsafe, untold, weaker
from archive.doctor.machine import Machine
from archive.doctor.mounts import find_mount, read_mounts
from archive.errors import EvidenceError
from archive.files import OWNER_FILE_MODE, sync_folder, temporary_path
from archive.store.places import check_places
from archive.store.recovery.visits import left_visits

PROC = Path("/proc")
NETWORK_KINDS = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.davfs2", "fuse.glusterfs"}
    | {"fuse.rclone", "fuse.sshfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4"}
    | {"smb3", "smbfs", "vboxsf", "virtiofs", "fuse.vmhgfs-fuse"}
)
"""File systems that are kept by another machine, or by whoever runs this one."""
MEMORY_KINDS = frozenset({"tmpfs", "ramfs"})
SYNCED_SIGNS = (
    ".dropbox.cache",
    ".stfolder",
    ".nextcloudsync.log",
    ".owncloudsync.log",
    ".SynologyWorkingDirectory",
)
"""Names that programs which copy folders elsewhere keep at the top of them."""
SYNCED_NAMES = frozenset(
    {"dropbox", "onedrive", "nextcloud", "owncloud", "google drive", "googledrive"}
    | {"icloud drive", "mega", "megasync", "pcloud drive", "pclouddrive", "yandex.disk"}
)
"""How the folders of such programs are called unless somebody chose otherwise."""
OURS = re.compile(r"evidence-(page-[0-9a-f]{16}|(index-)?[a-z0-9_]{8})")
"""Names in TMPDIR that commands of ours make."""
PROBE_NAME = "doctor"


def check_medium(machine: Machine) -> Iterator[Finding]:
    """Network shares, synced folders, memory: for the archive and its keys."""
    folders = {"archive": machine.archive, "keys": machine.keys_folder}
    table, faults = read_mounts(PROC), 0
    for what, folder in folders.items():
        if folder is None or not os.path.exists(folder):  # noqa: PTH110  raises never
            continue
        for finding in _medium_of(what, folder, table):
            faults += 1
            yield finding
    if not faults and machine.archive.exists():
        mount = find_mount(machine.archive, table)
        if mount is None:
            yield untold("medium", "on what file system the archive lies")
        else:
            yield good("medium", f"a file system of this machine ({mount.kind})")


def _medium_of(what: str, folder: Path, table: str) -> Iterator[Finding]:
    synced = _find_synced(folder)
    if synced is not None:
        yield unsafe(
            "medium",
            f"{what}: {synced} seems to be a synced folder",
            without="copies go to a company and to other machines; two of them that"
            " write break the log",
            step=f"move the {what} folder to one that no program copies away",
        )
    mount = find_mount(folder, table)
    if mount is not None and mount.kind in NETWORK_KINDS:
        yield weaker(
            "medium",
            f"{what}: {mount.point} is a share of another machine ({mount.kind})",
            without="whoever runs that machine can read it, and after a power cut what"
            " was acknowledged may be gone",
            step=f"move the {what} folder to a disk of this machine, best an"
            " encrypted one",
        )
    if mount is not None and mount.kind in MEMORY_KINDS:
        yield weaker(
            "medium",
            f"{what}: {mount.point} lies in memory ({mount.kind})",
            without="it is gone when this machine stops",
            step=f"move the {what} folder to a disk",
        )


def _find_synced(folder: Path) -> Path | None:
    """The synced folder it lies in, by names and by what such programs leave."""
    place = Path(os.path.realpath(folder))
    for one in (place, *place.parents):
        if one.name.lower() in SYNCED_NAMES:
            return one
        if any(os.path.lexists(one / sign) for sign in SYNCED_SIGNS):
            return one
    return None


def check_disk(machine: Machine) -> Iterator[Finding]:
    """Write, sync and lock a file in the spool, and remove it again."""
    spool = machine.paths.spool
    if machine.identity is None or not os.access(spool, os.W_OK | os.X_OK):
        return  # said of the archive already
    if machine.is_written:
        yield good("disk", "another command writes to the archive right now")
        return
    try:
        check_places(machine.paths)
    except EvidenceError:
        return  # said of the archive already; nothing is written through a link
    probe = temporary_path(spool / PROBE_NAME)
    try:
        _probe(probe)
    except OSError as error:
        yield weaker(
            "disk",
            f"a file in {spool} cannot be written, synced and locked"
            f" ({error.strerror})",
            without="nothing can be captured there, or a second writer is not kept out",
            step="move the archive to a local disk (ext4, xfs, btrfs, apfs)",
            is_needed=True,
        )
        return
    yield good("disk", "files can be written, synced and locked")


def _probe(path: Path) -> None:
    """OSError if one of them fails. The name is one that recovery would clear away."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with suppress(FileNotFoundError):
        path.unlink()  # of a run that was killed
    descriptor = os.open(path, flags, OWNER_FILE_MODE)
    try:
        os.write(descriptor, b"probe")
        os.fsync(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)
        path.unlink()
    sync_folder(path.parent)


def check_temporary(machine: Machine) -> Iterator[Finding]:
    """TMPDIR, and what killed commands left in it."""
    named = machine.environ.get("TMPDIR", "")
    folder = Path(named) if named else Path(tempfile.gettempdir())
    if not os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir():
        yield weaker(
            "temporary",
            f"TMPDIR names {folder}, which cannot be written to",
            without="temporary files go to another folder than you chose",
            step="make that folder with mkdir -m 700, or unset TMPDIR",
            is_needed=True,
        )
        return
    found = list(_leftovers(machine, folder))
    yield from found
    mode = folder.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        yield unsafe(
            "temporary",
            f"anybody may remove and replace files in {folder}",
            without="others can put theirs in the place of ours",
            step="set TMPDIR to a folder of your own (mode 0700)",
        )
    elif not found:
        yield good("temporary", f"{folder}, and nothing was left there")


def _leftovers(machine: Machine, folder: Path) -> Iterator[Finding]:
    """What others may read, and pages that a killed browser left."""
    for path in sorted(folder.glob("evidence-*")):
        try:
            found = path.lstat()
        except OSError:
            continue  # gone meanwhile
        is_ours = found.st_uid == os.geteuid() and OURS.fullmatch(path.name)
        if is_ours and found.st_mode & 0o077 and not stat.S_ISLNK(found.st_mode):
            yield unsafe(
                "temporary",
                f"others may read {path}, which a command of ours may have left",
                without="it can hold what you watched",
                step="chmod -R go= on it; remove it when no command runs",
            )
    if machine.identity is None or machine.is_written:
        return
    if not machine.can_list(machine.paths.spool):
        yield untold("temporary", "the notes of killed browsers cannot be read")
        return
    left = left_visits(machine.paths.spool)
    if left:
        yield unsafe(
            "temporary",
            f"{len(left)} pages that a killed browser showed lie in {left[0].parent}",
            without="profile, cache and pictures tell what you watched",
            step="`evidence checkpoint` removes them",
        )
