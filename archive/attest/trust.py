"""Trust folder: where a reader keeps whose keys and witnesses he believes.

Trust never comes from what is verified. Below the reader's trust folder each origin has
a folder of its own; what it holds is read whole or refused.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from archive.attest.trustset import (
    TrustedOperator,
    TrustSet,
    format_trust,
    parse_trust,
)
from archive.errors import FormatError, ImmutableConflict, SettingsError, UnknownKey
from archive.files import Files, is_temporary

__all__ = [
    "TrustSet",
    "TrustedOperator",
    "read_trust",
    "trust_path",
    "trust_root",
    "write_trust",
]

TRUST_FILE_LIMIT_BYTES = 256 * 1024
"""Bytes of one file of a trust folder: a bundle of TSA roots is the largest."""
FOLDER_DIGITS = 32

_FILE_NAME = re.compile(
    r"policy|operators|quorum|log\.(?:name|pem)|(?:root|operator)-[0-9a-f]{16}\.pem"
    r"|witness[1-9][0-9]?\.(?:name|pem)|tsa[1-9][0-9]?\.pem"
)


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


def read_trust(folder: Path, origin: str) -> TrustSet | None:
    """Read what is trusted for an origin; None if nothing is known about it."""
    path = trust_path(folder, origin)
    if not path.is_dir():
        return None
    try:
        trust = parse_trust(_read_folder(path, Files()))
        if trust.origin != origin:
            raise FormatError(f"is for the origin {trust.origin}, not {origin}")
    except (FormatError, UnknownKey) as error:
        raise FormatError(f"trust folder {path}: {error}") from error
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
