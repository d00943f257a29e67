"""The evidence bundle: one capture or page that a stranger checks without us.

What goes out is checked first, as its reader will check it; what does not hold is not
exported. The same captures under the same checkpoints give the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from archive.attest.trust.folder import TrustSet
from archive.capture import ByteSource, Capture, MemoryBytes
from archive.digest import Digest, format_short_id
from archive.errors import UsageProblem
from archive.export.certificate import format_certificate
from archive.export.gather import Gathered, Gatherer
from archive.export.judge import judge_gathered, list_sums
from archive.export.locked import encrypt_pieces
from archive.export.papers import format_proves, format_readme
from archive.export.target import (
    check_target,
    write_folder,
    write_packed,
    write_stream,
)
from archive.store.reading.reader import ArchiveReader
from archive.verify.bundles.bundlefiles import SUMS
from archive.verify.bundles.listing import sums_order
from archive.verify.reporting.report import Report
from archive.zipped import zip_pieces

ZIP_END = ".zip"
AGE_END = ".age"


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRequest:
    """What to export, and how."""

    captures: Sequence[Capture]
    out: Path
    """A folder, or a file that ends with `.zip`, or with `.zip.age`."""
    certificate: bool
    recipients: Sequence[Any] = ()
    """Keys to encrypt for; then `out` ends with `.zip.age`."""


def default_name(captures: Sequence[Capture]) -> str:
    """A name that tells nothing of the source: `bundle-` and a short id."""
    if len(captures) == 1:
        return f"bundle-{captures[0].short_id}"
    ids = "".join(sorted(capture.capture_id for capture in captures))
    return f"bundle-{format_short_id(Digest.of(ids.encode()).raw[:16])}"


def check_request(request: BundleRequest, archive: Path) -> None:
    """UsageProblem or ImmutableConflict before anything is read."""
    check_target(request.out, archive)
    name = request.out.name
    if bool(request.recipients) != name.endswith(ZIP_END + AGE_END):
        raise UsageProblem(
            f"an encrypted bundle is called NAME{ZIP_END}{AGE_END}, and no other one "
            f"is; the name {name} and --recipient do not fit"
        )


def export_bundle(
    reader: ArchiveReader, request: BundleRequest, *, trust: TrustSet | None
) -> Report:
    """Write the bundle and say how it verifies; nothing is written if it FAILED."""
    check_request(request, reader.paths.root)
    gathered = Gatherer(reader, trust).add(list(request.captures))
    report = judge_gathered(gathered, request.out.name, trust=trust)
    _add_papers(gathered, report, request)
    ordered = {name: gathered.files[name] for name in _order(gathered.files)}
    _write(request, ordered)
    return report


def _add_papers(gathered: Gathered, report: Report, request: BundleRequest) -> None:
    papers = {
        "README.txt": format_readme(gathered.nodes),
        "PROVES.txt": format_proves(gathered.nodes),
        "verify.sh": read_script(),
    }
    if request.certificate:
        papers["CERTIFICATE.txt"] = format_certificate(gathered.nodes, report)
    files = gathered.files
    files.update((name, MemoryBytes(data)) for name, data in papers.items())
    del files[SUMS]
    files[SUMS] = MemoryBytes(list_sums(files))


def read_script() -> bytes:
    """The shell verifier, as it goes into every bundle."""
    return package_files("archive.export").joinpath("verify.sh").read_bytes()


def _order(files: dict[str, ByteSource]) -> list[str]:
    return sorted(files, key=sums_order)


def _write(request: BundleRequest, files: dict[str, ByteSource]) -> None:
    out = request.out
    if request.recipients:
        pieces = zip_pieces(files.items())
        write_stream(out, lambda to: encrypt_pieces(pieces, to, request.recipients))
    elif out.name.endswith(ZIP_END):
        write_packed(out, files)
    else:
        write_folder(out, files)
