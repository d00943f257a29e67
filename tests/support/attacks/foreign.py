"""WARC files as other programs write them, made by hand: no code of ours in them."""

import base64
import gzip
import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

PAGE = b"<html><title>Foreign</title><p>A list of the names of polling stations.</p>"
URI = "http://outlet.example/list"
Fields = Mapping[str, str]


def http_response(body: bytes, content_type: str = "text/html") -> bytes:
    """A response as it came over a wire."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def sha1(data: bytes) -> str:
    """A digest as most crawlers write it."""
    raw = hashlib.sha1(data, usedforsecurity=False).digest()
    return f"sha1:{base64.b32encode(raw).decode()}"


def record(
    kind: str,
    block: bytes,
    *,
    number: int = 1,
    version: str = "1.0",
    uri: str | None = URI,
    fields: Fields | None = None,
) -> bytes:
    """One record; `fields` replace or add lines, an empty value leaves one out."""
    lines = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{number:012d}>",
        "WARC-Date": "2020-08-09T21:30:00Z",
        "WARC-Target-URI": uri or "",
        "Content-Type": f"application/http;msgtype={kind}",
        "Content-Length": str(len(block)),
        **(fields or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"WARC/{version}\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def exchange(body: bytes = PAGE, *, number: int = 1, uri: str = URI) -> list[bytes]:
    """A request and its response, in the order of wget."""
    response = http_response(body)
    digests = {
        "WARC-Block-Digest": sha1(response),
        "WARC-Payload-Digest": sha1(body),
        "WARC-IP-Address": "203.0.113.9",
    }
    request = f"GET {uri} HTTP/1.1\r\nHost: outlet.example\r\n\r\n".encode()
    return [
        record("request", request, number=2 * number, uri=uri),
        record("response", response, number=2 * number + 1, uri=uri, fields=digests),
    ]


def warcinfo() -> bytes:
    """The record that a crawler puts first."""
    kind = {"Content-Type": "application/warc-fields", "WARC-Filename": "x.warc.gz"}
    return record("warcinfo", b"software: other\r\n", number=0, uri=None, fields=kind)


def pack(records: Sequence[bytes]) -> bytes:
    """A `.warc.gz`: each record a member."""
    return b"".join(gzip.compress(one, mtime=0) for one in records)


def write_wacz(path: Path, warc: bytes, *, listed: bytes | None = None) -> Path:
    """A package of another program; `listed` is what its description is made of."""
    said = warc if listed is None else listed
    name = "archive/data.warc.gz"
    resource = {
        "name": "data.warc.gz",
        "path": name,
        "hash": f"sha256:{hashlib.sha256(said).hexdigest()}",
        "bytes": len(said),
    }
    description = {"profile": "data-package", "resources": [resource]}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as package:
        package.writestr(name, warc)
        package.writestr("datapackage.json", json.dumps(description))
    return path
