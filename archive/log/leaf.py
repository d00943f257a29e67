"""Leaf: the one line per statement in the log.

`evidence/v1 KIND sha256:DIGEST KEYID BASE64(signature)` and a newline, ASCII, single
spaces. No URL enters the log. As ECDSA signs a digest, the signature of a statement can
be checked from its leaf alone.
"""

import re
from dataclasses import dataclass, field

from archive.digest import Digest
from archive.errors import LimitExceeded, MalformedLeaf
from archive.log.fields import format_base64, parse_base64

LEAF_VERSION = "evidence/v1"
MAX_LEAF_BYTES = 65_535
"""Bytes of a leaf with its newline: the length is two bytes in an entry bundle."""
MAX_KIND_CHARACTERS = 32
"""Characters of a kind; the longest of today has nine."""

_LINE = re.compile(
    rf"{LEAF_VERSION} (?P<kind>[a-z][a-z0-9-]{{0,{MAX_KIND_CHARACTERS - 1}}})"
    r" sha256:(?P<digest>[0-9a-f]{64}) (?P<key_id>[0-9a-f]{16})"
    r" (?P<signature>[A-Za-z0-9+/]+={0,2})\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """Which statement, signed by which key; `kind` may be one this version ignores."""

    kind: str
    statement_digest: Digest
    key_id: str
    signature: bytes
    line: str = field(init=False, compare=False, repr=False)
    """As it is written, with its newline."""

    def __post_init__(self) -> None:
        line = (
            f"{LEAF_VERSION} {self.kind} {self.statement_digest} {self.key_id}"
            f" {format_base64(self.signature)}\n"
        )
        if _LINE.fullmatch(line) is None:
            raise MalformedLeaf(
                f"kind, key id or signature is malformed: {self!r:.200}"
            )
        object.__setattr__(self, "line", line)


def format_leaf(leaf: Leaf) -> bytes:
    """Write the line, with its newline; LimitExceeded if a bundle could not hold it."""
    data = leaf.line.encode("ascii")
    if len(data) > MAX_LEAF_BYTES:
        raise LimitExceeded(
            f"a leaf of {len(data)} bytes; {MAX_LEAF_BYTES} is the most"
        )
    return data


def parse_leaf(data: bytes) -> Leaf:
    """Read one line with its newline; MalformedLeaf or LimitExceeded."""
    if len(data) > MAX_LEAF_BYTES:
        raise LimitExceeded(
            f"a leaf of {len(data)} bytes; {MAX_LEAF_BYTES} is the most"
        )
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise MalformedLeaf(f"byte {error.start} of a leaf is not ASCII") from error
    match = _LINE.fullmatch(text)
    if match is None:
        raise MalformedLeaf(f"not a leaf line of {LEAF_VERSION}: {data[:80]!r}")
    return Leaf(
        kind=match["kind"],
        statement_digest=Digest(match["digest"]),
        key_id=match["key_id"],
        signature=parse_base64(match["signature"], MalformedLeaf),
    )
