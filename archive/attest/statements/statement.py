"""Statement: an in-toto Statement v1 of one of thirteen kinds, and what is signed.

The payload is canonical JSON and is kept as it was read. `parse_statement` knows kinds;
`parse_common` reads what every kind and version has, so that a segment can be walked
even where it holds a kind of a later version.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from archive.attest.statements.kinds import (
    SLICE_NAME,
    UnknownKind,
    check_common_fields,
    check_own_fields,
    check_predicate,
    check_written,
    subjects_of,
)
from archive.attest.values.canonical import dump_text, encode_text, parse_canonical
from archive.digest import Digest
from archive.errors import FormatError, LimitExceeded, MalformedStatement
from archive.instant import parse_instant

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE_PREFIX = "https://w3id.org/election-evidence-archive/"
STATEMENT_LIMIT_BYTES = 1 << 20
"""Bytes of a payload: a page of 4,000 captures; everything larger is in the slice."""
STATEMENT_KEYS = {"_type", "predicate", "predicateType", "subject"}
FIRST_VERSION = "/v1"
STATEMENTS_KEPT = 4
"""Read statements kept for a moment; each is asked for twice or thrice in a row."""

_PREDICATE_TYPE = re.compile(
    re.escape(PREDICATE_TYPE_PREFIX) + r"([a-z][a-z-]{0,31})" + FIRST_VERSION
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceFacts:
    """What a statement says about the slice before it."""

    sha256: Digest
    length_bytes: int
    members: int
    first_record_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A checked statement; `payload` holds the exact bytes that are signed."""

    kind: str
    """One of the thirteen; from `parse_common` the whole predicateType."""
    payload: bytes
    predicate: Mapping[str, Any]
    subjects: tuple[tuple[str, str], ...]
    """Name and bare hex digest of each subject, the slice first."""

    @property
    def archive_id(self) -> str:
        """The archive it was made for."""
        return str(self.predicate["archive"])

    @property
    def seq(self) -> int:
        """Its leaf index."""
        return int(self.predicate["seq"])

    @property
    def prev(self) -> str:
        """Statement digest of the entry before, `sha256:` and zeros in entry 0."""
        return str(self.predicate["prev"])

    @property
    def signed(self) -> datetime:
        """When it was signed, by the operator's clock."""
        return parse_instant(self.predicate["signed"])

    @property
    def digest(self) -> Digest:
        """The digest that its leaf holds."""
        return statement_digest(self.payload)

    @property
    def slice(self) -> SliceFacts:
        """The slice it signs."""
        facts = self.predicate["slice"]
        return _read_slice(
            facts["sha256"],
            facts["length_bytes"],
            facts["members"],
            facts["first_record_id"],
        )


@lru_cache(maxsize=STATEMENTS_KEPT)
def _read_slice(
    sha256: str, length_bytes: int, members: int, first_record_id: str | None
) -> SliceFacts:
    return SliceFacts(
        sha256=Digest(sha256),
        length_bytes=length_bytes,
        members=members,
        first_record_id=first_record_id,
    )


def pae(payload: bytes) -> bytes:
    """Write what is signed: the DSSE pre-authentication encoding of a payload."""
    head = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} "
    return head.encode("ascii") + payload


@lru_cache(maxsize=STATEMENTS_KEPT)
def statement_digest(payload: bytes) -> Digest:
    """SHA-256 of the PAE: the digest in leaves, `prev` and references."""
    return Digest.of(pae(payload))


def format_cosigned(*, statement: str, name: str, role: str, words: str) -> bytes:
    """Write what the other operator signs in a `cosign` statement."""
    return "\n".join(("evidence-cosign/v1", statement, name, role, words)).encode()


def build_statement(
    kind: str,
    predicate: Mapping[str, Any],
    subjects: Sequence[tuple[str, str]] | None = None,
) -> bytes:
    """Write the payload of a new statement; MalformedStatement if it breaks its kind.

    Subjects follow from the predicate; those of a caller must be the same.
    """
    try:
        text = dump_text(predicate)
    except (TypeError, ValueError, RecursionError):
        check_predicate(kind, predicate)  # says which field no JSON can hold
        raise
    # Every field is checked: none is outside the profile of canonical JSON.
    check_written(kind, predicate, text)
    derived = subjects_of(kind, predicate)
    if subjects is not None and tuple(subjects) != derived:
        raise MalformedStatement(f"subjects of a {kind} statement are not {derived!r}")
    # Names of subjects are made of hex digits and base32: nothing to be escaped.
    payload = encode_text(
        f'{{"_type":"{STATEMENT_TYPE}","predicate":{text},'
        f'"predicateType":"{PREDICATE_TYPE_PREFIX}{kind}{FIRST_VERSION}",'
        f'"subject":[{_format_subjects(derived)}]}}'
    )
    if len(payload) > STATEMENT_LIMIT_BYTES:
        raise LimitExceeded(
            f"a {kind} statement of {len(payload)} bytes; "
            f"{STATEMENT_LIMIT_BYTES} is the most"
        )
    return payload


def parse_statement(payload: bytes) -> Statement:
    """Read a statement of a known kind, exactly in its form.

    UnknownKind for a well-formed statement of another kind or version,
    MalformedStatement for everything else, LimitExceeded above 1 MiB.
    """
    statement = parse_common(payload)
    match = _PREDICATE_TYPE.fullmatch(statement.kind)
    if match is None:
        raise UnknownKind(f"predicateType {statement.kind[:120]!r} is not known")
    kind = match[1]
    check_own_fields(kind, statement.predicate)
    if statement.subjects != subjects_of(kind, statement.predicate):
        raise MalformedStatement(f"subjects are not those of a {kind} statement")
    return Statement(
        kind=kind,
        payload=payload,
        predicate=statement.predicate,
        subjects=statement.subjects,
    )


@lru_cache(maxsize=STATEMENTS_KEPT)
def parse_common(payload: bytes) -> Statement:
    """Read what every kind and version has; `kind` is then the whole predicateType.

    The newest are kept, as a walk reads each one twice: for its record, then for what
    it says. Nobody changes what it gives.
    """
    try:
        frame = parse_canonical(payload, limit_bytes=STATEMENT_LIMIT_BYTES)
    except LimitExceeded:
        raise
    except FormatError as error:
        raise MalformedStatement(f"statement: {error}") from error
    if not isinstance(frame, dict) or frame.keys() != STATEMENT_KEYS:
        raise MalformedStatement("not an in-toto Statement with its four keys")
    if frame["_type"] != STATEMENT_TYPE:
        raise MalformedStatement(f"_type is not {STATEMENT_TYPE}")
    predicate_type, predicate = frame["predicateType"], frame["predicate"]
    if not isinstance(predicate_type, str):
        raise MalformedStatement("predicateType is not a text")
    check_common_fields(predicate)
    if not isinstance(predicate, dict):
        raise AssertionError("checked to be an object")
    statement = Statement(
        kind=predicate_type,
        payload=payload,
        predicate=predicate,
        subjects=_parse_subjects(frame["subject"]),
    )
    if statement.subjects[0] != (SLICE_NAME, statement.slice.sha256.hex):
        raise MalformedStatement(f"the first subject is not the slice, {SLICE_NAME}")
    return statement


def _format_subjects(subjects: Sequence[tuple[str, str]]) -> str:
    return ",".join(
        [
            f'{{"digest":{{"sha256":"{digest}"}},"name":"{name}"}}'
            for name, digest in subjects
        ]
    )


def _parse_subjects(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or not value:
        raise MalformedStatement("subject is not an array with the slice in it")
    return tuple(_parse_subject(subject) for subject in value)


def _parse_subject(value: Any) -> tuple[str, str]:
    match value:
        case {"digest": {"sha256": str(digest), **others}, "name": str(name), **more}:
            if not others and not more:
                return name, digest
    raise MalformedStatement("a subject is not a name and a sha256 digest")
