"""The header of a record about to be written: all its lines, looked at in one go.

For each type of record there is one expression, made of the table of fields, that fits
good headers of that type and nothing else. A header that it does not fit is made again
field by field, which says what is wrong with it.
"""

import re
from functools import cache
from typing import Final

from archive.instant import format_instant
from archive.warc.record import (
    ALLOWED,
    FIELDS,
    REPEATABLE,
    REQUIRED,
    REQUIRED_OF,
    Record,
    check_address,
    format_header,
)

FIRST_LINE: Final = "WARC/1.1\r\n"


def format_record_header(record: Record) -> bytes:
    """Write it, with its empty line; MalformedRecord for a value a field forbids."""
    text, lines = _write_lines(record)
    if _is_good(record, text, lines):
        return text.encode("ascii")
    return format_header(record.header)


def _is_good(record: Record, text: str, lines: int) -> bool:
    form = _form_of(record.type)
    if form is None or form.fullmatch(text) is None:
        return False
    # A value with a line feed in it would be more lines than were written.
    if text.count("\n") != lines or len(set(record.protocols)) != len(record.protocols):
        return False
    if record.ip_address is not None:
        try:
            check_address(record.ip_address)
        except ValueError:
            return False
    return True


def _write_lines(record: Record) -> tuple[str, int]:
    """The text in the order of the fields, and how many lines it is meant to have."""
    parts = [
        f"{FIRST_LINE}WARC-Type: {record.type}",
        f"WARC-Record-ID: <{record.record_id}>",
        f"WARC-Date: {format_instant(record.date)}",
    ]
    if record.target_uri is not None:
        parts.append(f"WARC-Target-URI: {record.target_uri}")
    if record.concurrent_to is not None:
        parts.append(f"WARC-Concurrent-To: <{record.concurrent_to}>")
    parts += _reference_lines(record)
    if record.ip_address is not None:
        parts.append(f"WARC-IP-Address: {record.ip_address}")
    for protocol in record.protocols:
        parts.append(f"WARC-Protocol: {protocol}")
    if record.cipher_suite is not None:
        parts.append(f"WARC-Cipher-Suite: {record.cipher_suite}")
    if record.truncated is not None:
        parts.append(f"WARC-Truncated: {record.truncated}")
    parts.append(f"WARC-Block-Digest: sha256:{record.block_digest.hex}")
    if record.payload_digest is not None:
        parts.append(f"WARC-Payload-Digest: sha256:{record.payload_digest.hex}")
    parts.append(
        f"Content-Type: {record.content_type}\r\n"
        f"Content-Length: {record.block.length_bytes}\r\n\r\n"
    )
    # The first part is two lines, the last one three ends of a line.
    return "\r\n".join(parts), len(parts) + 3


def _reference_lines(record: Record) -> list[str]:
    """Which earlier capture is meant: in few records."""
    parts = []
    if record.refers_to is not None:
        parts.append(f"WARC-Refers-To: <{record.refers_to}>")
    if record.refers_to_target_uri is not None:
        parts.append(f"WARC-Refers-To-Target-URI: {record.refers_to_target_uri}")
    if record.refers_to_date is not None:
        parts.append(f"WARC-Refers-To-Date: {format_instant(record.refers_to_date)}")
    if record.profile is not None:
        parts.append(f"WARC-Profile: {record.profile}")
    return parts


@cache
def _form_of(record_type: str) -> re.Pattern[str] | None:
    """What the whole header of a type looks like; None for no type of ours."""
    if record_type not in ALLOWED:
        return None
    required = REQUIRED | REQUIRED_OF[record_type]
    lines = [re.escape(FIRST_LINE)]
    for name, form in FIELDS.items():
        value = record_type if name == "WARC-Type" else form.pattern
        line = f"(?:{name}: (?:{value})\r\n)"
        if name in required:
            lines.append(line)
        elif name in ALLOWED[record_type]:
            lines.append(line + ("*" if name in REPEATABLE else "?"))
    return re.compile("".join(lines) + "\r\n")
