"""What a hit needs, as pressed JSON: the engine's own pressing keeps most of a text."""

import json
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
        "text": "",
    },
).encode()
"""Part of the format: what every document has alike. Change raises SCHEMA_VERSION."""


def pack(stored: Mapping[str, object]) -> bytes:
    """Write the object of one document."""
    data = json.dumps(stored, ensure_ascii=False).encode()
    press = zlib.compressobj(LEVEL, zlib.DEFLATED, -15, zdict=_KNOWN)
    return press.compress(data) + press.flush()


def unpack(packed: bytes) -> dict[str, object]:
    """Read it again; SearchUnavailable for anything else."""
    unpacker = zlib.decompressobj(-15, zdict=_KNOWN)
    try:
        value = json.loads(unpacker.decompress(packed, STORED_BYTES))
    except (zlib.error, ValueError) as error:
        raise SearchUnavailable(
            "a document of the search index cannot be read; run `evidence rebuild`"
        ) from error
    if not isinstance(value, dict):
        raise SearchUnavailable("a document of the search index is no object")
    return value
