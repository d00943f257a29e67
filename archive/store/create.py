"""Create an archive: keys, entry 0, first checkpoint, trust folder, in one rename.

Everything is made in a folder beside the target and renamed at the end, so a crash
leaves either no archive or a whole one.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.attest.keys import KeyFolder, KeySeeds
from archive.attest.trust import write_trust
from archive.digest import Digest, format_short_id
from archive.errors import ArchiveExists
from archive.files import Files, sync_folder
from archive.log.log import TiledLog
from archive.log.note import format_vkey
from archive.store.layout import (
    FOLDERS,
    ORIGIN_PREFIX,
    ArchiveIdentity,
    ArchivePaths,
    check_name,
    format_identity,
    hold_lock,
)
from archive.store.ledger import Ledger, LedgerTools, begin_ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRequest:
    """A new archive: its place, its name, where keys and trust go.

    `seeds` fixes the private keys; only scripts that make golden archives give them.
    """

    root: Path
    name: str
    keys_folder: Callable[[str], Path]
    """From the archive id to the folder of its private keys."""
    trust_folder: Path
    software: str
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    origin: str | None = None
    seeds: KeySeeds | None = None


def create_archive(request: CreateRequest) -> ArchiveIdentity:
    """Make a new archive; ArchiveExists if the folder is there and not empty."""
    root = request.root
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ArchiveExists(
            f"{root} exists and is not empty; give a new folder with --archive, "
            "or remove it yourself if you are sure"
        )
    check_name(request.name)
    archive_id = format_short_id(request.random_bytes(16))
    origin = request.origin or ORIGIN_PREFIX + archive_id
    keys = KeyFolder.create(
        request.keys_folder(archive_id), origin=origin, seeds=request.seeds
    )
    identity = ArchiveIdentity(
        archive_id=archive_id,
        name=request.name,
        origin=origin,
        created=request.clock(),
        root_key_id=keys.root.key_id,
        operator_key_id=keys.operator.key_id,
        log_vkey=format_vkey(keys.log.vkey),
    )
    root.parent.mkdir(parents=True, exist_ok=True)
    draft = root.parent / f".{root.name}.init-{archive_id[:8]}"
    try:
        _fill(draft, identity, keys, request)
        write_trust(request.trust_folder, identity=identity_trust(identity, keys))
        draft.rename(root)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    sync_folder(root.parent)
    return identity
