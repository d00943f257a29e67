"""Check 20: the time stamps beside the log are the files that were logged.

`anchors/SIZE/checkpoint`, and for the n-th token `n.tsr`, `n.tsq`, `n.chain.pem`,
`n.crl`. What the tokens themselves prove is checks 11 to 13.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from archive.attest.keys.signing import verify_ed25519
from archive.attest.trust.folder import TrustSet
from archive.errors import EvidenceError, FormatError, StoreError, Unreadable
from archive.files import DISK
from archive.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from archive.log.fields import parse_base64
from archive.log.note import MAX_NOTE_BYTES, parse_note
from archive.store.anchors.folder import is_size
from archive.verify.looking import digest_file, is_missing, walk_entries
from archive.verify.reporting.collector import Collector

ANCHOR_FILE_LIMIT_BYTES = 16 << 20
"""Bytes of the largest file beside a token: a list of revoked certificates."""

SUFFIXES = {"tsr": "tsr", "tsq": "tsq", "chain": "chain.pem", "crl": "crl"}
"""Field of an `anchor` statement's token and the end of its file name."""


class Anchors:
    """Collects `anchor` statements, then compares the folder `anchors/`."""

    def __init__(self, collector: Collector, folder: Path) -> None:
        self._collector = collector
        self._folder = folder
        self._expected: dict[str, str] = {}
        self._stamped: set[tuple[int, bytes]] = set()
        """Size and root of each checkpoint that was stamped."""

    def note(self, predicate: Mapping[str, Any]) -> None:
        """An `anchor` statement: the digests of its tokens' files."""
        size = predicate["size"]
        self._stamped.add((size, parse_base64(predicate["root"], FormatError)))
        for number, token in enumerate(predicate["tokens"], start=1):
            for field, suffix in SUFFIXES.items():
                if token[field] is not None:
                    self._expected[f"{size}/{number}.{suffix}"] = token[field]

    def finish(
        self,
        *,
        origin: str,
        trust: TrustSet | None,
        roots_of: Callable[[Iterable[int]], Mapping[int, bytes]] | None,
        is_locked: bool,
    ) -> None:
        """Name missing, altered and unknown files, and roots that are no tree's.

        `is_locked`: a writer is at work, whose newest anchor may not be stated yet.
        Without `roots_of`, part of the statements was not read: only what is stated in
        the others is compared.
        """
        # What was logged first, then what lies there beside it.
        for name, digest in self._expected.items():
            self._compare(name, digest)
        roots = roots_of({size for size, _ in self._stamped}) if roots_of else None
        for size, root in sorted(self._stamped):
            if roots is not None and roots.get(size) != root:
                self._fail(20, "anchor-elsewhere", str(size), "is no root of this tree")
            body = Checkpoint(origin=origin, size=size, root=root)
            self._compare_checkpoint(f"{size}/checkpoint", body, trust)
        if roots is not None:
            self._check_names(is_locked=is_locked)
        if self._expected:
            self._collector.passed(20, len(self._expected))

    def _compare(self, name: str, digest: str) -> None:
        path = self._folder / name
        if is_missing(path):
            self._fail(20, "anchor-missing", name, "is logged but missing")
            return
        try:
            found = digest_file(path, limit_bytes=ANCHOR_FILE_LIMIT_BYTES)
        except (StoreError, FormatError) as error:
            self._collector.raised(20, "anchor-altered", f"anchors/{name}", error)
            return
        if str(found) != digest:
            self._fail(20, "anchor-altered", name, "is not the file that was logged")

    def _compare_checkpoint(
        self, name: str, body: Checkpoint, trust: TrustSet | None
    ) -> None:
        """What was stamped is the checkpoint whose root was logged, signed."""
        try:
            note = DISK.read(self._folder / name, limit_bytes=MAX_NOTE_BYTES)
            if note is None:
                self._fail(20, "anchor-missing", name, "is logged but missing")
                return
            if trust is not None:
                open_checkpoint(note, trust.log_vkey, verify_ed25519)
            if parse_checkpoint(parse_note(note).body) != body:
                self._fail(20, "anchor-altered", name, "is not what was logged")
        except Unreadable as error:
            self._collector.raised(20, "anchor-altered", f"anchors/{name}", error)
        except EvidenceError as error:  # a key that nobody knows as well
            self._fail(20, "anchor-altered", name, str(error))

    def _check_names(self, *, is_locked: bool) -> None:
        if not self._folder.is_dir() or self._folder.is_symlink():
            return  # named as no part of an archive, if it is there
        known = {f"{size}/checkpoint" for size, _root in self._stamped}
        known |= self._expected.keys()
        folders = {str(size) for size, _root in self._stamped}
        for entry in walk_entries(self._folder, self._unreadable):
            name = Path(entry.path).relative_to(self._folder).as_posix()
            is_folder = entry.is_dir(follow_symlinks=False) and name in folders
            is_file = entry.is_file(follow_symlinks=False) and name in known
            if is_folder or is_file or (is_locked and self._is_begun(name, entry)):
                continue
            self._fail(17, "file-unknown", name, "is no part of an archive")

    def _is_begun(self, name: str, entry: "os.DirEntry[str]") -> bool:
        """Whether a writer at work may have put that there just now."""
        size = name.partition("/")[0]
        if not is_size(size) or entry.is_symlink():
            return False
        return int(size) > max((size for size, _root in self._stamped), default=0)

    def _unreadable(self, folder: Path, reason: str) -> None:
        subject = folder.relative_to(self._folder.parent).as_posix()
        self._collector.not_checked(17, "folder-unreadable", subject, reason)

    def _fail(self, step: int, code: str, name: str, problem: str) -> None:
        self._collector.failed(step, code, f"anchors/{name}", problem)
