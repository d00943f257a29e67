"""Trust folder: where a reader keeps whose keys and witnesses he believes.

Trust never comes from what is verified. Below the reader's trust folder each origin has
a folder of its own; what it holds is read whole or refused.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archive.attest.trust.trustset import (
    TrustedOperator,
    TrustSet,
    format_trust,
    parse_trust,
)
from archive.errors import FormatError, ImmutableConflict, SettingsError, UnknownKey
from archive.files import Files, is_temporary

__all__ = [
    "TrustFolder",
    "TrustSet",
    "TrustedOperator",
    "list_origins",
    "read_trust",
    "read_trust_folder",
    "replace_trust",
    "take_over_trust",
    "trust_path",
    "trust_root",
    "write_trust",
]

TRUST_FILE_LIMIT_BYTES = 256 * 1024
"""Bytes of one file of a trust folder: a bundle of TSA roots is the largest."""
FOLDER_DIGITS = 32
_FOLDER_NAME = re.compile(r"[0-9a-f]{32}")

_FILE_NAME = re.compile(
    r"policy|operators|quorum|log\.(?:name|pem)|(?:root|operator)-[0-9a-f]{16}\.pem"
    r"|witness[1-9][0-9]?\.(?:name|pem)|tsa[1-9][0-9]?\.pem"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFolder:
    """The files of one origin as they were read, once, and what they say."""

    files: Mapping[str, bytes]
    trust: TrustSet

    @property
    def fingerprint(self) -> str:
        """What two people compare: `LC_ALL=C sha256sum * | sha256sum` in the folder."""
        lines = [
            f"{hashlib.sha256(data).hexdigest()}  {name}\n"
            for name, data in sorted(self.files.items())
        ]
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def trust_root(environ: Mapping[str, str]) -> Path:
    """The folder with one folder for each origin."""
    named = environ.get("EVIDENCE_TRUST_DIR", "")
    if named:
        return Path(named)
    settings = environ.get("XDG_CONFIG_HOME", "")
    if not settings.startswith("/"):
        home = environ.get("HOME", "")
        if not home.startswith("/"):
            raise SettingsError(
                "there is no place for trusted keys: neither EVIDENCE_TRUST_DIR nor "
                "XDG_CONFIG_HOME nor HOME is set; set one, or give --trust DIR"
            )
        settings = f"{home}/.config"
    return Path(settings) / "evidence" / "trust"


def trust_path(folder: Path, origin: str) -> Path:
    """Where the folder of an origin lies."""
    return folder / hashlib.sha256(origin.encode()).hexdigest()[:FOLDER_DIGITS]


def write_trust(folder: Path, trust: TrustSet, files: Files | None = None) -> Path:
    """Write the folder of an origin and return it.

    One that says the same is left alone; ImmutableConflict if it says something else.
    """
    files = files or Files()
    path = trust_path(folder, trust.origin)
    wanted = format_trust(trust)
    found = _read_folder(path, files)
    if found == wanted:
        return path
    if found.keys() - wanted.keys() or any(
        wanted[name] != data for name, data in found.items()
    ):
        raise ImmutableConflict(
            f"{path} holds other trust for {trust.origin}; read it, and move it "
            "away if it is wrong"
        )
    files.make_folder(path)
    for name, data in wanted.items():
        files.replace(path / name, data)
    return path


def replace_trust(folder: Path, trust: TrustSet, files: Files | None = None) -> Path:
    """Put other trust in an origin in place of the present one, whole, and return it.

    The new folder is written beside the old one and takes its name in two renames; if
    that is interrupted, the old one is still there under a name that says so.
    """
    files = files or Files()
    path = trust_path(folder, trust.origin)
    before = path.with_name(f".{path.name}.before")
    if path.exists():  # without it, `before` holds the only trust that is left
        _remove_folder(before, files)
    beside = _write_beside(path, format_trust(trust), files)
    if path.exists():
        files.rename(path, before)
    files.rename(beside, path)
    _remove_folder(before, files)
    return path


def put_back_trust(folder: Path, origin: str, files: Files | None = None) -> None:
    """Undo a `replace_trust` that ended between its renames: the old name again."""
    files = files or Files()
    path = trust_path(folder, origin)
    before = path.with_name(f".{path.name}.before")
    if before.is_dir() and not path.exists():
        files.rename(before, path)


def list_origins(folder: Path, files: Files | None = None) -> list[TrustFolder]:
    """What is believed about each origin; FormatError names a folder that is bad."""
    files = files or Files()
    found = []
    for name in files.list_names(folder):
        if _FOLDER_NAME.fullmatch(name) is None:
            continue
        one = read_trust_folder(folder / name, files)
        if trust_path(folder, one.trust.origin).name != name:
            raise FormatError(f"{folder / name} is for {one.trust.origin}: misplaced")
        found.append(one)
    return found


def read_trust_folder(path: Path, files: Files | None = None) -> TrustFolder:
    """Read the folder of one origin, wherever it lies: somebody else's, say."""
    try:
        found = _read_folder(path, files or Files())
        return TrustFolder(files=found, trust=parse_trust(found))
    except (FormatError, UnknownKey) as error:
        raise FormatError(f"trust folder {path}: {error}") from error


def take_over_trust(
    found: TrustFolder, folder: Path, files: Files | None = None
) -> Path:
    """Keep what was read, byte for byte, whole or not at all.

    It is not read again: it may lie on a stick or share where others write meanwhile.
    One that holds the same is left alone; ImmutableConflict if it holds something else.
    """
    files = files or Files()
    path = trust_path(folder, found.trust.origin)
    known = _read_folder(path, files)
    if known and known != found.files:
        raise ImmutableConflict(
            f"{path} holds other trust for {found.trust.origin}; compare both, and "
            "move it away if the new one is right"
        )
    if not known:
        files.make_folder(folder)
        files.rename(_write_beside(path, found.files, files), path)
    return path


def _write_beside(path: Path, content: Mapping[str, bytes], files: Files) -> Path:
    """A folder under a temporary name that is to take the place of `path`."""
    beside = path.with_name(f".{path.name}.new")
    _remove_folder(beside, files)
    files.make_folder(beside)
    for name, data in content.items():
        files.replace(beside / name, data)
    return beside


def _remove_folder(path: Path, files: Files) -> None:
    if path.exists():
        files.remove(*(path / name for name in files.list_names(path)))
        files.remove_folder(path)


def read_trust(folder: Path, origin: str) -> TrustSet | None:
    """Read what is trusted for an origin; None if nothing is known about it."""
    path = trust_path(folder, origin)
    if not path.is_dir():
        return None
    trust = read_trust_folder(path).trust
    if trust.origin != origin:
        raise FormatError(
            f"trust folder {path}: is for the origin {trust.origin}, not {origin}"
        )
    return trust


def _read_folder(path: Path, files: Files) -> dict[str, bytes]:
    found = {}
    for name in files.list_names(path):
        if is_temporary(name):
            continue
        if _FILE_NAME.fullmatch(name) is None:
            raise FormatError(f"{name} is no file of a trust folder; move it away")
        data = files.read(path / name, limit_bytes=TRUST_FILE_LIMIT_BYTES)
        if data is not None:
            found[name] = data
    return found
