"""SHA256SUMS of a bundle: written, read, and compared with its files (check 17)."""

import re
from collections.abc import Set
from typing import Final

from archive.digest import Digest
from archive.errors import (
    EvidenceError,
    FormatError,
    Unreadable,
)
from archive.verify.bundles.bundlefiles import SUMS, BundleFiles, limit_of, read_whole
from archive.verify.reporting.collector import Collector

_LINE: Final = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)")


def sums_order(name: str) -> list[bytes]:
    """Sort key of the lines of SHA256SUMS: folder by folder, as a shell lists them."""
    return [part.encode() for part in name.split("/")]


def format_sums(digests: dict[str, Digest]) -> bytes:
    """Write SHA256SUMS: what `sha256sum -c` reads."""
    names = sorted(digests, key=sums_order)
    return "".join(f"{digests[name].hex}  {name}\n" for name in names).encode()


def note_unread(collector: Collector, files: BundleFiles) -> Set[str]:
    """Name the files of a bundle that the disk does not give (check 17)."""
    unread = set()
    for name in files.names:
        try:
            with files.open(name) as stream:
                stream.read(1)
        except (Unreadable, OSError) as error:
            collector.raised(17, "bundle-file-altered", name, error)
            unread.add(name)
        except EvidenceError:  # whoever reads it will say so
            continue
    return unread


def check_listing(
    collector: Collector, files: BundleFiles, *, unread: Set[str] = frozenset()
) -> None:
    """Check 17 of a bundle: its files are those that SHA256SUMS lists, unchanged.

    `unread`: files that are there and that the disk does not give.
    """
    for name in files.strange:
        collector.failed(
            17, "file-unknown", name, "is a link, a special file or nested too deep"
        )
    listed = None if SUMS in unread else _read_sums(collector, files)
    if listed is None:
        return
    good = 0
    for name in files.names:
        if name == SUMS:
            continue
        limit, wanted = limit_of(name), listed.pop(name, None)
        if limit is None or wanted is None:
            collector.failed(17, "file-unknown", name, "is no part of this bundle")
        elif name in unread:
            continue
        elif files.size(name) > limit:
            collector.failed(
                17, "bundle-file-large", name, f"is longer than {limit} bytes"
            )
        elif _digest(files, name) != wanted:
            collector.failed(
                17, "bundle-file-altered", name, "is not the file that was listed"
            )
        else:
            good += 1
    for name in listed:
        collector.failed(17, "bundle-file-missing", name, "is listed and not there")
    collector.passed(17, good)


def _digest(files: BundleFiles, name: str) -> Digest | None:
    """SHA-256 of a file; None if it cannot be read."""
    try:
        with files.open(name) as stream:
            return Digest.of_stream(stream)
    except (EvidenceError, OSError):
        return None


def _read_sums(collector: Collector, files: BundleFiles) -> dict[str, Digest] | None:
    if SUMS not in files.names:
        collector.not_checked(17, "sums-missing", SUMS, "there is no list of the files")
        return None
    try:
        data = read_whole(files, SUMS)
        listed = {}
        for line in data.decode("ascii").splitlines():
            match = _LINE.fullmatch(line)
            if match is None:
                raise FormatError(f"not a line of digest and name: {line[:80]!r}")
            listed[match[2]] = Digest(match[1])
        if format_sums(listed) != data:
            raise FormatError("is not in its one form")
    except (FormatError, UnicodeDecodeError) as error:
        collector.failed(17, "sums-malformed", SUMS, str(error))
        return None
    return listed
