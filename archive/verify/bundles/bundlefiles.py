"""The files of an evidence bundle, in a folder or a zip: names, bounds, listing.

A bundle is one capture or page with its proof; below `captures/SHORTID/` lie the
captures of a page, or of a collection that has no statement of its own, below
`also/SHORTID/` what these refer to. Nothing is unpacked and no link is followed.
"""

import io
import re
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from archive.attest.statements.statement import STATEMENT_LIMIT_BYTES
from archive.errors import (
    FormatError,
    LimitExceeded,
    Unreadable,
    UsageProblem,
)
from archive.files import open_regular
from archive.log.leaf import MAX_LEAF_BYTES
from archive.log.proof import MAX_PROOF_BYTES
from archive.verify.looking import walk_entries
from archive.zipped import (
    ENTRIES_LIMIT,
    ZIP_LIMIT_BYTES,
    ZipFiles,
    check_own_form,
    open_zip,
)

SUMS: Final = "SHA256SUMS"
SLICE: Final = "capture.warc.gz"
STATEMENT: Final = "statement.json"
LEAF: Final = "leaf.txt"
PROOF: Final = "proof.tlog-proof"
NOT_BEFORE: Final = "not_before"
TOKENS_LIMIT: Final = 16
"""Tokens of one bundle; two or three are usual."""
FOLDERS_DEEP: Final = 6
"""Folders inside each other, empty ones too; the files of a bundle need five."""

_SMALL = 256 * 1024
_ID = "[a-z2-7]{26}"
_ANCHOR = "anchor(?:[2-9]|1[0-6])?"
_SLICE_LIMIT = 8 << 30
"""Bytes of a slice: twice the largest body, for its request and its DNS."""

_NODE_FILES: Final[dict[str, int]] = {
    r"capture\.warc\.gz": _SLICE_LIMIT,
    r"statement\.json": STATEMENT_LIMIT_BYTES,
    r"leaf\.txt": MAX_LEAF_BYTES,
    r"proof\.tlog-proof": MAX_PROOF_BYTES,
    rf"(?:{_ANCHOR}|not_before)\.tsr": 64 * 1024,
    rf"(?:{_ANCHOR}|not_before)\.chain\.pem": 64 * 1024,
    rf"revocation/(?:{_ANCHOR}|not_before)\.crl": 16 << 20,
    r"view/(?:screenshot\.png|page\.pdf|text\.txt|dom\.txt)": 1 << 30,
}
_TOP_FILES: Final[dict[str, int]] = {
    r"README\.txt": _SMALL,
    r"PROVES\.txt": _SMALL,
    r"CERTIFICATE\.txt": _SMALL,
    r"verify\.sh": _SMALL,
    SUMS: 16 << 20,
}
_BELOW: Final = rf"(?:also/{_ID}/|(?:captures/{_ID}/){{0,2}})"
LIMITS: Final[dict[re.Pattern[str], int]] = {
    **{re.compile(_BELOW + name): limit for name, limit in _NODE_FILES.items()},
    **{re.compile(name): limit for name, limit in _TOP_FILES.items()},
}
"""Every name a bundle may have, and the most bytes a file of that name has."""
_PLACE: Final = re.compile(_BELOW)
_TOP_NAMES: Final = frozenset(name.replace("\\", "") for name in _TOP_FILES)


class BundleFiles(Protocol):
    """A bundle's files, wherever they lie."""

    @property
    def names(self) -> tuple[str, ...]:
        """Paths below the bundle."""

    @property
    def strange(self) -> tuple[str, ...]:
        """Paths of what is no regular file, or nested too deep: nobody opens these."""

    def size(self, name: str) -> int:
        """Bytes of one of them."""

    def open(self, name: str) -> BinaryIO:
        """Open one of them; the caller closes it."""


class FolderFiles:
    """A bundle in a folder."""

    def __init__(self, folder: Path) -> None:
        self._sizes: dict[str, int] = {}
        self._folder = folder
        self._strange: list[str] = []
        for entry in walk_entries(folder, _refuse):
            name = Path(entry.path).relative_to(folder).as_posix()
            if entry.is_dir(follow_symlinks=False):
                if name.count("/") == FOLDERS_DEEP:
                    self._strange.append(name)
                continue
            if not entry.is_file(follow_symlinks=False):
                self._strange.append(name)
                continue
            if len(self._sizes) == ENTRIES_LIMIT:
                raise LimitExceeded(f"{folder} holds more than {ENTRIES_LIMIT} files")
            self._sizes[name] = entry.stat(follow_symlinks=False).st_size

    @property
    def names(self) -> tuple[str, ...]:
        """Paths below the folder."""
        return tuple(self._sizes)

    @property
    def strange(self) -> tuple[str, ...]:
        """Links, pipes and the like, and the first folder that is nested too deep."""
        return tuple(self._strange)

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return self._sizes[name]

    def open(self, name: str) -> BinaryIO:
        """Open a file."""
        return io.BufferedReader(open_regular(self._folder / name))


def _refuse(folder: Path, reason: str) -> None:
    raise Unreadable(f"cannot list {folder}: {reason}")


class AtHand:
    """A bundle's files but those that the disk does not give."""

    def __init__(self, files: BundleFiles, unread: Set[str]) -> None:
        self._files = files
        self.names = tuple(name for name in files.names if name not in unread)
        self.strange = files.strange

    def size(self, name: str) -> int:
        """Bytes of one of them."""
        return self._files.size(name)

    def open(self, name: str) -> BinaryIO:
        """Open one of them; the caller closes it."""
        return self._files.open(name)


@contextmanager
def open_bundle(path: Path) -> Iterator[BundleFiles]:
    """Look at a folder or zip; FormatError, LimitExceeded or UsageProblem if none."""
    if path.is_dir():
        files: BundleFiles = FolderFiles(path)
        _demand_bundle(path, files)
        yield files
    elif path.is_file():
        with open_zip(path, limit_bytes=ZIP_LIMIT_BYTES) as packed:
            _demand_bundle(path, packed)
            _check_packing(path, packed)
            yield packed
    else:
        raise UsageProblem(f"{path} is neither a folder nor a file; name a bundle")


def _demand_bundle(path: Path, files: BundleFiles) -> None:
    if not any(name.rpartition("/")[2] == STATEMENT for name in files.names):
        raise FormatError(
            f"{path} is no evidence bundle: it holds no {STATEMENT}; give the folder "
            "or zip that `evidence export bundle` made"
        )


def _check_packing(path: Path, files: ZipFiles) -> None:
    """Bound what reading costs, then demand our one form."""
    for name in files.names:
        limit = limit_of(name)
        if limit is not None and files.size(name) > limit:
            raise LimitExceeded(f"{name} in {path} is longer than {limit} bytes")
        if not files.is_stored(name):
            break
    check_own_form(path, files)


def limit_of(name: str) -> int | None:
    """Most bytes of a file of that name; None for a name no bundle has."""
    for pattern, limit in LIMITS.items():
        if pattern.fullmatch(name):
            return limit
    return None


def prefix_of(name: str) -> str | None:
    """The capture's folder that a file belongs to, `` at the top; None for papers."""
    match = _PLACE.match(name)
    if match is None or name in _TOP_NAMES:
        return None
    return match[0]


def read_whole(files: BundleFiles, name: str) -> bytes:
    """Read a small file; LimitExceeded beyond what its name allows."""
    limit = limit_of(name)
    if limit is None:
        raise FormatError(f"{name} is no file of a bundle")
    if files.size(name) > limit:
        raise LimitExceeded(f"{name} is longer than {limit} bytes")
    with files.open(name) as stream:
        return stream.read(limit)
