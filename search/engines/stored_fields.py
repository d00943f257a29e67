"""What a hit needs, compressed: the engine's own compression keeps most of a text.

4 bytes       length of the next, big-endian
JSON object   all but the text, deflated with the beginning of the text, which often
              holds the title, and with what every document has alike
text          UTF-8, deflated as in the file of the kept text; nothing for no text
"""

import json
import struct
import zlib
from collections.abc import Mapping

from archive.errors import SearchUnavailable

LEVEL = 6
STORED_BYTES = 64 * 1024 * 1024
"""Most that one document is unpacked to: 2,000,000 code points need 24 MB at most."""
_KNOWN = json.dumps(
    {
        "archive": "",
        "uri": "https://www.example.com/news/2025/01/26/index.html",
        "title": None,
        "main_end": 1000,
        "language": "en",
        "extractor": "html/2",
        "warnings": [],
        "claimed": {
            "value": "2025-01-26T00:00:00+00:00",
            "raw": "",
            "method": "meta",
            "confidence": 0.9,
        },
        "pages": [],
        "capture": "",
        "captured_us": 1_700_000_000_000_000,
        "source": None,
        "outcome": "complete",
        "http_status": 200,
        "kind": "page",
        "id": "",
    },
).encode()
"""Part of the format: what every document has alike. Change raises SCHEMA_VERSION."""


KNOWN_TEXT_BYTES = 2_048
"""Of the text, as the object's dictionary; part of the format, too."""
_HEAD = struct.Struct(">I")
_WRITER = json.JSONEncoder(ensure_ascii=False)
TEXT = "text"


def pack(stored: Mapping[str, object], compressed: bytes | None = None) -> bytes:
    """Write the object of one document; `compressed`: its text, deflated already."""
    others = {name: value for name, value in stored.items() if name != TEXT}
    data = _WRITER.encode(others).encode()
    text = str(stored.get(TEXT, ""))
    known = _dictionary(text[:KNOWN_TEXT_BYTES].encode())
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -15, zdict=known)
    head = compressor.compress(data) + compressor.flush()
    if compressed is None and TEXT in stored:
        deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
        compressed = deflate.compress(text.encode()) + deflate.flush()
    return _HEAD.pack(len(head)) + head + (compressed or b"")


def unpack(packed: bytes) -> dict[str, object]:
    """Read it again; SearchUnavailable for anything else."""
    try:
        (size,) = _HEAD.unpack_from(packed)
        end = _HEAD.size + size
        text = b""
        if packed[end:]:
            text = zlib.decompressobj(-15).decompress(packed[end:], STORED_BYTES)
        inflater = zlib.decompressobj(-15, zdict=_dictionary(text))
        value = json.loads(inflater.decompress(packed[_HEAD.size : end], STORED_BYTES))
        written = {TEXT: text.decode()} if packed[end:] else {}
    except (zlib.error, struct.error, ValueError) as error:
        raise SearchUnavailable(
            "a document of the search index cannot be read; run `evidence rebuild`"
        ) from error
    if not isinstance(value, dict):
        raise SearchUnavailable("a document of the search index is no object")
    return {**value, **written}


def _dictionary(text: bytes) -> bytes:
    """What is likely to stand in the object; the likeliest comes last."""
    return text[:KNOWN_TEXT_BYTES] + _KNOWN
