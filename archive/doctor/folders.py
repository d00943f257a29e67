"""The archive folder and who else may look into it, the keys and the trust folder."""

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from archive.doctor.finding import Finding, good, unsafe, weaker
from archive.doctor.machine import Machine
from archive.errors import ArchiveMissing, EvidenceError, StoreError
from archive.files import DISK
from archive.store.layout import read_identity
from archive.store.places import check_places
from archive.store.space import Reserve

OTHERS = 0o077
"""Permission bits of group and world: none of them may be set."""
_MEBIBYTE = 1 << 20
LEAST_BYTES = 64 << 20
"""A page with its parts and what storing it takes; below it capturing is luck."""
WEEK_BYTES = 4 << 30
"""Of a busy week, see docs/for-observers.md."""


def check_archive(machine: Machine) -> Iterator[Finding]:
    """Whether there is one, of ours, and what may be done with it."""
    root = machine.archive
    try:
        identity = read_identity(root)
    except ArchiveMissing:
        yield _no_archive(root)
        return
    except (EvidenceError, OSError) as error:
        yield weaker(
            "archive",
            f"the archive in {root} cannot be opened ({_why(error)})",
            without="nothing can be captured into it, searched or verified",
            step="bring it back from your newest copy or mirror, or look whose it is",
            is_needed=True,
        )
        return
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        yield weaker(
            "archive",
            f"{root} can be read and not written",
            without="it can be searched, served and verified; nothing can be captured",
            step="run as its owner, or name another archive with --archive DIR",
            is_needed=True,
        )
        return
    try:
        check_places(machine.paths)
    except StoreError as error:
        yield unsafe(
            "archive",
            f"{error}",
            without="every command that writes refuses it",
            step="what the sentence says, after you know who did it",
        )
        return
    yield good("archive", f"{root}, {identity.name}")


def _no_archive(root: Path) -> Finding:
    return weaker(
        "archive",
        f"there is no archive in {root}",
        without="nothing can be captured, searched or verified",
        step=f"`evidence --archive {shlex.quote(str(root))} init --name NAME`,"
        " or name yours with --archive DIR or EVIDENCE_ARCHIVE",
        is_needed=True,
    )


def check_permissions(machine: Machine) -> Iterator[Finding]:
    """UNSAFE for each of our folders and files that others may look into."""
    harms = {
        "archive": (machine.archive, "they see what you watch"),
        "trust": (_trust(machine), "they see, or change, whose word you believe"),
        "settings": (
            machine.settings.search.api_key_file,
            "they hold the key of your search cluster",
        ),
    }
    closed = []
    for name, (path, harm) in harms.items():
        found = None if path is None else _mode(path)
        if path is None or found is None:
            continue
        if found & OTHERS:
            yield unsafe(
                "permissions",
                f"others on this machine may get at {path} (mode {found & 0o777:04o})",
                without=harm,
                step=f"chmod -R go= {shlex.quote(str(path))}",
            )
        else:
            closed.append(name)
    if closed:
        yield good("permissions", f"closed to others: {', '.join(closed)}")


def check_space(machine: Machine) -> Iterator[Finding]:
    """What is free beside the reserve, as every writer reckons it."""
    if machine.identity is None:
        return
    reserve_bytes = machine.settings.reserve_bytes
    try:
        room = Reserve(
            folder=machine.archive, files=DISK, reserve_bytes=reserve_bytes
        ).look()
        room.check(LEAST_BYTES)
    except StoreError as error:
        yield weaker(
            "space",
            f"{error}",
            without="nothing more is captured",
            step="free space, or move the archive to a larger disk, then run"
            " `evidence verify`",
            is_needed=True,
        )
        return
    free = (room.free_bytes - room.reserve_bytes) // _MEBIBYTE
    says = f"{free} MiB free beside the reserve of {room.reserve_bytes // _MEBIBYTE}"
    if free < WEEK_BYTES // _MEBIBYTE:
        yield weaker(
            "space",
            says,
            without="a busy election week of forty sources takes some GB",
            step="free space, or move the archive to a larger disk",
        )
        return
    yield good("space", says)


def _trust(machine: Machine) -> Path | None:
    try:
        return machine.trust()
    except EvidenceError:
        return None


def _mode(path: Path) -> int | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return stat.S_IMODE(found.st_mode)


def _why(error: EvidenceError | OSError) -> str:
    return f"{error.strerror}" if isinstance(error, OSError) else f"{error}"
