"""Border types of a capture: what came over the wire, and where it lies on disk.

`Exchange` goes from the engine into the archive; `Capture` comes back out.
"""

import io
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol

from archive.digest import Digest

SECOND_ROLE, CONTROL_ROLE = "second", "control"
"""Of a sample: asked for under another profile, and again under the own one."""
SAMPLE_ROLES = frozenset({SECOND_ROLE, CONTROL_ROLE})
"""Captures that never stand for the content of their address."""


class CaptureOutcome(StrEnum):
    """Closed list: how one exchange ended (docs/format.md, "Outcomes")."""

    COMPLETE = "complete"
    DISCONNECT = "disconnect"
    TIMEOUT = "timeout"
    LENGTH = "length"
    STOPPED = "stopped"
    NOT_HTTP = "not-http"
    NO_RESPONSE = "no-response"
    DNS = "dns"
    REFUSED = "refused"
    TLS = "tls"
    PROXY = "proxy"
    TLS_REFUSED = "tls-refused"
    POLICY = "policy"


TRUNCATED_REASONS: dict[CaptureOutcome, str] = {
    CaptureOutcome.DISCONNECT: "disconnect",
    CaptureOutcome.TIMEOUT: "time",
    CaptureOutcome.LENGTH: "length",
    CaptureOutcome.STOPPED: "unspecified",
}
"""WARC-Truncated of the response record, where one is written at all."""


class Phase(StrEnum):
    """Where an exchange was when it ended short."""

    DNS = "dns"
    TCP = "tcp"
    PROXY = "proxy"
    TLS = "tls"
    HEAD = "head"
    BODY = "body"


class TlsVerdict(StrEnum):
    """Our own judgement of the peer's certificate chain."""

    VERIFIED = "VERIFIED"
    FAILED = "FAILED"
    NOT_CHECKED = "NOT CHECKED"


class ByteSource(Protocol):
    """Bytes that may be large: in memory or in a spool file."""

    @property
    def length_bytes(self) -> int:
        """How many bytes there are."""
        ...

    def open(self) -> BinaryIO:
        """Open a fresh binary stream at the first byte; the caller closes it."""
        ...

    def close(self) -> None:
        """Give the storage back; the source cannot be opened again."""
        ...


@dataclass(frozen=True, slots=True)
class MemoryBytes:
    """A ByteSource over bytes at hand."""

    data: bytes
    _digest: Digest | None = field(default=None, init=False, compare=False, repr=False)

    @property
    def length_bytes(self) -> int:
        """How many bytes there are."""
        return len(self.data)

    @property
    def digest(self) -> Digest:
        """Their digest, made once: they cannot change."""
        found = self._digest
        if found is None:
            found = Digest.of(self.data)
            object.__setattr__(self, "_digest", found)
        return found

    def open(self) -> BinaryIO:
        """Open a fresh binary stream at the first byte."""
        return io.BytesIO(self.data)

    def close(self) -> None:
        """Nothing to give back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterimHead:
    """A 1xx head as received; `offset_bytes` counts from the first byte received."""

    offset_bytes: int
    head: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How the final response message was delimited; sizes in bytes of the wire form."""

    kind: str
    """`length`, `chunked`, `close`, `none` (no body by rule) or `unparsed`."""
    declared_length: int | None
    head_bytes: int
    body_bytes: int
    trailer_bytes: int
    surplus_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Monotonic microseconds since the exchange began; None = not reached."""

    dns_us: int | None = None
    connected_us: int | None = None
    tls_us: int | None = None
    sent_us: int | None = None
    first_byte_us: int | None = None
    ended_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsFacts:
    """The answer that gave the address; `answer` is the raw wire answer or None."""

    origin: str
    """`dns`, `literal`, `hosts` or `connect_to`."""
    addresses: tuple[str, ...] = ()
    ttl_seconds: int | None = None
    age_seconds: int | None = None
    answer: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """What the handshake showed; `chain_pem` is the full chain, leaf first."""

    version: str
    cipher: str
    sni: str | None
    chain_pem: bytes
    verdict: TlsVerdict
    error: str | None
    root_set: str | None
    """Digest of the root certificates the verdict was made with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFacts:
    """The connection an exchange used; no local address, no credential."""

    connection_id: str
    """Random, 16 hex digits; the same for all exchanges of one connection."""
    sequence: int
    """0 for the first exchange on the connection."""
    peer: str | None
    """Address and port, `203.0.113.7:443` or `[2001:db8::1]:443`; None by proxy."""
    proxy: str | None
    """The proxy's label; never its address."""
    connect_to: str | None
    """`host:port=address:port` where a test set-up redirected the name."""
    allow_network: str | None
    """The CIDR block that lifted an address refusal."""
    dns: DnsFacts | None
    tls: TlsFacts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeContext:
    """Why the exchange was made."""

    job_id: str | None = None
    source_id: str | None = None
    attempt: int = 1
    """1 for the first try."""
    hop: int = 0
    """0 for the address asked for, +1 for each redirect followed."""
    parent: str | None = None
    """Capture id of the hop, page or attempt that led here."""
    role: str = "page"
    """`page`, `part`, `robots`, `hop`, `probe`, `second`, `control`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCapture:
    """A capture that holds a whole response, as far as a revisit names it."""

    capture_id: str
    record_id: str
    """`urn:uuid:...` of its response record."""
    target_uri: str
    captured_at: datetime
    payload_digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One HTTP exchange, or one failed attempt, as it was on the wire.

    `request` is empty where nothing was sent. `response` holds the bytes of the final
    response from its status line to the last byte read, interim heads excluded.
    """

    target_uri: str
    """ASCII, as sent: scheme and host lower case, host as A-label, no fragment."""
    as_given: str
    """The address as it was typed or found."""
    method: str
    started_at: datetime
    """When the attempt began, before name resolution; aware UTC."""
    outcome: CaptureOutcome
    phase: Phase | None
    detail: str
    """One line saying what ended the exchange; empty when complete."""
    flags: tuple[str, ...]
    request: bytes
    response: ByteSource
    interim: tuple[InterimHead, ...]
    framing: Framing | None
    http_status: int | None
    wire_digest: Digest | None
    """Over `response`, None where no byte came."""
    payload_digest: Digest | None
    """Over the entity body after transfer decoding; None where there is none."""
    payload_bytes: int | None
    timings: Timings
    connection: ConnectionFacts | None
    context: ExchangeContext
    earlier: EarlierCapture | None = None
    """What the response may repeat; the slice says whether it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceLocation:
    """Where a slice lies: a hint, never signed."""

    segment: str
    """Path below `segments/`, `2025/01/00000000-abcdefgh.warc.gz` without `.open`."""
    offset_bytes: int
    length_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One capture or page capture in an archive, as the catalog knows it."""

    capture_id: str
    """64 hex digits: SHA-256 of the slice."""
    kind: str
    """`capture` or `page`."""
    leaf: int
    """Leaf index = `seq` of its statement."""
    target_uri: str
    captured_at: datetime
    outcome: CaptureOutcome
    http_status: int | None
    media_type: str | None
    """Lower case, without parameters; None where the response named none."""
    source_id: str | None
    job_id: str | None
    payload_digest: Digest | None
    block_digest: Digest | None
    refers_to: str | None
    """Capture id a revisit refers to."""
    role: str
    """As in `ExchangeContext`; `page` for page captures."""
    override: str | None
    """`connect_to` or `allow_network` value of a test set-up."""
    location: SliceLocation
    record_id: str | None = None
    """`urn:uuid:...` of its response record; None where no response could be read."""

    @property
    def short_id(self) -> str:
        """26 letters, used in links."""
        return Digest(self.capture_id).short_id
