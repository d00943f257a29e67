"""Where things lie in an archive folder, its identity file, and its one lock.

`archive.toml` is written once by `evidence init`; its digest is signed in leaf 0. The
form is fixed: what is read is written again and must be equal.
"""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.digest import is_short_id
from archive.errors import (
    ArchiveLocked,
    ArchiveMissing,
    FormatError,
    LimitExceeded,
    UsageProblem,
)
from archive.files import DISK
from archive.instant import format_instant, parse_instant
from archive.locks import Patience, hold_file, is_held
from archive.log.note import is_key_name

IDENTITY_FILE = "archive.toml"
IDENTITY_LIMIT_BYTES = 16 * 1024
"""Bytes of `archive.toml`: a dozen short lines; anything longer is not ours."""
NAME_LIMIT = 200
"""Code points of an archive's name: it stands in every statement."""
LOCK_PATIENCE = Patience(tries=6, pause_seconds=0.05)
"""`verify` looks at the lock for a moment; a writer that begins then tries again."""
ORIGIN_PREFIX = "election-evidence-archive/"
LISTING_FILE = "files.txt"
DERIVED_NAMES = ("catalog.sqlite", "catalog.sqlite-journal", "index", LISTING_FILE)
"""May be deleted at any time; `evidence rebuild` makes them again, and
`evidence export listing` the listing."""
EVIDENCE_NAMES = (
    IDENTITY_FILE,
    "segments",
    "log",
    "anchors",
    "spool",
    "quarantine",
    "texts",
    "lock",
)
FOLDERS = ("segments", "log", "anchors", "spool", "quarantine", "texts")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveIdentity:
    """What an archive is called and which keys speak for it (hints, never trust)."""

    archive_id: str
    name: str
    origin: str
    created: datetime
    root_key_id: str
    operator_key_id: str
    log_vkey: str


@dataclass(frozen=True, slots=True)
class ArchivePaths:
    """The places below one archive folder."""

    root: Path

    @property
    def identity(self) -> Path:
        """`archive.toml`."""
        return self.root / IDENTITY_FILE

    @property
    def segments(self) -> Path:
        """Sealed and open segments."""
        return self.root / "segments"

    @property
    def log(self) -> Path:
        """The tiled log."""
        return self.root / "log"

    @property
    def anchors(self) -> Path:
        """Time-stamp tokens over checkpoints, with chains and revocation data."""
        return self.root / "anchors"

    @property
    def spool(self) -> Path:
        """Redo files and raw spools of the engine."""
        return self.root / "spool"

    @property
    def quarantine(self) -> Path:
        """Torn tails, set aside and never read again by us."""
        return self.root / "quarantine"

    @property
    def texts(self) -> Path:
        """Kept texts by digest."""
        return self.root / "texts"

    @property
    def catalog(self) -> Path:
        """The derived SQLite lookup."""
        return self.root / "catalog.sqlite"

    @property
    def index(self) -> Path:
        """The derived full-text index."""
        return self.root / "index"

    @property
    def lock(self) -> Path:
        """Held by the one writer; always empty."""
        return self.root / "lock"


def _quote(text: str) -> str:
    """Write a TOML basic string; control characters were refused before."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def format_identity(identity: ArchiveIdentity) -> bytes:
    """Write `archive.toml`, the only form that is read."""
    lines = [
        "# Identity of this archive; written once, digest signed in entry 0.",
        f"archive_id = {_quote(identity.archive_id)}",
        f"created = {_quote(format_instant(identity.created))}",
        "format = 1",
        f"log_vkey = {_quote(identity.log_vkey)}",
        f"name = {_quote(identity.name)}",
        f"operator_key_id = {_quote(identity.operator_key_id)}",
        f"origin = {_quote(identity.origin)}",
        f"root_key_id = {_quote(identity.root_key_id)}",
    ]
    return ("\n".join(lines) + "\n").encode()


def parse_identity(data: bytes) -> ArchiveIdentity:
    """Read `archive.toml`; FormatError unless it is exactly what we would write."""
    try:
        table = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FormatError(f"{IDENTITY_FILE} is not readable TOML: {error}") from error
    try:
        identity = ArchiveIdentity(
            archive_id=_text(table, "archive_id"),
            name=_text(table, "name"),
            origin=_text(table, "origin"),
            created=parse_instant(_text(table, "created")),
            root_key_id=_text(table, "root_key_id"),
            operator_key_id=_text(table, "operator_key_id"),
            log_vkey=_text(table, "log_vkey"),
        )
    except KeyError as error:
        raise FormatError(f"{IDENTITY_FILE} lacks {error.args[0]}") from error
    if not is_short_id(identity.archive_id):
        raise FormatError(f"{IDENTITY_FILE}: archive_id is not 26 base32 letters")
    if not is_key_name(identity.origin):
        raise FormatError(f"{IDENTITY_FILE}: origin cannot be the name of a log")
    if format_identity(identity) != data:
        raise FormatError(f"{IDENTITY_FILE} is not in its written form (altered?)")
    return identity


def _text(table: dict[str, object], key: str) -> str:
    value = table[key]
    if not isinstance(value, str):
        raise FormatError(f"{IDENTITY_FILE}: {key} is not a string")
    return value


def check_name(name: str) -> str:
    """Return an archive's name, or refuse one that cannot stand on one line."""
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise UsageProblem(
            f"the archive name must be 1 to {NAME_LIMIT} printable characters; "
            "give it with --name"
        )
    return name


def check_origin(origin: str) -> str:
    """Return a log's name, or refuse one that cannot stand in a signed note."""
    if len(origin) > NAME_LIMIT or not origin.isprintable() or not is_key_name(origin):
        raise UsageProblem(
            f"the origin must be 1 to {NAME_LIMIT} printable characters without space "
            "or plus sign; give another one with --origin"
        )
    return origin


def read_identity(root: Path) -> ArchiveIdentity:
    """Read the identity of the archive at `root`; ArchiveMissing if there is none."""
    path = ArchivePaths(root).identity
    try:
        data = DISK.read(path, limit_bytes=IDENTITY_LIMIT_BYTES)
    except LimitExceeded as error:
        raise FormatError(
            f"{IDENTITY_FILE} is larger than {IDENTITY_LIMIT_BYTES} bytes"
        ) from error
    if data is None:
        raise ArchiveMissing(
            f"no archive at {root}: there is no {IDENTITY_FILE}; "
            f"make one with `evidence --archive {root} init --name NAME`"
        )
    return parse_identity(data)


@contextmanager
def hold_lock(root: Path) -> Iterator[None]:
    """Hold the archive lock, or raise ArchiveLocked at once; dies with the process."""
    with hold_file(
        ArchivePaths(root).lock, make=True, taken=_locked(root), patience=LOCK_PATIENCE
    ):
        yield


@contextmanager
def hold_watch(root: Path) -> Iterator[None]:
    """Be the one that watches sources into this archive, or raise ArchiveLocked.

    The lock is on the identity file, which nobody writes: the lock of the writer is
    free between two crawls.
    """
    read_identity(root)
    taken = ArchiveLocked(
        f"another process watches sources into {root}; one is enough: stop it,"
        " or give another --archive"
    )
    with hold_file(ArchivePaths(root).identity, make=False, taken=taken):
        yield


def demand_unlocked(root: Path) -> None:
    """ArchiveLocked if somebody writes right now: known before anything is begun."""
    if is_locked(root):
        raise _locked(root)


def is_locked(root: Path) -> bool:
    """Whether some process holds the archive lock right now (never creates it)."""
    return is_held(ArchivePaths(root).lock)


def _locked(root: Path) -> ArchiveLocked:
    return ArchiveLocked(
        f"another process is writing to the archive {root}; "
        "wait for it to end, or give another --archive"
    )
