"""Forgeries of our own packages and WARC files, made without our keys.

The forger can change everything and sign the package anew with keys of his own; he has
neither the operator's key nor the log's.
"""

import gzip
import json
import re
import shutil
import warnings
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from archive.attest.keys.signing import P384Key
from archive.capture import Capture
from archive.digest import Digest
from archive.export.wacz import WaczRequest, export_wacz
from archive.log.fields import format_base64
from archive.store.reading.reader import ArchiveReader
from archive.verify.packages.packagefiles import (
    EVIDENCE,
    INDEX,
    PACKAGE,
    PACKAGE_DIGEST,
    PAGES,
    Packing,
    Resource,
    format_description,
)
from tests.support.archives.bundles import World
from tests.support.disk.folders import open_segment

Entries = dict[str, bytes]
PACKING = Packing(created="2026-01-26T08:00:00Z", software="election-evidence-archive")
FORGER = P384Key.from_scalar(99_991)


def pack(world: World, out: Path, *chosen: str) -> Entries:
    """Export a package and read it."""
    reader = ArchiveReader.open(world.made.root)
    key = world.made.keys().wacz
    assert key is not None
    request = WaczRequest(
        captures=[world.captures[name] for name in chosen],
        out=out,
        key=key,
        packing=PACKING,
    )
    try:
        export_wacz(reader, request, trust=world.trust)
    finally:
        reader.close()
    with zipfile.ZipFile(out) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_package(path: Path, files: Entries, *twice: tuple[str, bytes]) -> Path:
    """Write entries as a zip, some names a second time."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", UserWarning)  # that is what is to be made
        for name, data in (*files.items(), *twice):
            archive.writestr(name, data)
    return path


def describe(files: Entries) -> Entries:
    """The same with a description that fits what is in it."""
    kept = {n: d for n, d in files.items() if n not in (PACKAGE, PACKAGE_DIGEST)}
    resources = [
        Resource(path=name, digest=Digest.of(data), size=len(data))
        for name, data in kept.items()
    ]
    return {**kept, PACKAGE: format_description(resources, PACKING)}


def sign(files: Entries, **changes: str) -> Entries:
    """The same with a description that fits, signed by the forger."""
    described = describe(files)
    text = str(Digest.of(described[PACKAGE]))
    signed = {
        "hash": text,
        "created": PACKING.created,
        "software": PACKING.software,
        "signature": format_base64(FORGER.sign(text.encode())),
        "publicKey": format_base64(FORGER.spki_der),
        **changes,
    }
    digest = {"path": PACKAGE, "hash": text, "signedData": signed}
    return {**described, PACKAGE_DIGEST: json.dumps(digest).encode()}


def alter(files: Entries) -> Entries:
    """The forger's aim: another result on the page, WARC digests and index right."""
    return rewrite(files, lambda record: record.replace(b"bounded", b"altered"))


def rewrite(files: Entries, change: Callable[[bytes], bytes]) -> Entries:
    """Change records of all slices, their digests, and the index over them."""
    out = dict(files)
    lines = files[INDEX].decode()
    for name in files:
        if not name.startswith("archive/"):
            continue
        members: list[bytes] = []
        places: dict[int, tuple[int, int]] = {}
        for offset, record in records_of(files[name]):
            changed = mend(change(record))
            packed = gzip.compress(changed, mtime=0)
            places[offset] = (sum(map(len, members)), len(packed))
            members.append(packed)
        out[name] = b"".join(members)
        lines = _move_lines(lines, name.removeprefix("archive/"), places)
    return {**out, INDEX: lines.encode()}


def _move_lines(lines: str, name: str, places: dict[int, tuple[int, int]]) -> str:
    moved = []
    for line in lines.splitlines(keepends=True):
        key, stamp, text = line.split(" ", 2)
        value = json.loads(text)
        if value["filename"] == name:
            offset, length = places[int(value["offset"])]
            value |= {"offset": str(offset), "length": str(length)}
        moved.append(f"{key} {stamp} {json.dumps(value)}\n")
    return "".join(moved)


def records_of(data: bytes) -> list[tuple[int, bytes]]:
    """Each member's offset and content."""
    found, at = [], 0
    import zlib

    while at < len(data):
        inflater = zlib.decompressobj(wbits=31)
        content = inflater.decompress(data[at:])
        found.append((at, content))
        at = len(data) - len(inflater.unused_data)
    return found


def mend(record: bytes) -> bytes:
    """Make length and digests of a record those of its block again."""
    head, _, rest = record.partition(b"\r\n\r\n")
    block = rest[:-4]
    payload = block.partition(b"\r\n\r\n")[2]
    for name, data in ((b"Block", block), (b"Payload", payload)):
        digest = str(Digest.of(data)).encode()
        head = re.sub(b"(WARC-" + name + rb"-Digest: )\S+", rb"\g<1>" + digest, head)
    length = str(len(block)).encode()
    head = re.sub(rb"(Content-Length: )\d+$", rb"\g<1>" + length, head)
    return head + b"\r\n\r\n" + block + b"\r\n\r\n"


# Fifteen packages


def package_forgeries(world: World, folder: Path) -> tuple[Path, dict[str, Path]]:
    """A good package, and fifteen forgeries of it."""
    good = folder / "good.wacz"
    files = pack(world, good, "bounded", "page")
    other = pack(world, folder / "other.wacz", "revisit")
    (folder / "forged").mkdir()
    made: dict[str, Path] = {}

    def put(name: str, entries: Entries, *twice: tuple[str, bytes]) -> None:
        place = folder / "forged" / f"{len(made) + 1:02}.wacz"
        made[name] = write_package(place, entries, *twice)

    altered = alter(files)
    put("signature stripped", describe(altered))
    bare = {"path": PACKAGE, "hash": str(Digest.of(describe(altered)[PACKAGE]))}
    put(
        "signature stripped from its file",
        {**describe(altered), PACKAGE_DIGEST: json.dumps(bare).encode()},
    )
    foreign = json.loads(other[PACKAGE_DIGEST])["signedData"]
    put(
        "signature transplanted",
        {
            **describe(altered),
            PACKAGE_DIGEST: json.dumps({**bare, "signedData": foreign}).encode(),
        },
    )
    put("packed and signed anew", sign(altered))
    put("a chain of the forger's own", _by_domain(altered, leaf_issues=False))
    put("a leaf acting as authority", _by_domain(altered, leaf_issues=True))
    title = files[PACKAGE].replace(b"Captures with evidence", b"Official results")
    put("description changed", {**files, PACKAGE: title})
    stranger = other[next(name for name in other if name.startswith("archive/"))]
    put("a file that is not listed", {**files, "archive/more.warc.gz": stranger})
    slices = [name for name in files if name.startswith("archive/")]
    put("a file that is there twice", files, (slices[0], altered[slices[0]]))
    put("index leads elsewhere", sign({**files, INDEX: _cross(files[INDEX])}))
    pages = files[PAGES].replace(
        b'"title": "http://c', b'"title": "Results of http://c'
    )
    put("page list changed", sign({**files, PAGES: pages}))
    later = rewrite(files, _backdate)
    put("WARC-Date changed", sign(later))
    replaced = rewrite(
        files, lambda r: r.replace(b"http://c.example", b"http://d.example")
    )
    put("address changed", sign(replaced))
    more = {
        **files,
        "archive/more.warc.gz": stranger,
        INDEX: files[INDEX] + other[INDEX].splitlines(keepends=True)[0],
    }
    put("a capture added", sign(more))
    evidence = {n: d for n, d in other.items() if n.startswith(EVIDENCE)}
    without = {n: d for n, d in altered.items() if not n.startswith(EVIDENCE)}
    put("evidence of another capture", sign({**without, **evidence}))
    return good, made


def _cross(index: bytes) -> bytes:
    """Two addresses swap their records."""
    lines = [line.split(b" ", 2) for line in index.splitlines()]
    values = [json.loads(text) for _key, _stamp, text in lines]
    first, last = values[0], values[-1]
    for field in ("offset", "length", "filename"):
        first[field], last[field] = last[field], first[field]
    return b"".join(
        key + b" " + stamp + b" " + json.dumps(value).encode() + b"\n"
        for (key, stamp, _), value in zip(lines, values, strict=True)
    )


def _backdate(record: bytes) -> bytes:
    return re.sub(rb"(WARC-Date: )20\d\d", rb"\g<1>2020", record)


def _by_domain(files: Entries, *, leaf_issues: bool) -> Entries:
    """Signed under a certificate that the forger issued himself for a known name."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    root = _certificate("forger.example", root_key, None, ca=not leaf_issues)
    leaf = _certificate("archive.example", leaf_key, (root, root_key), ca=False)
    described = describe(files)
    text = str(Digest.of(described[PACKAGE]))
    signature = leaf_key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    chain = leaf.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM)
    signed = {
        "hash": text,
        "created": PACKING.created,
        "software": PACKING.software,
        "signature": format_base64(signature),
        "domain": "archive.example",
        "domainCert": chain.decode(),
        "timeSignature": format_base64(b"none"),
        "timestampCert": chain.decode(),
        "version": "0.1.0",
    }
    digest = {"path": PACKAGE, "hash": text, "signedData": signed}
    return {**described, PACKAGE_DIGEST: json.dumps(digest).encode()}


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    *,
    ca: bool,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )


# Nine WARC files


def warc_forgeries(world: World, folder: Path) -> tuple[Path, dict[str, Path]]:
    """A good archive, and nine copies of it with one segment forged."""
    capture = world.captures["bounded"]
    good = folder / "good"
    shutil.copytree(world.made.root, good)
    shutil.rmtree(good / "anchors")  # no statement names these: only bundles do
    made: dict[str, Path] = {}
    for number, (name, act) in enumerate(WARC_ACTS.items(), 1):
        root = folder / f"{number}"
        shutil.copytree(good, root)
        path = open_segment(root)
        path.write_bytes(act(path.read_bytes(), capture))
        made[name] = root
    return good, made


def _edit(change: Callable[[bytes], bytes]) -> Callable[[bytes, Capture], bytes]:
    """Change the first record of a capture in its segment."""

    def act(data: bytes, capture: Capture) -> bytes:
        start = capture.location.offset_bytes
        first = records_of(data[start : start + capture.location.length_bytes])[0][1]
        rest = data[start:]
        end = start + len(rest) - len(_after_first(rest))
        return data[:start] + gzip.compress(change(first), mtime=0) + data[end:]

    return act


def _after_first(data: bytes) -> bytes:
    import zlib

    inflater = zlib.decompressobj(wbits=31)
    inflater.decompress(data)
    return inflater.unused_data


def _drop(data: bytes, capture: Capture) -> bytes:
    place = capture.location
    return data[: place.offset_bytes] + _after_first(data[place.offset_bytes :])


def _junk(data: bytes, capture: Capture) -> bytes:
    place = capture.location.offset_bytes
    return data[:place] + gzip.compress(b"\r\n", mtime=0) + data[place:]


WARC_ACTS: dict[str, Callable[[bytes, Capture], bytes]] = {
    "a byte of the page changed": _edit(lambda r: r.replace(b"bounded", b"bouNded")),
    "record replaced, digests made anew": _edit(
        lambda r: mend(r.replace(b"bounded", b"altered"))
    ),
    "WARC-Date changed": _edit(_backdate),
    "address changed": _edit(lambda r: r.replace(b"http://c.", b"http://d.")),
    "digests removed, page changed": _edit(
        lambda r: re.sub(rb"WARC-(Block|Payload)-Digest: \S+\r\n", b"", r).replace(
            b"bounded", b"bouNded"
        )
    ),
    "header repeated": _edit(
        lambda r: r.replace(
            b"WARC-IP", b"WARC-Target-URI: http://d.example/\r\nWARC-IP"
        )
    ),
    "record removed": _drop,
    "tail cut": lambda data, capture: data[: len(data) - 700],
    "a member that is no record": _junk,
}
