"""The private keys: there, closed, under a passphrase; their note of the last head.

No key is opened, so no passphrase is asked for; no path is told beyond the folder.
"""

import os
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from archive.attest.keys.keyfile import OTHERS, has_plain_keys
from archive.attest.keys.keyfolder import (
    LOG_FILE,
    NEXT_FILE,
    OPERATOR_FILE,
    ROOT_FILE,
)
from archive.doctor.finding import Finding, good, unsafe, weaker
from archive.doctor.machine import Machine
from archive.errors import KeyProblem
from archive.files import DISK
from archive.log.headnote import HEAD_FILE, HeadNote
from archive.log.reader import LogReader

SEAL = (
    "copy the folder to a safe place, then in it: for f in *.pem; do openssl pkcs8"
    ' -topk8 -scrypt -in "$f" -out "$f.new" && mv "$f.new" "$f"; done'
)


def check_keys(machine: Machine) -> Iterator[Finding]:
    """Where they lie, and who else may take them."""
    folder = machine.keys_folder
    if machine.identity is None:
        return
    if folder is None or not folder.is_dir():
        yield _no_keys(folder)
        return
    loose = [path for path in (folder, *folder.iterdir()) if _is_open(path)]
    if loose:
        yield unsafe(
            "keys",
            f"others on this machine may get at the private keys in {folder}",
            without="whoever takes one signs in your name; every command refuses them",
            step=f"chmod -R go= {shlex.quote(str(folder))}; if others use this machine,"
            " take new keys: `evidence keys new`",
        )
    root = machine.archive.resolve()
    if folder.resolve().is_relative_to(root):
        yield unsafe(
            "keys",
            f"the private keys lie in the archive folder, in {folder}",
            without="whoever gets a copy of the archive gets them",
            step="move that folder elsewhere, and name it with --keys DIR",
        )
    missing = list(_check_present(machine, folder))
    yield from missing
    if not loose:
        yield from _check_kept(folder, is_whole=not missing)


def _check_present(machine: Machine, folder: Path) -> Iterator[Finding]:
    """Keys that are not there, cannot be read, or are half changed."""
    wanted = {LOG_FILE: "log key"}
    if machine.settings.token_key is None:
        wanted[OPERATOR_FILE] = "operator key"
    missing = [name for file, name in wanted.items() if not (folder / file).is_file()]
    if missing:
        yield _unsigned(
            f"{folder} has no {' and no '.join(missing)}",
            "bring them back from your copy of that folder",
        )
    if not all(os.access(path, os.R_OK) for path in folder.glob("*.pem")):
        yield _unsigned(
            f"private keys in {folder} cannot be read", "run as their owner"
        )
    if (folder / NEXT_FILE).exists():
        yield _unsigned(
            "a change of the operator key was interrupted", "`evidence keys rotate`"
        )


def _check_kept(folder: Path, *, is_whole: bool) -> Iterator[Finding]:
    """How keys are kept that are closed to others; `is_whole`: all can be read."""
    if has_plain_keys(folder):
        yield weaker(
            "passphrase",
            f"private keys in {folder} are under no passphrase",
            without="whoever takes this laptop or its disk signs in your name",
            step=SEAL,
        )
    elif is_whole:
        yield good("passphrase", "the private keys are under a passphrase")
    if (folder / ROOT_FILE).exists():
        yield weaker(
            "root-key",
            "the root key lies on this machine",
            without="who takes the machine can replace your keys, and you cannot cut"
            " them off",
            step="copy it to a stick, keep that elsewhere, remove it here"
            " (docs/for-observers.md)",
        )
    if is_whole:
        yield good("keys", f"in {folder}, closed to others")


def check_token(machine: Machine) -> Iterator[Finding]:
    """Whether a token of the settings can be spoken to at all; it is not asked."""
    if machine.settings.token_key is None or find_spec("pkcs11") is not None:
        return
    yield weaker(
        "token",
        "the settings name a token, and the extra for it is not installed",
        without="what is captured waits unsigned",
        step="install the extra pkcs11",
        is_needed=True,
    )


def check_head(machine: Machine) -> Iterator[Finding]:
    """`log.head` beside the log key, against the log of the archive."""
    identity, folder = machine.identity, machine.keys_folder
    if identity is None or folder is None or not folder.is_dir():
        return
    size = LogReader(machine.paths.log).size
    try:
        noted = HeadNote(folder, DISK).read(identity.origin)
    except KeyProblem:
        yield weaker(
            "head",
            f"{HEAD_FILE} in {folder} is damaged, or another log's",
            without="nothing is signed",
            step="restore it from the newest copy of that folder; do not remove it",
            is_needed=True,
        )
        return
    if noted is None:
        yield weaker(
            "head",
            f"there is no note {HEAD_FILE} of the last signed head in {folder}",
            without="nothing here can tell whether this archive is the newest copy",
            step="compare the number of entries with your mirror or a witness"
            " (docs/errors.md, an older copy)",
        )
    elif noted.size > size:
        yield unsafe(
            "head",
            f"this archive is an older copy: it holds {size} entries, and its log key"
            f" has signed {noted.size}",
            without="nothing is signed, so that nobody can show two histories of yours",
            step="use the newest copy (docs/errors.md, an older copy)",
        )
    elif noted.size < size:
        yield weaker(
            "head",
            f"{HEAD_FILE} notes {noted.size} entries, and the log is signed up to"
            f" {size}",
            without="the key folder is an older copy, or its keys are used elsewhere",
            step="let one machine alone sign (docs/errors.md, an older copy)",
        )
    else:
        yield good("head", f"the log key signed {size} entries, and all are here")


def _no_keys(folder: Path | None) -> Finding:
    place = "" if folder is None else f" in {folder}"
    return _unsigned(
        f"there are no private keys{place}",
        "bring the folder back from your copy, or name it with --keys DIR",
    )


def _unsigned(says: str, step: str) -> Finding:
    return weaker(
        "keys",
        says,
        without="what is captured waits unsigned and proves nothing yet",
        step=step,
        is_needed=True,
    )


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & OTHERS)
    except OSError:
        return False
