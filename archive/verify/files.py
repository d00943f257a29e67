"""Check 17: sealed files and kept texts are unchanged, and no file is unknown."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archive.attest.extract import parse_extract
from archive.digest import Digest
from archive.errors import FormatError
from archive.files import is_temporary
from archive.store.layout import DERIVED_NAMES, EVIDENCE_NAMES, ArchivePaths
from archive.store.segment import FoundSegment
from archive.verify.collector import Collector
from archive.warc.reading import ReadRecord

_SPOOL = re.compile(r"\d{8}\.batch|raw-[a-z0-9]+|extract-[a-z2-7]{26}\.jsonl", re.ASCII)
_QUARANTINE = re.compile(
    r"\d{8}-[a-z2-7]{8}\.warc\.gz\.\d{1,15}\.torn|raw-[a-z0-9]+", re.ASCII
)
_TEXT = re.compile(r"[0-9a-f]{64}\.gz")
_SEGMENT = re.compile(r"\d{4}/\d{2}/\d{8}-[a-z2-7]{8}\.warc\.gz(\.open)?", re.ASCII)
_MONTH = re.compile(r"\d{4}(/\d{2})?", re.ASCII)


class FolderFiles:
    """Collects what statements say about files, then compares the folder."""

    def __init__(self, collector: Collector, paths: ArchivePaths) -> None:
        self._collector = collector
        self._paths = paths
        self._seals: dict[str, Mapping[str, Any]] = {}
        self._texts: dict[str, Digest] = {}
        self._tails: dict[str, Mapping[str, Any]] = {}

    def note_seal(self, predicate: Mapping[str, Any]) -> None:
        """A `seal` statement: size and digest of a finished segment."""
        self._seals[predicate["segment"]["file"]] = predicate["segment"]

    def note_incident(self, predicate: Mapping[str, Any]) -> None:
        """An `incident` statement: a tail in quarantine."""
        if predicate["cause"] == "torn-tail":
            stem = predicate["file"].rpartition("/")[2]
            self._tails[f"{stem}.{predicate['offset']}.torn"] = predicate

    def note_extract(self, record: ReadRecord, *, subject: str) -> None:
        """An `extract` statement: which texts are kept, by which file digest."""
        try:
            for line in parse_extract(record.kept):
                if line.file is not None:
                    self._texts[f"{line.text.hex}.gz"] = line.file
        except FormatError as error:
            self._collector.raised(17, "extract-malformed", subject, error)

    def check_segment(self, found: FoundSegment, *, is_last: bool) -> None:
        """A sealed segment is what its seal says; only the last may have no seal."""
        name = str(found.name)
        seal = self._seals.pop(name, None)
        if seal is None:
            if is_last:
                self._collector.passed(17)
            else:
                self._collector.failed(
                    17, "seal-missing", f"segments/{name}", "no statement seals it"
                )
            return
        if found.is_open:
            self._fail_segment(name, "is sealed in the log but still named .open")
        elif found.path.stat().st_size != seal["length_bytes"]:
            self._fail_segment(name, "has not the size it was sealed with")
        elif _digest_file(found.path).hex != seal["sha256"]:
            self._fail_segment(name, "has not the digest it was sealed with")
        else:
            self._collector.passed(17)

    def finish(self) -> None:
        """Compare texts and quarantine; name what is gone and what is unknown."""
        for name in self._seals:
            self._fail_segment(name, "was sealed and is missing")
        self._check_texts()
        self._check_tails()
        self._check_names()

    def _fail_segment(self, name: str, problem: str) -> None:
        self._collector.failed(17, "segment-altered", f"segments/{name}", problem)

    def _check_texts(self) -> None:
        for name, digest in self._texts.items():
            path = self._paths.texts / name
            if not path.is_file():
                self._collector.failed(
                    17, "text-missing", f"texts/{name}", "is stated but missing"
                )
            elif _digest_file(path) != digest:
                self._collector.failed(
                    17,
                    "text-altered",
                    f"texts/{name}",
                    "is not the text that was stated",
                )
            else:
                self._collector.passed(17)

    def _check_tails(self) -> None:
        for name, predicate in self._tails.items():
            path = self._paths.quarantine / name
            if not path.is_file():
                self._collector.notices.append(
                    f"quarantine/{name} was set aside and is no longer there"
                )
            elif _digest_file(path).hex != predicate["sha256"]:
                self._collector.failed(
                    17,
                    "tail-altered",
                    f"quarantine/{name}",
                    "is not what was set aside",
                )

    def _check_names(self) -> None:
        root = self._paths.root
        known = {*EVIDENCE_NAMES, *DERIVED_NAMES}
        unknown = [
            path
            for path in root.iterdir()
            if path.name not in known
            or (path.name in EVIDENCE_NAMES and path.is_symlink())
        ]
        unknown += _others(self._paths.spool, _SPOOL)
        unknown += _others(self._paths.quarantine, _QUARANTINE)
        unknown += self._unknown_segments()
        for path in _others(self._paths.texts, _TEXT):
            unknown.append(path)
        unstated = {path.name for path in self._paths.texts.glob("*.gz")}
        unstated -= self._texts.keys()
        if unstated:
            self._collector.notices.append(
                f"{len(unstated)} kept texts are not stated yet; run `evidence index`"
            )
        for path in sorted(unknown):
            name = path.relative_to(root).as_posix()
            self._collector.failed(17, "file-unknown", name, "is no part of an archive")
        lock = self._paths.lock
        if lock.exists() and (not lock.is_file() or lock.stat().st_size):
            self._collector.failed(
                17, "lock-not-empty", "lock", "must be an empty file"
            )

    def _unknown_segments(self) -> list[Path]:
        """All but months and the regular files in them."""
        folder = self._paths.segments
        return [
            path
            for path in folder.rglob("*")
            if path.is_symlink()
            or not (
                (path.is_dir() and _MONTH.fullmatch(_below(path, folder)))
                or (path.is_file() and _SEGMENT.fullmatch(_below(path, folder)))
            )
        ]


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _others(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    """Files of a folder whose names are not of its pattern, and links.

    What an interrupted write left is named so, holds nothing that was promised, and
    goes when the name is written again.
    """
    if not folder.is_dir():
        return []
    return [
        path
        for path in folder.iterdir()
        if path.is_symlink()
        or not (pattern.fullmatch(path.name) or is_temporary(path.name))
    ]


def _digest_file(path: Path) -> Digest:
    with path.open("rb") as stream:
        return Digest.of_stream(stream)
