"""The entry checks of the procedure, in their order, gathered for one statement."""

from dataclasses import dataclass

from archive.attest.envelope import Envelope
from archive.attest.kinds import UnknownKind
from archive.attest.statement import Statement, parse_statement
from archive.attest.trust import TrustSet
from archive.errors import FormatError, VerificationError
from archive.store.walk import SegmentEntry, check_slice
from archive.verify.collector import Collector
from archive.verify.statements import (
    check_interval,
    check_records,
    check_signature,
    find_key,
    leaf_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedEntry:
    """An entry whose statement could be read; its checks are noted already."""

    entry: SegmentEntry
    statement: Statement
    envelope: Envelope
    leaf_line: bytes


def check_entry(
    collector: Collector, entry: SegmentEntry, *, subject: str, trust: TrustSet | None
) -> CheckedEntry | None:
    """Run checks 1 to 6 and 10 on one entry; None if its statement cannot be read."""
    read = _read(collector, entry, subject)
    if read is None:
        return None
    statement, envelope = read
    _check_slice(collector, entry, statement, subject)
    if trust is not None:
        _check_signer(collector, statement, envelope, subject=subject, trust=trust)
    return CheckedEntry(
        entry=entry,
        statement=statement,
        envelope=envelope,
        leaf_line=leaf_of(statement, envelope),
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
        collector.not_checked(1, "kind-unknown", subject, str(error))
        return None
    except FormatError as error:
        collector.raised(1, "statement-malformed", subject, error)
        return None
    collector.passed(1)
    return statement, entry.envelope


def _check_slice(
    collector: Collector, entry: SegmentEntry, statement: Statement, subject: str
) -> None:
    try:
        check_slice(entry, statement)
    except VerificationError as error:
        collector.raised(5, "slice-altered", subject, error)
    else:
        collector.passed(5)
    try:
        check_records(statement, entry.records, entry.slice_offset)
    except (VerificationError, FormatError) as error:
        collector.raised(6, "records-disagree", subject, error)
    else:
        collector.passed(6)


def _check_signer(
    collector: Collector,
    statement: Statement,
    envelope: Envelope,
    *,
    subject: str,
    trust: TrustSet,
) -> None:
    try:
        spki = find_key(statement, envelope, trust)
    except VerificationError as error:
        collector.raised(3, "key-unknown", subject, error)
        return
    collector.passed(3)
    try:
        check_signature(statement, envelope, spki)
    except VerificationError as error:
        collector.raised(4, "signature-bad", subject, error)
    else:
        collector.passed(4)
    try:
        check_interval(statement, envelope, trust)
    except VerificationError as error:
        collector.raised(10, "key-not-valid", subject, error)
    else:
        collector.passed(10)
