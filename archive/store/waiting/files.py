"""Waiting files: captures made while no key was at hand, kept until they are signed.

`spool/waiting-NNNNNNNN.drafts`, and with `-LEAF` before the dot from the moment on that
their signing began at that entry. A magic line, then entries: 8 bytes big-endian header
length, SHA-256 of the header, header (canonical JSON: kind, predicate, salt, subjects,
the signed facts of the slice), slice. Each entry is synced before the next is begun, so
only the last one can be torn, and then it was never acknowledged. Nothing in one is
signed or stated: whoever can write into the folder can write one. `waitread` reads
them.
"""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from archive.attest.values.canonical import dump_canonical, parse_canonical
from archive.digest import Digest, is_hex_digest
from archive.errors import MalformedStatement
from archive.log.fields import MAX_DECIMAL
from archive.store.drafts import Draft, slice_facts
from archive.warc.slice import SliceDraft

MAGIC: Final = b"evidence-waiting/v1\n"
DIGEST_BYTES: Final = 32
HEADER_LIMIT_BYTES: Final = 1 << 20
"""Bytes of an entry header: at most those of the statement it will be."""
WAITING_KINDS: Final = ("capture", "page", "job-open", "job-close")
WAITING_LEAF: Final = -1
"""In place of the entry of a capture that nobody has signed."""
_NAME: Final = re.compile(r"waiting-(\d{8})(?:-(\d{1,15}))?\.drafts", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingFile:
    """One file by its name; `first_leaf`: where its signing began, None = not yet."""

    path: Path
    number: int
    first_leaf: int | None

    def begun_at(self, leaf: int) -> Path:
        """Its name from the moment on that it is signed."""
        return self.path.with_name(f"waiting-{self.number:08d}-{leaf}.drafts")


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingEntry:
    """One draft; `start` is where its slice begins in the file."""

    kind: str
    predicate: Mapping[str, Any]
    salt: str
    """Known before it is signed: by it a statement is known again after a crash."""
    subjects: tuple[tuple[str, str], ...]
    slice_sha256: str
    length_bytes: int
    members: int
    first_record_id: str | None
    start: int

    @property
    def end_bytes(self) -> int:
        """Where the next entry begins."""
        return self.start + self.length_bytes

    @property
    def identity(self) -> Digest:
        """What was looked at is what is signed: all that a statement will say."""
        header = format_waiting_header(
            Draft(
                kind=self.kind,
                slice=None,
                facts=self.facts,
                predicate=dict(self.predicate),
                subjects=self.subjects,
            ),
            self.salt,
        )
        return Digest.of(header)

    @property
    def facts(self) -> SliceDraft:
        """What a statement says of the slice."""
        return SliceDraft(
            capture_id=self.slice_sha256,
            length_bytes=self.length_bytes,
            members=self.members,
            first_record_id=self.first_record_id,
            rows=(),
            payload_digest=None,
            block_digest=None,
            chain=None,
            dns=None,
            media_type=None,
            http_status=None,
        )


def list_waiting(spool: Path) -> list[WaitingFile]:
    """All waiting files of a spool folder, in the order they were begun."""
    found = []
    for path in spool.glob("waiting-*"):
        match = _NAME.fullmatch(path.name)
        if match:
            leaf = None if match[2] is None else min(int(match[2]), MAX_DECIMAL)
            found.append(WaitingFile(path=path, number=int(match[1]), first_leaf=leaf))
    return sorted(found, key=lambda one: (one.number, one.path.name))


def waiting_path(spool: Path, number: int) -> Path:
    """The name of a file that is begun."""
    return spool / f"waiting-{number:08d}.drafts"


def format_waiting_header(draft: Draft, salt: str) -> bytes:
    """An entry's length and header; the slice follows it. LimitExceeded by its kind."""
    header = dump_canonical(
        {
            "kind": draft.kind,
            "predicate": draft.predicate,
            "salt": salt,
            "slice": slice_facts(draft.facts)[0],
            "subjects": [list(pair) for pair in draft.subjects],
        }
    )
    if len(header) > HEADER_LIMIT_BYTES:
        raise MalformedStatement(f"a statement of over {HEADER_LIMIT_BYTES} bytes")
    return struct.pack(">Q", len(header)) + Digest.of(header).raw + header


def parse_waiting_header(data: bytes, *, start: int) -> WaitingEntry:
    """Read a header whose digest holds; FormatError or ValueError if it is no draft."""
    match parse_canonical(data, limit_bytes=HEADER_LIMIT_BYTES):
        case {
            "kind": str(kind),
            "predicate": dict(predicate),
            "salt": str(salt),
            "slice": {
                "first_record_id": str() | None as first,
                "length_bytes": int(length),
                "members": int(members),
                "sha256": str(sha256),
                **more_facts,
            },
            "subjects": list(subjects),
            **more,
        } if not more and not more_facts:
            pass
        case _:
            raise ValueError("other fields than those of a draft")
    if kind not in WAITING_KINDS or not is_hex_digest(salt) or length < 0:
        raise ValueError("values that no draft has")
    return WaitingEntry(
        kind=kind,
        predicate=predicate,
        salt=salt,
        subjects=tuple(map(_parse_subject, subjects)),
        slice_sha256=Digest(sha256).hex,
        length_bytes=length,
        members=members,
        first_record_id=first,
        start=start,
    )


def _parse_subject(value: object) -> tuple[str, str]:
    match value:
        case [str(name), str(digest)]:
            return name, digest
    raise ValueError("a subject that is no name and digest")
