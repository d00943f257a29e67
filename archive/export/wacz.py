"""A WACZ 1.1.1 for replay programs, with our evidence inside; never the proof itself.

Signed anonymously with the archive's separate P-384 key over the digest of its
description, as browsers sign. What it shows is checked by `evidence verify wacz`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.attest.keys.signing import P384Key
from archive.attest.trust.folder import TrustSet
from archive.capture import ByteSource, Capture, MemoryBytes
from archive.digest import Digest
from archive.export.gather import Gathered, Gatherer
from archive.export.judge import judge_gathered
from archive.export.papers import fill_paper
from archive.export.target import check_target, write_packed
from archive.log.fields import format_base64
from archive.store.reading.reader import ArchiveReader
from archive.verify.bundles.bundlefiles import SLICE
from archive.verify.packages.packagefiles import (
    ARCHIVE,
    INDEX,
    PACKAGE,
    PACKAGE_DIGEST,
    PAGES,
    Packing,
    Resource,
    evidence_path,
    format_description,
    format_index,
    format_pages,
    is_asked_for,
    slice_path,
)
from archive.verify.reporting.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class WaczRequest:
    """What to pack, and who signs."""

    captures: Sequence[Capture]
    out: Path
    key: P384Key
    packing: Packing


def export_wacz(
    reader: ArchiveReader, request: WaczRequest, *, trust: TrustSet | None
) -> Report:
    """Write the package; nothing is written if its evidence FAILED."""
    check_target(request.out, reader.paths.root)
    gathered = Gatherer(reader, trust).add(list(request.captures), collection=True)
    gathered.files["README.txt"] = MemoryBytes(fill_paper("WACZ.txt"))
    report = judge_gathered(gathered, request.out.name, trust=trust)
    write_packed(request.out, _package(gathered, request))
    return report


def _package(gathered: Gathered, request: WaczRequest) -> dict[str, ByteSource]:
    """All files of the package, the description last but one."""
    slices: dict[str, ByteSource] = {}
    others: dict[str, ByteSource] = {}
    for name, source in gathered.files.items():
        if name.endswith("/" + SLICE):
            slices[slice_path(name.removesuffix(SLICE))] = source
        else:
            others[evidence_path(name)] = source
    asked = sorted(
        (node for node in gathered.nodes if is_asked_for(node.prefix)),
        key=lambda node: node.prefix,
    )
    files: dict[str, ByteSource] = {
        PAGES: MemoryBytes(format_pages(node.statement for node in asked)),
        INDEX: MemoryBytes(
            format_index(
                (name.removeprefix(ARCHIVE), source.open)
                for name, source in sorted(slices.items())
            )
        ),
        **dict(sorted(slices.items())),
        **dict(sorted(others.items())),
    }
    description = format_description(
        [_resource(name, source) for name, source in files.items()], request.packing
    )
    files[PACKAGE] = MemoryBytes(description)
    files[PACKAGE_DIGEST] = MemoryBytes(_sign(description, request))
    return files


def _resource(name: str, source: ByteSource) -> Resource:
    with source.open() as stream:
        return Resource(
            path=name, digest=Digest.of_stream(stream), size=source.length_bytes
        )


def _sign(description: bytes, request: WaczRequest) -> bytes:
    """The anonymous signature: over the text `sha256:HEX`, raw r and s."""
    text = str(Digest.of(description))
    value = {
        "path": PACKAGE,
        "hash": text,
        "signedData": {
            "hash": text,
            "created": request.packing.created,
            "software": request.packing.software,
            "signature": format_base64(request.key.sign(text.encode("ascii"))),
            "publicKey": format_base64(request.key.spki_der),
        },
    }
    return (json.dumps(value, indent=2) + "\n").encode()
