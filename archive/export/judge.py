"""What is about to leave the house, judged as its reader will judge it."""

from typing import BinaryIO

from archive.attest.trust.folder import TrustSet
from archive.capture import ByteSource, MemoryBytes
from archive.digest import Digest
from archive.errors import DigestMismatch
from archive.export.gather import Gathered
from archive.verify.bundles.bundle import verify_files
from archive.verify.bundles.bundlefiles import SUMS
from archive.verify.bundles.listing import format_sums
from archive.verify.reporting.report import Outcome, Report


class PlannedFiles:
    """Files that are not written yet, for whoever reads bundles."""

    def __init__(self, files: dict[str, ByteSource]) -> None:
        self._files = files

    @property
    def names(self) -> tuple[str, ...]:
        """Paths below the bundle."""
        return tuple(self._files)

    strange: tuple[str, ...] = ()
    """There are regular files only."""

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return self._files[name].length_bytes

    def open(self, name: str) -> BinaryIO:
        """Open a file."""
        return self._files[name].open()


def judge_gathered(gathered: Gathered, name: str, *, trust: TrustSet | None) -> Report:
    """List the sums and verify; DigestMismatch if anything FAILED: it stays here."""
    gathered.files[SUMS] = MemoryBytes(list_sums(gathered.files))
    report = verify_files(
        PlannedFiles(gathered.files), subject=name, trust_of=lambda _origin: trust
    )
    if report.outcome is Outcome.FAILED:
        reason = next(iter(report.of(Outcome.FAILED)))
        raise DigestMismatch(
            f"nothing was exported: {reason.subject}: {reason.detail}; run "
            "`evidence verify`"
        )
    return report


def list_sums(files: dict[str, ByteSource]) -> bytes:
    """SHA256SUMS of files that are not written yet."""
    digests = {}
    for name, source in files.items():
        with source.open() as stream:
            digests[name] = Digest.of_stream(stream)
    return format_sums(digests)
