"""A WACZ of ours: its names, and the files that follow from the evidence in it.

`archive/SHORTID.warc.gz` is a slice, `evidence/` a bundle without its slices; page list
and index are made from both, so a reader makes them again and compares. Nothing in the
package that is shown is left to its packer's word but the time and name of packing.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from archive.attest.statements.statement import Statement
from archive.digest import Digest
from archive.errors import FormatError
from archive.verify.bundles.bundlefiles import SLICE, BundleFiles, prefix_of
from archive.warc.cdxj import format_line, keep_head, sort_lines
from archive.warc.reading import read_records
from archive.warc.revisit import NOT_MODIFIED
from archive.zipped import ZipFiles

PACKAGE: Final = "datapackage.json"
PACKAGE_DIGEST: Final = "datapackage-digest.json"
PAGES: Final = "pages/pages.jsonl"
INDEX: Final = "indexes/index.cdx"
EVIDENCE: Final = "evidence/"
ARCHIVE: Final = "archive/"
FLAT: Final = "+"
"""Stands for the slash inside `evidence/`: other validators know one level of folders
only. No name of a bundle has it."""
SLICE_END: Final = ".warc.gz"
WACZ_VERSION: Final = "1.1.1"
TITLE: Final = "Captures with evidence"
DESCRIPTION: Final = (
    "For display. What it shows is proven by the files in evidence/, checked by "
    "`evidence verify wacz`; the signature of this package only says who packed it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One file of a package as its description lists it."""

    path: str
    digest: Digest
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """What a package says of its own making."""

    created: str
    software: str


def format_description(resources: Iterable[Resource], packing: Packing) -> bytes:
    """Write `datapackage.json`."""
    value = {
        "profile": "data-package",
        "wacz_version": WACZ_VERSION,
        "title": TITLE,
        "description": DESCRIPTION,
        "created": packing.created,
        "software": packing.software,
        "resources": [
            {
                "name": resource.path.lower().replace(FLAT, "/"),
                "path": resource.path,
                "hash": str(resource.digest),
                "bytes": resource.size,
            }
            for resource in sorted(resources, key=lambda one: one.path)
        ],
    }
    return (json.dumps(value, indent=2) + "\n").encode()


PAGE_FIELDS: Final = frozenset({"target_uri", "captured_at"})
"""What a statement must say to stand in the page list."""


def format_pages(statements: Iterable[Statement]) -> bytes:
    """Write the page list: the captures that were asked for, under their addresses.

    Each statement has the PAGE_FIELDS, as captures and pages do.
    """
    lines = [{"format": "json-pages-1.0", "id": "pages", "title": "Captures"}]
    for statement in statements:
        uri = statement.predicate["target_uri"]
        lines.append(
            {
                "id": statement.slice.sha256.short_id,
                "url": uri,
                "ts": statement.predicate["captured_at"][:19] + "Z",
                "title": uri,
            }
        )
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def format_index(slices: Iterable[tuple[str, Callable[[], BinaryIO]]]) -> bytes:
    """Write the index over slices: their names in `archive/`, and how to open them."""
    lines = []
    for name, opening in slices:
        with opening() as stream:
            for record in read_records(stream, keep=keep_head):
                if record.header.find("WARC-Profile") == NOT_MODIFIED:
                    continue  # viewers show an empty 304 instead of the original
                line = format_line(record, offset=record.span.offset, filename=name)
                if line is not None:
                    lines.append(line)
    return "".join(sort_lines(lines)).encode()


def parse_resources(description: Mapping[str, Any]) -> list[Resource]:
    """The listed files; also in the form of version 1.0.0. FormatError."""
    listed = description.get("resources")
    if not isinstance(listed, list):
        raise FormatError("lists no resources")
    found = []
    for one in listed:
        facts = one.get("stats", one) if isinstance(one, dict) else None
        match (one, facts):
            case ({"path": str(path)}, {"hash": str(text), "bytes": int(size)}):
                found.append(Resource(path=path, digest=_parse_digest(text), size=size))
            case _:
                raise FormatError("lists a resource without path, hash or size")
    return found


def _parse_digest(text: str) -> Digest:
    """Version 1.0.0 wrote the digits alone."""
    return Digest.parse(text if ":" in text else f"sha256:{text}")


class PackedEvidence:
    """The bundle in a package of ours, its slices taken from `archive/`."""

    def __init__(self, files: ZipFiles) -> None:
        self._files = files
        self._places = {
            name.removeprefix(EVIDENCE).replace(FLAT, "/"): name
            for name in files.names
            if name.startswith(EVIDENCE)
        }
        for prefix in {prefix_of(name) for name in self._places} - {None, ""}:
            slice_name = slice_path(str(prefix))
            if slice_name in files.names:
                self._places[f"{prefix}{SLICE}"] = slice_name

    @property
    def names(self) -> tuple[str, ...]:
        """Paths below the bundle."""
        return tuple(self._places)

    strange: tuple[str, ...] = ()
    """There are regular files only."""

    @property
    def places(self) -> frozenset[str]:
        """All files of the package that the bundle accounts for."""
        return frozenset(self._places.values())

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return self._files.size(self._places[name])

    def open(self, name: str) -> BinaryIO:
        """Open a file."""
        return self._files.open(self._places[name])


def evidence_path(name: str) -> str:
    """Where a file of the bundle lies in the package."""
    return EVIDENCE + name.replace("/", FLAT)


def slice_path(prefix: str) -> str:
    """Where the slice of a capture's folder lies in the package."""
    return f"{ARCHIVE}{prefix.removesuffix('/').rpartition('/')[2]}{SLICE_END}"


def asked_for(evidence: BundleFiles) -> list[str]:
    """Folders of the captures that were asked for: first level, in their order."""
    prefixes = {prefix_of(name) for name in evidence.names}
    return sorted(prefix for prefix in prefixes if prefix and is_asked_for(prefix))


def is_asked_for(prefix: str) -> bool:
    """Whether a folder of the evidence is of the first level."""
    return prefix.startswith("captures/") and prefix.count("/") == 2


def read_limited(files: ZipFiles, name: str, limit_bytes: int) -> bytes:
    """Read a file that must be small; FormatError beyond the limit."""
    if files.size(name) > limit_bytes:
        raise FormatError(f"{name} is longer than {limit_bytes} bytes")
    with files.open(name) as stream:
        return stream.read(limit_bytes)
