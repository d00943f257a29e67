"""Foreign records -> a slice that carries them: our records around their blocks.

Blocks go in byte for byte; a response, request or resource keeps its type, address and
time, so that whatever reads slices reads these. Everything else, and what our record
form cannot say, is a `resource` named `urn:evidence:import:TYPE:NUMBER`. Nothing of a
foreign header is lost: the last record, `urn:evidence:import:SHA256 of the file`, holds
all of them as found. The same file gives the same slices every time.
"""

import base64
import ipaddress
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO, Final

from archive.capture import TRUNCATED_REASONS, ByteSource, MemoryBytes
from archive.digest import Digest, derive_record_id
from archive.warc.foreign import ForeignRecord
from archive.warc.head import HttpHead, parse_http_head
from archive.warc.reading import HTTP_RESPONSE_TYPE
from archive.warc.record import FIELDS, Record
from archive.warc.slice import HTTP_REQUEST_TYPE, UNPARSED_TYPE, SliceDraft
from archive.warc.writing import RecordWriter, choose_effort

GROUP_LIMIT: Final = 32
"""Records of one slice: an exchange and what stands beside it."""
MAIN_TYPES: Final = ("response", "resource", "revisit", "conversion")
"""What a slice is about; the others stand beside one of these."""
IMPORT_URN: Final = "urn:evidence:import:"
JSON_TYPE: Final = "application/json"
HEAD_BYTES: Final = 64 * 1024
_WORD: Final = re.compile(r"[a-z-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignFile:
    """The file that records were found in."""

    digest: Digest
    """Of the file as received; of the package, where it is in one."""
    member: str | None
    """Its name in a package; None where it is the file itself."""

    def record_id(self, number: int) -> str:
        """The id of what carries a record: always the same for the same file."""
        name = f"{self.digest}\n{self.member or ''}\n{number}\n"
        return derive_record_id(Digest.of(name.encode()))


def group_records(
    records: Iterable[ForeignRecord],
) -> Iterator[tuple[ForeignRecord, ...]]:
    """Records that belong together, in the order of the file; each is in one group.

    What stands around a main record and is about the same address goes with it.
    """
    group: list[ForeignRecord] = []
    for record in records:
        if group and not _belongs(group, record):
            yield tuple(group)
            group = []
        group.append(record)
    if group:
        yield tuple(group)


def _belongs(group: Sequence[ForeignRecord], record: ForeignRecord) -> bool:
    if len(group) >= GROUP_LIMIT or record.target_uri is None:
        return False
    if any(other.target_uri != record.target_uri for other in group):
        return False
    types = [other.type for other in group]
    if record.type in MAIN_TYPES:
        return not any(kind in MAIN_TYPES for kind in types)
    return not (record.type == "request" and "request" in types)


def build_carried_slice(
    group: Sequence[ForeignRecord], out: BinaryIO, *, file: ForeignFile
) -> SliceDraft:
    """Write a group into `out`, its main record first; the caller closes them."""
    ordered = sorted(group, key=lambda record: record.type not in MAIN_TYPES)
    date = ordered[0].date
    writer = RecordWriter(out)
    head = None
    for position, record in enumerate(ordered):
        made = _translate(record, file, date, first=position == 0)
        found = _read_head(record) if record.is_http else None
        head = found if position == 0 else head
        coded = found is not None and found.content_encoding is not None
        media_type = found.media_type if found else made.content_type
        writer.write(made, choose_effort(media_type, coded=coded))
    writer.write(_description(ordered, file, date), choose_effort(JSON_TYPE))
    rows = writer.rows
    return SliceDraft(
        capture_id=writer.digest.hex,
        length_bytes=writer.length_bytes,
        members=len(rows),
        first_record_id=rows[0].id,
        rows=rows,
        payload_digest=rows[0].payload,
        block_digest=rows[0].block,
        chain=None,
        dns=None,
        media_type=head.media_type if head else None,
        http_status=head.status if head else None,
    )


def _translate(
    record: ForeignRecord, file: ForeignFile, date: datetime, *, first: bool
) -> Record:
    """The record of ours that carries a foreign one."""
    carried = Record(
        type="resource",
        record_id=file.record_id(record.number),
        date=date,
        target_uri=f"{IMPORT_URN}{_word(record.type)}:{record.number}",
        content_type=_content_type(record),
        block=record.block,
        block_digest=record.block_digest,
    )
    uri = record.target_uri
    if uri is None or not FIELDS["WARC-Target-URI"].fullmatch(uri):
        return carried
    if record.type == "resource" and first:
        return replace(carried, target_uri=uri)
    if record.type == "request":
        return replace(
            carried, type="request", target_uri=uri, content_type=HTTP_REQUEST_TYPE
        )
    if record.type != "response" or not first:
        return carried
    truncated = (record.find("WARC-Truncated") or "").lower()
    return replace(
        carried,
        type="response",
        target_uri=uri,
        content_type=HTTP_RESPONSE_TYPE if record.is_http else carried.content_type,
        payload_digest=record.payload_digest,
        ip_address=_address(record.find("WARC-IP-Address")),
        truncated=truncated if truncated in TRUNCATED_REASONS.values() else None,
    )


def _description(
    group: Sequence[ForeignRecord], file: ForeignFile, date: datetime
) -> Record:
    """The last record of a slice: where its records were found, and their headers."""
    value = {
        "import": {
            "file": str(file.digest),
            "member": file.member,
            "records": [
                {
                    "block": str(record.block_digest),
                    "head": base64.b64encode(record.head).decode("ascii"),
                    "number": record.number,
                    "offset_bytes": record.offset_bytes,
                    "payload": record.payload_verdict,
                }
                for record in group
            ],
        }
    }
    block = MemoryBytes(json.dumps(value, sort_keys=True).encode())
    name = f"{file.digest}\n{file.member or ''}\n{group[0].number}\nabout\n"
    return Record(
        type="metadata",
        record_id=derive_record_id(Digest.of(name.encode())),
        date=date,
        target_uri=f"{IMPORT_URN}{file.digest.hex}",
        content_type=JSON_TYPE,
        block=block,
        block_digest=block.digest,
    )


def _content_type(record: ForeignRecord) -> str:
    text = record.find("Content-Type") or UNPARSED_TYPE
    return text if FIELDS["Content-Type"].fullmatch(text) else UNPARSED_TYPE


def _word(text: str) -> str:
    return text if _WORD.fullmatch(text) else "unknown"


def _address(text: str | None) -> str | None:
    try:
        return None if text is None else str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _read_head(record: ForeignRecord) -> HttpHead:
    return parse_http_head(_first_bytes(record.block))


def _first_bytes(block: ByteSource) -> bytes:
    with block.open() as stream:
        return stream.read(HEAD_BYTES)
