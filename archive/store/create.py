"""Create an archive: keys, entry 0, first checkpoint, trust folder, in one rename.

Everything is made in a folder beside the target and renamed at the end, so a crash
leaves either no archive or a whole one.
"""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from archive.attest.keys.keyfolder import KeyFolder, Seal, plain_pem
from archive.attest.trust.folder import TrustedOperator, TrustSet, write_trust
from archive.digest import Digest, format_short_id
from archive.errors import ArchiveExists, KeyProblem, StoreError, UsageProblem
from archive.files import Files
from archive.log.fields import format_base64
from archive.log.log import TiledLog
from archive.log.note import format_vkey
from archive.store.layout import (
    FOLDERS,
    ORIGIN_PREFIX,
    ArchiveIdentity,
    ArchivePaths,
    check_name,
    check_origin,
    format_identity,
    hold_lock,
)
from archive.store.ledger import LedgerTools, begin_ledger
from archive.warc.member import Effort


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRequest:
    """A new archive: its place, its name, where keys and trust go."""

    root: Path
    name: str
    keys_folder: Callable[[str], Path]
    """From the archive id to the folder of its private keys."""
    trust_folder: Path
    software: str
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    origin: str | None = None
    keys: Callable[[str], KeyFolder] | None = None
    """From the origin to keys that exist already; None makes new ones."""
    seal: Seal = plain_pem
    """How private keys are written: under a passphrase, or without."""
    effort: Effort | None = None
    files: Files = field(default_factory=Files)
    """How the disk is written; tests hand in one that fails."""


def create_archive(request: CreateRequest) -> ArchiveIdentity:
    """Make a new archive; ArchiveExists if the folder is there and not empty.

    Whatever goes wrong, nothing stays behind: no folder, and no keys of an archive
    that never was.
    """
    root = request.root.absolute()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ArchiveExists(
            f"{request.root} exists and is not empty; give a new folder with "
            "--archive, or remove it yourself if you are sure"
        )
    check_name(request.name)
    archive_id = format_short_id(request.random_bytes(16))
    origin = check_origin(request.origin or ORIGIN_PREFIX + archive_id)
    keys_folder = request.keys_folder(archive_id).absolute()
    _demand_outside(root, keys_folder, option="--keys", what="private keys lie")
    _demand_outside(root, request.trust_folder, option="--trust", what="trust lies")
    draft = root.parent / f".{root.name}.init-{archive_id[:8]}"
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, draft, ignore_errors=True)
        _make_draft(draft, root)
        keys = _make_keys(request, keys_folder, origin)
        undo.callback(_drop_keys, keys_folder, draft)
        identity = _identity(request, archive_id, origin, keys)
        _fill(draft, identity, keys, request)
        write_trust(request.trust_folder, _trust(keys))
        request.files.rename(draft, root)
        undo.pop_all()
    return identity


def _drop_keys(folder: Path, draft: Path) -> None:
    """Remove the keys of an archive that never was: its draft has not been renamed."""
    if draft.exists():
        shutil.rmtree(folder, ignore_errors=True)


def _demand_outside(root: Path, folder: Path, *, option: str, what: str) -> None:
    """An archive is copied and handed on; keys and trust stay with their owner."""
    if folder.resolve().is_relative_to(root.resolve()):
        raise UsageProblem(
            f"{what} never inside an archive; name another folder with {option} DIR"
        )


def _make_draft(draft: Path, root: Path) -> None:
    """Make the folder, before any key: it shows whether the place can be written."""
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)
    except OSError as error:
        raise StoreError(
            f"no archive can be made at {root}: {error.strerror}; "
            "give another folder with --archive"
        ) from error


def _identity(
    request: CreateRequest, archive_id: str, origin: str, keys: KeyFolder
) -> ArchiveIdentity:
    if keys.root is None:
        raise KeyProblem("a new archive needs its root key")
    return ArchiveIdentity(
        archive_id=archive_id,
        name=request.name,
        origin=origin,
        created=request.clock(),
        root_key_id=keys.root.key_id,
        operator_key_id=keys.operator.key_id,
        log_vkey=format_vkey(keys.log.vkey),
    )


def _trust(keys: KeyFolder) -> TrustSet:
    """What its maker believes of a new archive; asks for no witness and no token."""
    if keys.root is None:
        raise AssertionError("checked before anything was written")
    operator = TrustedOperator(spki_der=keys.operator.spki_der, first_leaf=1)
    return TrustSet(
        roots=(keys.root.spki_der,), operators=(operator,), log_vkey=keys.log.vkey
    )


def _make_keys(request: CreateRequest, folder: Path, origin: str) -> KeyFolder:
    keys = (request.keys or KeyFolder.generate)(origin)
    return keys.write(folder, request.seal)


def _fill(
    draft: Path, identity: ArchiveIdentity, keys: KeyFolder, request: CreateRequest
) -> None:
    """Write the whole archive into a folder nobody looks at yet."""
    paths, files = ArchivePaths(draft), request.files
    for name in FOLDERS:
        files.make_folder(draft / name)
    toml = format_identity(identity)
    files.write_once(paths.identity, toml)
    TiledLog(paths.log, files).create()
    tools = LedgerTools(
        paths=paths,
        identity=identity,
        keys=keys,
        clock=request.clock,
        random_bytes=request.random_bytes,
        software=request.software,
        files=files,
        effort=request.effort,
    )
    with hold_lock(draft):
        ledger = begin_ledger(tools)
        ledger.write_keys(_key_predicate(identity, keys, Digest.of(toml)))
        ledger.checkpoint()
        ledger.close()


def _key_predicate(
    identity: ArchiveIdentity, keys: KeyFolder, toml: Digest
) -> dict[str, object]:
    """Entry 0: which keys speak for this archive, and from which entry on."""
    roles = [
        ("root", keys.root, 0),
        ("operator", keys.operator, 1),
        ("log", keys.log, 0),
        ("wacz", keys.wacz, 1),
    ]
    return {
        "action": "new",
        "archive_toml": str(toml),
        "keys": [
            {
                "role": role,
                "key_id": key.key_id,
                "spki": format_base64(key.spki_der),
                "first_leaf": first_leaf,
                "end_leaf": None,
            }
            for role, key, first_leaf in roles
            if key is not None
        ],
        "log_vkey": identity.log_vkey,
    }
