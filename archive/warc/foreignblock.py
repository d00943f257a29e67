"""A foreign block as it comes: kept, and hashed in the ways its header asks.

Headers of others claim digests by several algorithms, in several bases.
"""

import hashlib
import os
import re
import tempfile
from base64 import b32encode, b64encode
from pathlib import Path
from typing import BinaryIO, Final

from archive.capture import ByteSource, MemoryBytes
from archive.digest import READ_BYTES, Digest
from archive.errors import DigestMismatch
from archive.warc.entity import EntityDecoder

HTTP_TYPE: Final = re.compile(
    r"application/http(?:\s*;\s*msgtype=response)?", re.IGNORECASE
)
HOLDS, DIFFERS, UNREAD = "holds", "differs", "unread"
"""What came of a payload digest that a foreign record claims."""
_ALGORITHMS: Final = ("md5", "sha1", "sha256", "sha512")


class BlockReading:
    """Takes a block piece by piece: keeps it, and hashes it as its header asks."""

    def __init__(self, values: dict[str, str], folder: Path) -> None:
        content_type = values.get("content-type", "")
        is_response = values["warc-type"].lower() == "response"
        is_http = is_response and HTTP_TYPE.fullmatch(content_type) is not None
        self._decoder = EntityDecoder() if is_http else None
        self._entity = ClaimedHashes(values.get("warc-payload-digest"))
        self._claimed = ClaimedHashes(values.get("warc-block-digest"))
        self.running = hashlib.sha256()
        self.block: ByteSource = SpooledBlock(folder)

    def feed(self, piece: bytes) -> None:
        """The next bytes of the block."""
        self.running.update(piece)
        self._claimed.update(piece)
        if self._decoder is not None:
            for part in self._decoder.feed(piece):
                self._entity.update(part)
        if isinstance(self.block, SpooledBlock):
            self.block.write(piece)

    def check_block(self, claimed: str | None) -> None:
        """DigestMismatch unless the block is the one its header names."""
        if claimed is not None and self._claimed.holds(claimed) is False:
            raise DigestMismatch("the block is not the one its header names")

    @property
    def payload_digest(self) -> Digest | None:
        """Over the entity of an HTTP response."""
        return None if self._decoder is None else Digest(self._entity.sha256)

    def judge_payload(self, claimed: str | None) -> str | None:
        """Whether the entity is the one its header names; programs differ in it."""
        if claimed is None:
            return None
        holds = None if self._decoder is None else self._entity.holds(claimed)
        return {None: UNREAD, True: HOLDS, False: DIFFERS}[holds]


class ClaimedHashes:
    """SHA-256, and beside it what a foreign header claims in."""

    def __init__(self, claimed: str | None) -> None:
        self._name = (claimed or "").partition(":")[0].lower().replace("-", "")
        self._sha256 = hashlib.sha256()
        self._other = (
            hashlib.new(self._name, usedforsecurity=False)
            if self._name in _ALGORITHMS and self._name != "sha256"
            else None
        )

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        self._sha256.update(data)
        if self._other is not None:
            self._other.update(data)

    @property
    def sha256(self) -> str:
        """Hex digits."""
        return self._sha256.hexdigest()

    def holds(self, claimed: str) -> bool | None:
        """Whether a claim is this digest, in any base; None: of an unknown kind."""
        if self._name not in _ALGORITHMS:
            return None
        raw = (self._other or self._sha256).digest()
        value = claimed.partition(":")[2].rstrip("=")
        return (
            value.lower() == raw.hex()
            or value.upper() == b32encode(raw).decode().rstrip("=")
            or value == b64encode(raw).decode().rstrip("=")
        )


class SpooledBlock:
    """A block as it comes: in memory while it is small, then in a temporary file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._small = bytearray()
        self._file: BinaryIO | None = None
        self.length_bytes = 0

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""
        self.length_bytes += len(piece)
        if self._file is None and self.length_bytes <= READ_BYTES:
            self._small += piece
            return
        if self._file is None:
            made = tempfile.TemporaryFile(dir=str(self._folder))  # noqa: SIM115
            self._file = made
            self._file.write(bytes(self._small))
            self._small.clear()
        self._file.write(piece)

    def open(self) -> BinaryIO:
        """Open it at its first byte; one reader at a time."""
        if self._file is None:
            return MemoryBytes(bytes(self._small)).open()
        self._file.flush()
        stream = os.fdopen(os.dup(self._file.fileno()), "rb")
        stream.seek(0)
        return stream

    def close(self) -> None:
        """Give the storage back."""
        if self._file is not None:
            self._file.close()
