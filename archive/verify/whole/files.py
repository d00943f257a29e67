"""Check 17: sealed files and kept texts are unchanged, and no file is unknown."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from archive.attest.records.extract import parse_extract
from archive.digest import Digest
from archive.errors import FormatError, StoreError
from archive.files import is_temporary
from archive.store.layout import DERIVED_NAMES, EVIDENCE_NAMES, FOLDERS, ArchivePaths
from archive.store.removal.textuse import TextUse
from archive.store.segments.segment import FoundSegment
from archive.store.texts import TEXT_FILE_LIMIT_BYTES
from archive.store.waiting.files import list_waiting
from archive.store.waiting.reading import DamagedPiece, read_pieces
from archive.verify.looking import (
    digest_file,
    file_size,
    is_missing,
    list_entries,
    walk_entries,
)
from archive.verify.reporting.collector import Collector
from archive.warc.reading import ReadRecord

_SPOOL = re.compile(
    r"\d{8}\.batch|raw-[a-z0-9]+|extract-[a-z2-7]{26}\.jsonl"
    r"|waiting-\d{8}(-\d{1,15})?\.drafts|stuck-[a-z2-7]{26}|visit-[0-9a-f]{16}",
    re.ASCII,
)
_QUARANTINE = re.compile(
    r"\d{8}-[a-z2-7]{8}\.warc\.gz\.\d{1,15}\.torn|raw-[a-z0-9]+"
    r"|refused-\d{1,15}-[0-9a-f]{16}\.note",
    re.ASCII,
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
        self.text_use = TextUse()
        self._tails: dict[str, Mapping[str, Any]] = {}
        self.is_partial = False
        """Part of the statements was not read: what is not there may be stated so."""

    def note_seal(self, predicate: Mapping[str, Any]) -> None:
        """A `seal` statement: size and digest of a finished segment."""
        self._seals[predicate["segment"]["file"]] = predicate["segment"]

    def note_incident(self, predicate: Mapping[str, Any]) -> None:
        """An `incident` statement: a tail or a checkpoint in quarantine."""
        if predicate["cause"] == "refused-checkpoint" and predicate["file"]:
            self._tails[predicate["file"].rpartition("/")[2]] = predicate
        if predicate["cause"] == "torn-tail":
            stem = predicate["file"].rpartition("/")[2]
            self._tails[f"{stem}.{predicate['offset']}.torn"] = predicate

    def note_extract(self, record: ReadRecord, *, subject: str) -> None:
        """An `extract` statement: which texts are kept, by which file digest."""
        try:
            lines = parse_extract(record.kept)
            self.text_use.note_lines(lines)
            for line in lines:
                if line.file is not None:
                    self._texts[f"{line.text.hex}.gz"] = line.file
        except FormatError as error:
            self._collector.raised(17, "extract-malformed", subject, error)

    def check_segment(
        self, found: FoundSegment, *, is_last: bool, is_being_removed: bool = False
    ) -> None:
        """A sealed segment is what its seal says; only the last may have no seal.

        `is_being_removed`: a writer is just about to state its new seal. Where part of
        the statements was not read, a later seal may stand there: nothing is compared.
        """
        if self.is_partial:
            return
        name = str(found.name)
        seal = self._seals.pop(name, None)
        if is_being_removed:
            self._collector.not_checked(
                17,
                "removal-running",
                f"segments/{name}",
                "an entry is being removed; verify again later",
            )
            return
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
        elif file_size(found.path) not in (None, seal["length_bytes"]):
            self._fail_segment(name, "has not the size it was sealed with")
        else:
            self._compare(
                found.path,
                f"segments/{name}",
                seal["sha256"],
                limit_bytes=seal["length_bytes"],
                code="segment-altered",
            )

    def finish(self) -> None:
        """Compare texts and quarantine; name what is gone and what is unknown."""
        for name in () if self.is_partial else self._seals:
            self._fail_segment(name, "was sealed and is missing")
        self._check_texts()
        self._check_tails()
        self._check_names()
        self._note_waiting()

    def _compare(
        self, path: Path, subject: str, digest: str, *, limit_bytes: int, code: str
    ) -> None:
        """One file must be the bytes that were stated."""
        try:
            found = digest_file(path, limit_bytes=limit_bytes).hex
        except (StoreError, FormatError) as error:
            self._collector.raised(17, code, subject, error)
            return
        if found == digest:
            self._collector.passed(17)
        else:
            self._collector.failed(
                17, code, subject, "has not the digest that was stated"
            )

    def _fail_segment(self, name: str, problem: str) -> None:
        self._collector.failed(17, "segment-altered", f"segments/{name}", problem)

    def _check_texts(self) -> None:
        for name, digest in self._texts.items():
            path = self._paths.texts / name
            if is_missing(path):
                if self.text_use.is_gone(name.removesuffix(".gz")):
                    self._collector.passed(17)
                    continue
                if self.is_partial:
                    continue
                self._collector.failed(
                    17, "text-missing", f"texts/{name}", "is stated but missing"
                )
                continue
            self._compare(
                path,
                f"texts/{name}",
                digest.hex,
                limit_bytes=TEXT_FILE_LIMIT_BYTES,
                code="text-altered",
            )

    def _check_tails(self) -> None:
        for name, predicate in self._tails.items():
            path = self._paths.quarantine / name
            if is_missing(path):
                self._collector.notices.append(
                    f"quarantine/{name} was set aside and is no longer there"
                )
                continue
            self._compare(
                path,
                f"quarantine/{name}",
                predicate["sha256"],
                limit_bytes=predicate["length"],
                code="tail-altered",
            )

    def _check_names(self) -> None:
        unknown = [*self._unknown_in_root(), *self._unknown_segments()]
        for folder, pattern in (
            (self._paths.spool, _SPOOL),
            (self._paths.quarantine, _QUARANTINE),
            (self._paths.texts, _TEXT),
        ):
            unknown += self._others(folder, pattern)
        for path in sorted(set(unknown)):
            name = path.relative_to(self._paths.root).as_posix()
            self._collector.failed(17, "file-unknown", name, "is no part of an archive")
        unstated = {path.name for path in self._paths.texts.glob("*.gz")}
        unstated -= self._texts.keys()
        gone = {f"{text}.gz" for text in self.text_use.gone_texts()}
        if left := sum(os.path.lexists(self._paths.texts / name) for name in gone):
            self._collector.notice(
                f"{left} kept texts are of removed captures alone and still there; "
                "remove them by hand, or restore and remove again"
            )
        if unstated:
            self._collector.notices.append(
                f"{len(unstated)} kept texts are not stated yet; run `evidence index`"
            )
        lock = self._paths.lock
        if lock.exists() and (not lock.is_file() or lock.stat().st_size):
            self._collector.failed(
                17, "lock-not-empty", "lock", "must be an empty file"
            )

    def _note_waiting(self) -> None:
        """What was captured without a key is unsigned: nothing is proven of it."""
        for file in list_waiting(self._paths.spool):
            name = f"spool/{file.path.name}"
            count = 0
            try:
                for piece in read_pieces(file.path):
                    if isinstance(piece, DamagedPiece):
                        self._note_damage(name, piece)
                    else:
                        count += 1
            except (FormatError, StoreError, OSError) as error:
                self._collector.raised(17, "waiting-malformed", name, error)
                continue
            self._collector.not_checked(
                17,
                "waiting-unsigned",
                name,
                f"{count} entries wait unsigned for the operator's key; "
                "`evidence sign` states them",
                count=count,
            )

    def _note_damage(self, name: str, piece: DamagedPiece) -> None:
        """What was acknowledged there and cannot be read, or was cut off by a crash."""
        if piece.is_torn:
            self._collector.notices.append(
                f"{name}: {piece.words}; `evidence sign` puts them aside"
            )
            return
        self._collector.failed(
            17,
            "waiting-damaged",
            name,
            f"{piece.words}; `evidence sign` states the others and an incident",
            offset=piece.start,
            length=piece.length_bytes,
        )

    def _unknown_in_root(self) -> Iterator[Path]:
        """Foreign names, and known names at something of another kind."""
        for entry in list_entries(self._paths.root, self._unreadable):
            name = entry.name
            is_right = name in DERIVED_NAMES
            if name in EVIDENCE_NAMES:
                is_right = (
                    entry.is_dir(follow_symlinks=False)
                    if name in FOLDERS
                    else entry.is_file(follow_symlinks=False)
                )
            if not is_right:
                yield Path(entry.path)

    def _unknown_segments(self) -> Iterator[Path]:
        """All but months and the regular files in them."""
        folder = self._paths.segments
        if folder.is_symlink():
            return  # named as no part of an archive, as `_others` does
        for entry in walk_entries(folder, self._unreadable):
            below = Path(entry.path).relative_to(folder).as_posix()
            is_month = entry.is_dir(follow_symlinks=False) and _MONTH.fullmatch(below)
            is_file = entry.is_file(follow_symlinks=False)
            if not is_month and not (is_file and _SEGMENT.fullmatch(below)):
                yield Path(entry.path)

    def _others(self, folder: Path, pattern: re.Pattern[str]) -> Iterator[Path]:
        """What is no regular file of a folder's own names.

        What an interrupted write left is named so, holds nothing that was promised,
        and goes when the name is written again.
        """
        if folder.is_symlink():
            return
        for entry in list_entries(folder, self._unreadable):
            is_file = entry.is_file(follow_symlinks=False)
            is_known = pattern.fullmatch(entry.name) or is_temporary(entry.name)
            if not is_file or not is_known:
                yield Path(entry.path)

    def _unreadable(self, folder: Path, reason: str) -> None:
        name = folder.relative_to(self._paths.root).as_posix()
        self._collector.not_checked(17, "folder-unreadable", name, reason)
