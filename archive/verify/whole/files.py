"""Check 17: sealed files, kept texts and what was set aside are as they were stated."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archive.attest.records.extract import parse_extract
from archive.digest import Digest
from archive.errors import FormatError, StoreError
from archive.store.layout import ArchivePaths
from archive.store.removal.textuse import TextUse
from archive.store.segments.segment import FoundSegment
from archive.store.texts import TEXT_FILE_LIMIT_BYTES
from archive.verify.looking import (
    digest_file,
    file_size,
    is_missing,
)
from archive.verify.reporting.collector import Collector
from archive.verify.whole.names import check_names
from archive.verify.whole.waiting import note_waiting
from archive.warc.reading import ReadRecord


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
        check_names(self._collector, self._paths)
        self._note_texts()
        note_waiting(self._collector, self._paths.spool)

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

    def _note_texts(self) -> None:
        """Kept texts that nobody states, or that only removed captures had."""
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
