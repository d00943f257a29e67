"""CDXJ: one index line for each record that a replay program can show.

`URLKEY TIMESTAMP {"url": ..., "mime": ..., "status": ..., "digest": ..., "length": ...,
"offset": ..., "filename": ...}`, as pywb and replayweb.page read it and cdxj-indexer
writes it; values are texts, those a record does not have are left out.
"""

import heapq
import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Final

from archive.warc.head import parse_http_head
from archive.warc.reading import ReadRecord
from archive.warc.record import RecordHeader
from archive.warc.surt import make_urlkey

MESSAGE_TYPES: Final = ("response", "revisit")
HEAD_BYTES: Final = 64 * 1024
"""Bytes of a message kept to read its status and media type."""
REVISIT_MIME: Final = "warc/revisit"
LINES_IN_MEMORY: Final = 200_000
"""Lines sorted at once, some 80 MB; more go through temporary files."""
_NO_DIGIT: Final = re.compile(r"\D")
_SPACE: Final = re.compile(r"[;\s]")


def keep_head(header: RecordHeader) -> int:
    """How much of each record `format_line` needs."""
    return HEAD_BYTES if header.type in MESSAGE_TYPES else 0


def format_line(record: ReadRecord, *, offset: int, filename: str) -> str | None:
    """The line of a record at that offset of a file; None if none can be shown."""
    header = record.header
    uri = header.target_uri or ""
    if header.type not in MESSAGE_TYPES or not uri.startswith(("http:", "https:")):
        return None
    mime, status = _read_head(record)
    digest = header.payload_digest
    fields = {
        "url": uri,
        "mime": REVISIT_MIME if header.type == "revisit" else mime,
        "status": status,
        "digest": str(digest) if digest else None,
        "length": str(record.span.length),
        "offset": str(offset),
        "filename": filename,
    }
    stamp = _NO_DIGIT.sub("", header.date)[:14]
    found = {name: value for name, value in fields.items() if value}
    return f"{make_urlkey(uri)} {stamp} {json.dumps(found)}\n"


def sort_lines(lines: Iterable[str]) -> Iterator[str]:
    """All lines in the order of bytes, each once; memory stays bounded."""
    runs: list[IO[str]] = []
    waiting: list[str] = []
    for line in lines:
        waiting.append(line)
        if len(waiting) == LINES_IN_MEMORY:
            runs.append(_spill(sorted(waiting)))
            waiting.clear()
    last = ""
    for line in heapq.merge(sorted(waiting), *runs):
        if line != last:
            yield line
        last = line
    for run in runs:
        run.close()


def _spill(lines: list[str]) -> IO[str]:
    run = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115  read later
    run.writelines(lines)
    run.seek(0)
    return run


def _read_head(record: ReadRecord) -> tuple[str | None, str | None]:
    """Media type as it stands, and status, of an HTTP message."""
    if not record.header.content_type.startswith("application/http"):
        return None, None
    head = parse_http_head(record.kept)
    value = head.find("Content-Type") or b""
    mime = _SPACE.split(value.decode("latin-1").strip(), maxsplit=1)[0]
    status = None if head.status is None else str(head.status)
    return mime, status
