"""Many small attacks on one archive: change a file, judge, put it back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.attest.trust.folder import TrustSet
from archive.verify.reporting.report import Finding, Outcome, Report
from archive.verify.whole.folder import verify_archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """An archive and its reader's trust; every attack is undone."""

    root: Path
    trust: TrustSet | None

    def judge(self) -> Report:
        """What `evidence verify` says now."""
        return verify_archive(self.root, trust=self.trust)

    @contextmanager
    def changed(self, path: Path, data: bytes | None) -> Iterator[None]:
        """Give a file other bytes, or None to take it away."""
        before, mode = path.read_bytes(), path.stat().st_mode
        path.chmod(0o600)
        if data is None:
            path.unlink()
        else:
            path.write_bytes(data)
        try:
            yield
        finally:
            path.write_bytes(before)
            path.chmod(mode)

    def judge_with(self, path: Path, data: bytes | None) -> Report:
        """What it says of a file with other bytes, or without the file."""
        assert data != path.read_bytes(), "the attack changes nothing"
        with self.changed(path, data):
            return self.judge()

    @contextmanager
    def linked(self, path: Path, target: Path) -> Iterator[None]:
        """Put a link in place of a file."""
        path.rename(target)
        path.symlink_to(target)
        try:
            yield
        finally:
            path.unlink()
            target.rename(path)

    def files(self) -> list[Path]:
        """Every file whose bytes are evidence, all but the derived and the lock."""
        return sorted(
            path
            for path in self.root.rglob("*")
            if path.is_file()
            and path.name not in ("catalog.sqlite", "lock")
            and path.stat().st_size
            and not path.is_relative_to(self.root / "spool")
        )


def bad(report: Report) -> list[Finding]:
    """What counts against the archive."""
    optional = {9, 11, 12, 13, 14, 20} - report.required
    return [
        finding
        for finding in report.findings
        if finding.outcome is Outcome.FAILED
        or (finding.outcome is Outcome.NOT_CHECKED and finding.step not in optional)
    ]


def fires(report: Report, *steps: int) -> None:
    """Not VERIFIED, and one of these checks says so."""
    assert report.outcome is not Outcome.VERIFIED
    found = {finding.step for finding in bad(report)}
    assert found & set(steps), (steps, found)


def names(report: Report, word: str) -> bool:
    """Whether what counts against the archive names something."""
    texts = [f"{finding.subject} {finding.detail}" for finding in bad(report)]
    return any(word in text for text in texts)


def relative(root: Path, path: Path) -> str:
    """A file as findings name it."""
    return path.relative_to(root).as_posix().removesuffix(".open")
