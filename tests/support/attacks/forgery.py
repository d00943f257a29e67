"""What an attacker who can write into an archive folder would write there."""

import io
import os
import shutil
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from archive.attest.keys.keyfolder import StatementSigner
from archive.attest.keys.signing import P256Signer
from archive.attest.statements.envelope import Envelope, format_statement_record
from archive.attest.statements.statement import build_statement, pae
from archive.attest.values.canonical import dump_canonical
from archive.capture import MemoryBytes
from archive.digest import Digest
from archive.instant import format_instant
from archive.store.drafts import Draft, draft_exchange, slice_facts
from archive.store.ledger import LedgerTools
from archive.store.recovery.survey import survey_segment
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentEntry, SegmentWalk
from archive.warc.member import Effort
from archive.warc.slice import ResourceBlock, build_resource_slice
from tests.support.archives.archives import (
    START,
    FixedRandom,
    MadeArchive,
    make_exchange,
)

NOBODY = 65534
"""A user without rights, as root may read everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forger:
    """Makes entries for an archive, signed with a key of the attacker's choice."""

    made: MadeArchive
    key: StatementSigner

    @classmethod
    def stranger(cls, made: MadeArchive, *, key_id: str | None = None) -> "Forger":
        """An attacker with a key of his own, who may say that it is another."""
        key = P256Signer.from_scalar(2_000_003)
        key.key_id = key_id or key.key_id
        return cls(made=made, key=key)

    @classmethod
    def insider(cls, made: MadeArchive) -> "Forger":
        """An attacker with the operator's key, but not the log's."""
        return cls(made=made, key=made.keys().operator)

    @property
    def path(self) -> Path:
        """The last segment."""
        return last_segment(self.made.root)

    def capture(self, uri: str, body: bytes = b"<p>forged</p>") -> Draft:
        """A capture of an address."""
        draft = draft_exchange(
            make_exchange(uri, body, self.made),
            io.BytesIO(),
            material=self._tools().material(),
        )
        return replace(draft, predicate=dict(draft.predicate))

    def resources(
        self, kind: str, predicate: dict[str, object], *blocks: ResourceBlock
    ) -> Draft:
        """A statement of any kind over any records."""
        out = io.BytesIO()
        facts = build_resource_slice(
            blocks, out, material=self._tools().material(), warc_date=START
        )
        out.seek(0)
        return Draft(kind=kind, slice=out, facts=facts, predicate=predicate)

    def entry(self, draft: Draft, **changes: object) -> bytes:
        """Slice and statement record, to stand behind the last entry."""
        payload = self.payload(draft, **changes)
        return (draft.slice.read() if draft.slice else b"") + self.record(payload)

    def payload(self, draft: Draft, **changes: object) -> bytes:
        """A statement as it would follow the last entry."""
        survey = survey_segment(self.path, logged=0)
        predicate = {
            **draft.predicate,
            "archive": self.made.identity.archive_id,
            "operator": self.made.identity.name,
            "prev": survey.prev,
            "salt": "0" * 64,
            "seq": survey.next_leaf,
            "signed": format_instant(START),
            "slice": slice_facts(draft.facts)[0],
            "software": "forged",
            **changes,
        }
        return build_statement(draft.kind, predicate)

    def record(self, payload: bytes) -> bytes:
        """The statement record of any payload."""
        return format_statement_record(
            Envelope(
                payload=payload,
                key_id=self.key.key_id,
                signature=self.key.sign(pae(payload)),
            )
        )

    def append(self, data: bytes) -> None:
        """Write behind the last entry."""
        append(self.path, data)

    def _tools(self) -> LedgerTools:
        return self.made.tools(
            random_bytes=FixedRandom("forged"), software="forged", effort=Effort.DENSE
        )


def copy_of(made: MadeArchive, folder: Path) -> MadeArchive:
    """The same archive in another folder, a copy of its keys too, same trust."""
    keys = folder.with_name(f"{folder.name}-keys")
    shutil.copytree(made.root, folder, symlinks=True)
    shutil.copytree(made.keys_folder, keys)
    return replace(
        made, root=folder, keys_folder=keys, random_bytes=FixedRandom(folder.name)
    )


def block(uri: str, data: bytes, *, kind: str = "resource") -> ResourceBlock:
    """A record of JSON."""
    return ResourceBlock(
        type=kind,
        target_uri=uri,
        content_type="application/json",
        block=MemoryBytes(data),
    )


def segments(root: Path) -> list[Path]:
    """All segment files in their order."""
    return [found.path for found in list_segments(root / "segments")]


def last_segment(root: Path) -> Path:
    """The one that is written to."""
    return segments(root)[-1]


def entries(path: Path) -> list[SegmentEntry]:
    """All entries of a segment."""
    return list(SegmentWalk(path))


def pieces(path: Path) -> list[bytes]:
    """The bytes of each entry of a segment: slice and statement."""
    data = path.read_bytes()
    return [data[entry.slice_offset : entry.end_bytes] for entry in entries(path)]


def rewrite(path: Path, data: bytes) -> None:
    """Change a file that may be read-only, keeping its mode."""
    mode = path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(data)
    path.chmod(mode)


def append(path: Path, data: bytes) -> None:
    """Write behind the end of a file."""
    rewrite(path, path.read_bytes() + data)


def flip(path: Path, place: int) -> None:
    """Change one bit."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    rewrite(path, bytes(data))


def link_to_copy(path: Path, elsewhere: Path) -> None:
    """Move a file or folder away and leave a link to it."""
    shutil.move(path, elsewhere)
    path.symlink_to(elsewhere)


def pipe_at(path: Path) -> None:
    """Put a pipe, from which nobody ever reads a byte, in place of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def redo_entry(
    segment: str, offset: int, data: bytes, /, *, statement: int, **changes: object
) -> bytes:
    """An entry of a redo file; `statement` is the length of the statement record."""
    header = {
        "offset": offset,
        "segment": segment,
        "sha256": Digest.of(data).hex,
        "slice": len(data) - statement,
        "statement": statement,
        **changes,
    }
    written = dump_canonical(header)
    return struct.pack(">Q", len(written)) + written + data


@contextmanager
def as_nobody(made: MadeArchive) -> Iterator[MadeArchive]:
    """A copy in a folder of its own, read by a user who is not root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy = copy_of(made, folder / "archive")
        if os.geteuid() != 0:
            yield copy
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        os.seteuid(NOBODY)
        try:
            yield copy
        finally:
            os.seteuid(0)
