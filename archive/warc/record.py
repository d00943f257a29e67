"""WARC 1.1 record headers: the fields we write, their order, their forms.

A record is `WARC/1.1`, one line `Name: value` for each field, an empty line, the
block of Content-Length bytes and two empty lines; every line ends with CR LF. The
field lines stand in the order of `FIELDS`, whichever of them a record has. Values are
printable ASCII. Only WARC-Concurrent-To and WARC-Protocol may stand twice, and then
with different values.

Reading is as strict as writing: `format_header(parse_header(data)) == data`. Anything
else, an unknown or repeated field, a missing one, another order, a control byte, is a
MalformedRecord. Specification: ISO 28500:2017 (WARC 1.1), sections 4 to 6;
WARC-Protocol and WARC-Cipher-Suite are proposals of the IIPC.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from archive.capture import ByteSource
from archive.digest import Digest
from archive.errors import FormatError, MalformedRecord
from archive.instant import format_instant, parse_instant

VERSION_LINE: Final = b"WARC/1.1\r\n"
RECORD_END: Final = b"\r\n\r\n"
"""Behind every block, not counted in Content-Length."""
HEADER_LIMIT_BYTES: Final = 64 * 1024
"""Bytes of a record header: an address of 8 KiB and a dozen short lines."""

_URI = r"[\x21-\x3b\x3d\x3f-\x7e][\x21-\x7e]*"
_UUID = r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_DIGEST = r"sha256:[0-9a-f]{64}"
_TEXT = r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?"
_DATE = r"[0-9T:.Z-]{27}"

FIELDS: Final[dict[str, re.Pattern[str]]] = {
    "WARC-Type": re.compile("warcinfo|response|request|metadata|resource|revisit"),
    "WARC-Record-ID": re.compile(f"<{_UUID}>"),
    "WARC-Date": re.compile(_DATE),
    "WARC-Target-URI": re.compile(_URI),
    "WARC-Concurrent-To": re.compile(f"<{_UUID}>"),
    "WARC-Refers-To": re.compile(f"<{_UUID}>"),
    "WARC-Refers-To-Target-URI": re.compile(_URI),
    "WARC-Refers-To-Date": re.compile(_DATE),
    "WARC-Profile": re.compile(_URI),
    "WARC-IP-Address": re.compile("[0-9a-f:.]{2,45}"),
    "WARC-Protocol": re.compile(r"[a-z]+/[0-9]\.[0-9]"),
    "WARC-Cipher-Suite": re.compile("[A-Z0-9_]{1,80}"),
    "WARC-Truncated": re.compile("length|time|disconnect|unspecified"),
    "WARC-Block-Digest": re.compile(_DIGEST),
    "WARC-Payload-Digest": re.compile(_DIGEST),
    "Content-Type": re.compile(_TEXT),
    "Content-Length": re.compile("0|[1-9][0-9]{0,14}"),
}
"""Every field of our records, in the order of the lines, with the form of its value."""

REPEATABLE: Final = frozenset({"WARC-Concurrent-To", "WARC-Protocol"})
REQUIRED: Final = frozenset(
    {
        "WARC-Type",
        "WARC-Record-ID",
        "WARC-Date",
        "WARC-Block-Digest",
        "Content-Type",
        "Content-Length",
    }
)
"""On every record. The standard leaves the last but one open; we always say it."""

_ORDER: Final = {name: place for place, name in enumerate(FIELDS)}
_EVENT: Final = frozenset({"WARC-Target-URI", "WARC-Concurrent-To"})
_WIRE: Final = frozenset({"WARC-IP-Address", "WARC-Protocol", "WARC-Cipher-Suite"})
_REFERENCE: Final = frozenset(
    {"WARC-Refers-To", "WARC-Refers-To-Target-URI", "WARC-Refers-To-Date"}
)
ALLOWED: Final[dict[str, frozenset[str]]] = {
    "warcinfo": frozenset(),
    "response": _EVENT | _WIRE | {"WARC-Truncated", "WARC-Payload-Digest"},
    "request": _EVENT | _WIRE,
    "resource": _EVENT,
    "metadata": _EVENT | {"WARC-Refers-To"},
    "revisit": _EVENT
    | _WIRE
    | _REFERENCE
    | {"WARC-Profile", "WARC-Truncated", "WARC-Payload-Digest"},
}
REQUIRED_OF: Final[dict[str, frozenset[str]]] = {
    "warcinfo": frozenset(),
    "response": frozenset({"WARC-Target-URI"}),
    "request": frozenset({"WARC-Target-URI"}),
    "resource": frozenset({"WARC-Target-URI"}),
    "metadata": frozenset(),
    "revisit": frozenset({"WARC-Target-URI", "WARC-Profile"}),
}
_LINE: Final = re.compile(r"([A-Za-z-]+): (.+)", re.ASCII)
_FIELD: Final = re.compile(r"([A-Za-z-]+): ([^\r\n]+)(?:\r\n|\Z)", re.ASCII)
"""A line of what is split at all its ends in one call."""
SHAPES_KEPT: Final = 256
"""Header shapes found good: a crawl writes a dozen of them, again and again."""
ADDRESSES_KEPT: Final = 1024
"""Peers found well written: a site has a few."""


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """A checked record header; `fields` in the order of the lines."""

    fields: tuple[tuple[str, str], ...]
    _first: dict[str, str] = field(init=False, compare=False, repr=False)
    """The first value of each field: properties are asked for again and again."""

    def __post_init__(self) -> None:
        _check_fields(self.fields)
        object.__setattr__(self, "_first", dict(reversed(self.fields)))

    def find_all(self, name: str) -> tuple[str, ...]:
        """All values of a field."""
        return tuple(value for known, value in self.fields if known == name)

    def find(self, name: str) -> str | None:
        """The value of a field, or None."""
        return self._first.get(name)

    def _get(self, name: str) -> str:
        return self._first[name]

    @property
    def type(self) -> str:
        """WARC-Type."""
        return self._get("WARC-Type")

    @property
    def record_id(self) -> str:
        """WARC-Record-ID without its angle brackets, `urn:uuid:...`."""
        return self._get("WARC-Record-ID")[1:-1]

    @property
    def date(self) -> str:
        """WARC-Date as it stands, six digits behind the second."""
        return self._get("WARC-Date")

    @property
    def target_uri(self) -> str | None:
        """WARC-Target-URI as it stands."""
        return self.find("WARC-Target-URI")

    @property
    def content_type(self) -> str:
        """Content-Type of the block."""
        return self._get("Content-Type")

    @property
    def content_length(self) -> int:
        """Bytes of the block."""
        return int(self._get("Content-Length"))

    @property
    def block_digest(self) -> Digest:
        """WARC-Block-Digest: what the header says, not what was read."""
        return Digest.parse(self._get("WARC-Block-Digest"))

    @property
    def payload_digest(self) -> Digest | None:
        """WARC-Payload-Digest: what the header says."""
        text = self.find("WARC-Payload-Digest")
        return None if text is None else Digest.parse(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record to be written; its block's digest is known before its block is read."""

    type: str
    record_id: str
    """`urn:uuid:...`, no angle brackets; so are the ids it names."""
    date: datetime
    content_type: str
    block: ByteSource
    block_digest: Digest
    target_uri: str | None = None
    payload_digest: Digest | None = None
    concurrent_to: str | None = None
    refers_to: str | None = None
    refers_to_target_uri: str | None = None
    refers_to_date: datetime | None = None
    profile: str | None = None
    """What a revisit record means by its reference."""
    ip_address: str | None = None
    protocols: tuple[str, ...] = ()
    cipher_suite: str | None = None
    truncated: str | None = None

    @property
    def header(self) -> RecordHeader:
        """The header lines of this record; MalformedRecord for a value they forbid."""
        values: list[tuple[str, str | None]] = [
            ("WARC-Type", self.type),
            ("WARC-Record-ID", f"<{self.record_id}>"),
            ("WARC-Date", format_instant(self.date)),
            ("WARC-Target-URI", self.target_uri),
            ("WARC-Concurrent-To", _bracket(self.concurrent_to)),
            ("WARC-Refers-To", _bracket(self.refers_to)),
            ("WARC-Refers-To-Target-URI", self.refers_to_target_uri),
            ("WARC-Refers-To-Date", _instant(self.refers_to_date)),
            ("WARC-Profile", self.profile),
            ("WARC-IP-Address", self.ip_address),
            *(("WARC-Protocol", protocol) for protocol in self.protocols),
            ("WARC-Cipher-Suite", self.cipher_suite),
            ("WARC-Truncated", self.truncated),
            ("WARC-Block-Digest", str(self.block_digest)),
            ("WARC-Payload-Digest", _optional(self.payload_digest)),
            ("Content-Type", self.content_type),
            ("Content-Length", str(self.block.length_bytes)),
        ]
        return RecordHeader(
            tuple([(name, value) for name, value in values if value is not None])
        )


def format_header(header: RecordHeader) -> bytes:
    """Write version line, field lines and the empty line behind them."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in header.fields)
    return VERSION_LINE + lines.encode("ascii") + b"\r\n"


def parse_header(data: bytes) -> RecordHeader:
    """Read what `format_header` writes, all of it; MalformedRecord otherwise."""
    if len(data) > HEADER_LIMIT_BYTES:
        raise MalformedRecord(
            f"a record header of more than {HEADER_LIMIT_BYTES} bytes"
        )
    if not data.startswith(VERSION_LINE):
        raise MalformedRecord(f"no WARC/1.1 record: {data[:20]!r}")
    if not data.endswith(RECORD_END):
        raise MalformedRecord("a record header without its empty line")
    try:
        text = data[len(VERSION_LINE) : -len(RECORD_END)].decode("ascii")
    except UnicodeDecodeError as error:
        raise MalformedRecord("a byte beyond ASCII in a record header") from error
    fields = _FIELD.findall(text)
    # All at once, where nothing is left over between the lines; else line by line.
    if sum([len(name) + len(value) for name, value in fields]) + 4 * len(
        fields
    ) - 2 != (len(text)):
        fields = [_parse_line(line) for line in text.split("\r\n")]
    return RecordHeader(tuple(fields))


def _parse_line(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(": ")
    # The values of known names have forms of their own: those are looked at later.
    if colon and value and name in FIELDS:
        return name, value
    match = _LINE.fullmatch(line)
    if match is None:
        raise MalformedRecord(f"not a header line `Name: value`: {line[:80]!r}")
    return match[1], match[2]


def _check_fields(fields: Sequence[tuple[str, str]]) -> None:
    names = tuple([name for name, _ in fields])
    kind = next((value for name, value in fields if name == "WARC-Type"), None)
    shape = _find_shape(names, kind)
    if shape is not None and shape.fits(fields):
        return
    # Not all is well: look at each field, to say which it is.
    for name, value in fields:
        _check_value(name, value)
    _check_shape(names, kind)
    twice = next(name for name, value in fields if fields.count((name, value)) > 1)
    raise MalformedRecord(f"a {twice} line stands twice in a record header")


class _Shape:
    """Fields that may stand together in this order: their values, looked at in one go.

    No form lets a line feed through, so that values joined by it fit their joined forms
    exactly where each of them fits its own.
    """

    def __init__(self, names: Sequence[str]) -> None:
        forms = [f"(?:{FIELDS[name].pattern})" for name in names]
        self._form = re.compile("\n".join(forms))
        self._may_repeat = len(set(names)) != len(names)
        self._further = [
            (place, _FURTHER[name])
            for place, name in enumerate(names)
            if name in _FURTHER
        ]

    def fits(self, fields: Sequence[tuple[str, str]]) -> bool:
        """Whether every value has its form and no line stands twice."""
        if self._form.fullmatch("\n".join([value for _, value in fields])) is None:
            return False
        if self._may_repeat and len(set(fields)) != len(fields):
            return False
        try:
            for place, check in self._further:
                check(fields[place][1])
        except (FormatError, ValueError):
            return False
        return True


@lru_cache(maxsize=SHAPES_KEPT)
def _find_shape(names: tuple[str, ...], record_type: str | None) -> _Shape | None:
    """The shape of these fields; None if they are not those of the type, in order."""
    if not FIELDS.keys() >= set(names) or record_type not in ALLOWED:
        return None
    try:
        _check_shape(names, record_type)
    except MalformedRecord:
        return None
    return _Shape(names)


def _check_shape(names: tuple[str, ...], record_type: str | None) -> None:
    """Demand that known fields are those of the type, each once and at its place."""
    seen: set[str] = set()
    for name in names:  # first: a repeated field moves the others, too
        if name in seen and name not in REPEATABLE:
            raise MalformedRecord(f"{name} stands twice in a record header")
        seen.add(name)
    last = -1
    for name in names:
        if _ORDER[name] < last:
            raise MalformedRecord(f"{name} is not at its place in a record header")
        last = _ORDER[name]
    for missing in sorted(REQUIRED - seen):
        raise MalformedRecord(f"a record without {missing}")
    if record_type is None:
        raise AssertionError("its type is among the required fields")
    for missing in sorted(REQUIRED_OF[record_type] - seen):
        raise MalformedRecord(f"a {record_type} record without {missing}")
    for odd in sorted(seen - REQUIRED - ALLOWED[record_type]):
        raise MalformedRecord(f"a {record_type} record cannot have {odd}")


def _check_value(name: str, value: str) -> None:
    form = FIELDS.get(name)
    if form is None:
        raise MalformedRecord(f"{name[:40]!r} is no field of our records")
    if form.fullmatch(value) is None:
        raise MalformedRecord(f"{name} has the value {value[:80]!r}")
    check = _FURTHER.get(name)
    if check is None:
        return
    try:
        check(value)
    except (FormatError, ValueError) as error:
        raise MalformedRecord(f"{name} has the value {value[:80]!r}") from error


@lru_cache(maxsize=ADDRESSES_KEPT)
def check_address(text: str) -> None:
    """ValueError for what is no address of IPv4 or IPv6."""
    ipaddress.ip_address(text)


_FURTHER: Final[dict[str, Callable[[str], object]]] = {
    "WARC-Date": parse_instant,
    "WARC-Refers-To-Date": parse_instant,
    "WARC-IP-Address": check_address,
}
"""What a pattern cannot say."""


def _bracket(record_id: str | None) -> str | None:
    return None if record_id is None else f"<{record_id}>"


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else format_instant(moment)


def _optional(digest: Digest | None) -> str | None:
    return None if digest is None else str(digest)
