"""The entry checks of the procedure, in their order, gathered for one statement."""

import re
from dataclasses import dataclass, replace

from archive.attest.statements.envelope import Envelope
from archive.attest.statements.kinds import UnknownKind
from archive.attest.statements.statement import Statement, parse_common, parse_statement
from archive.attest.trust.folder import TrustSet
from archive.digest import Digest
from archive.errors import DigestMismatch, FormatError, VerificationError
from archive.store.catalog.follow import CAPTURE_KINDS
from archive.store.segments.walk import SegmentEntry, check_slice
from archive.verify.reporting.collector import Collector
from archive.verify.statements.checks import (
    check_interval,
    check_records,
    check_signature,
    find_key,
    leaf_of,
)
from archive.verify.statements.moved import trace_records

_LATER_KIND = re.compile(
    r"https://w3id\.org/election-evidence-archive/([a-z][a-z0-9-]{0,31})/v[0-9]{1,3}"
)
"""A kind or version that this version does not know, in the form of those it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedEntry:
    """An entry whose statement could be read; its checks are noted already.

    The statement's kind is a whole predicateType where it is not known.
    """

    entry: SegmentEntry
    statement: Statement
    envelope: Envelope
    leaf_line: bytes
    digest: Digest
    """Of the statement."""
    holds: bool
    """Whether slice and signature are right: what it says of other things counts."""


def check_entry(
    collector: Collector, entry: SegmentEntry, *, subject: str, trust: TrustSet | None
) -> CheckedEntry | None:
    """Run checks 1 to 6 and 10 on one entry; None if its statement cannot be read."""
    read = _read(collector, entry, subject)
    if read is None:
        return None
    statement, envelope = read
    holds = _check_slice(collector, entry, statement, subject)
    if trust is not None:
        holds &= _check_signer(
            collector, statement, envelope, subject=subject, trust=trust
        )
    leaf_line = _leaf_line(statement, envelope)
    if leaf_line is None:
        return None
    return CheckedEntry(
        entry=entry,
        statement=statement,
        envelope=envelope,
        leaf_line=leaf_line,
        digest=statement.digest,
        holds=holds,
    )


def _read(
    collector: Collector, entry: SegmentEntry, subject: str
) -> tuple[Statement, Envelope] | None:
    if entry.envelope is None:
        collector.failed(
            1,
            "statement-malformed",
            subject,
            f"statement record at offset {entry.statement_offset}: {entry.problem}",
            offset=entry.statement_offset,
        )
        return None
    try:
        statement = parse_statement(entry.envelope.payload)
    except UnknownKind as error:
        # Its place, slice, signature and leaf can be checked all the same.
        collector.not_checked(1, "kind-unknown", subject, str(error))
        return parse_common(entry.envelope.payload), entry.envelope
    except FormatError as error:
        collector.raised(1, "statement-malformed", subject, error)
        return None
    collector.passed(1)
    return statement, entry.envelope


def _leaf_line(statement: Statement, envelope: Envelope) -> bytes | None:
    """The leaf this entry must have; None where a later version alone could tell."""
    if "/" not in statement.kind:
        return leaf_of(statement, envelope)
    kind = _LATER_KIND.fullmatch(statement.kind)
    return leaf_of(replace(statement, kind=kind[1]), envelope) if kind else None


def _check_slice(
    collector: Collector, entry: SegmentEntry, statement: Statement, subject: str
) -> bool:
    holds = False
    try:
        check_slice(entry, statement)
    except VerificationError as error:
        _tell_moves(collector, entry, statement, subject=subject, error=error)
    else:
        holds = True
        collector.passed(5)
    try:
        check_records(statement, entry.records, entry.slice_offset)
    except (VerificationError, FormatError) as error:
        collector.raised(6, "records-disagree", subject, error)
    else:
        collector.passed(6)
    return holds


def _tell_moves(
    collector: Collector,
    entry: SegmentEntry,
    statement: Statement,
    *,
    subject: str,
    error: VerificationError,
) -> None:
    """The slice is not the signed one: say what became of its records."""
    if statement.kind not in CAPTURE_KINDS:
        collector.raised(5, "slice-altered", subject, error)
        return
    rows = statement.predicate["records"]
    moves = trace_records(
        rows, entry.records, base=entry.slice_offset, digest_at=entry.digest_at
    )
    told = DigestMismatch(f"{error}; {moves}")
    collector.raised(5, "slice-altered", subject, told, **moves.counts)


def _check_signer(
    collector: Collector,
    statement: Statement,
    envelope: Envelope,
    *,
    subject: str,
    trust: TrustSet,
) -> bool:
    try:
        spki = find_key(statement, envelope, trust)
    except VerificationError as error:
        collector.raised(3, "key-unknown", subject, error)
        return False
    collector.passed(3)
    holds = False
    try:
        check_signature(statement, envelope, spki)
    except VerificationError as error:
        collector.raised(4, "signature-bad", subject, error)
    else:
        holds = True
        collector.passed(4)
    try:
        check_interval(statement, envelope, trust)
    except VerificationError as error:
        collector.raised(10, "key-not-valid", subject, error)
    else:
        collector.passed(10)
    return holds
