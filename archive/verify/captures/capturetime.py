"""Checks 11 to 13 of one capture: the tokens that bound it, and nothing else."""

from archive.attest.trust.folder import TrustSet
from archive.digest import Digest
from archive.errors import (
    BadTimestamp,
    EvidenceError,
    FormatError,
    LogError,
    StoreError,
    VerificationError,
)
from archive.files import DISK
from archive.instant import format_instant, parse_instant
from archive.log.checkpoint import Checkpoint
from archive.log.fields import format_base64
from archive.log.merkle import leaf_hash, verify_inclusion
from archive.store.anchors.folder import (
    StoredAnchor,
    list_sizes,
    read_anchor,
    search_sizes,
)
from archive.store.reading.reader import ArchiveReader
from archive.verify.policy import REVOCATION_STEP, TOKEN_STEPS, note_unjudged
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import NO_BRACKET, Bracket
from archive.verify.statements.entries import CheckedEntry
from archive.verify.times.bracket import judge_time
from archive.verify.times.stamps import Stamp, Stamps

SIZES_IN_TURN = 64
"""Stamped checkpoints behind an entry looked at one by one: hours of them."""


def check_times(
    collector: Collector,
    reader: ArchiveReader,
    checked: CheckedEntry | None,
    *,
    trust: TrustSet | None,
) -> Bracket:
    """Judge the tokens over checkpoints that hold an entry, and the one it names."""
    stamps = Stamps(trust)
    if checked is None or not stamps.is_judged:
        note_unjudged(collector, trust, steps=TOKEN_STEPS | {REVOCATION_STEP})
        return NO_BRACKET
    _read_stamps(collector, reader, checked, stamps)
    bracket = _check_bracket(collector, reader, checked, stamps)
    stamps.check_quorum(collector, leaf=checked.statement.seq)
    stamps.check_revocations(collector)
    return bracket


def _read_stamps(
    collector: Collector, reader: ArchiveReader, checked: CheckedEntry, stamps: Stamps
) -> None:
    """Take in anchors that hold the entry, oldest first, until a quorum stamped it."""
    leaf = checked.statement.seq
    anchors = reader.paths.anchors

    def is_enough(size: int) -> bool:
        try:
            anchor = read_anchor(anchors, size, DISK)
            stamps.take_one(collector, anchor, size)
            verify_inclusion(
                leaf_hash=leaf_hash(checked.leaf_line),
                index=leaf,
                size=size,
                proof=reader.log.prove(leaf, size),
                root=anchor.checkpoint.root,
            )
        except (VerificationError, FormatError, StoreError, LogError) as error:
            collector.raised(11, "token-bad", f"anchors/{size}", error)
        return stamps.existed_by(leaf) is not None

    try:
        sizes = [size for size in list_sizes(anchors, DISK) if size > leaf]
    except StoreError as error:
        collector.raised(11, "token-bad", "anchors", error)
        return
    search_sizes(sizes, is_enough, in_turn=SIZES_IN_TURN)


def _check_bracket(
    collector: Collector, reader: ArchiveReader, checked: CheckedEntry, stamps: Stamps
) -> Bracket:
    statement = checked.statement
    subject = f"entry {statement.seq}"
    predicate = statement.predicate
    upper = stamps.existed_by(statement.seq)
    lower = None
    if predicate.get("not_before") is not None:
        stamp = _find_named(collector, reader, predicate["not_before"], stamps, subject)
        if stamp is None:
            return Bracket(not_before=None, existed_by=upper)
        lower = stamp.gen_time
    captured = parse_instant(predicate.get("captured_at") or predicate["received_at"])
    if not judge_time(collector, subject, captured, lower, upper):
        if upper is None:
            collector.not_checked(
                13,
                "time-stamps-none",
                subject,
                "too few authorities have stamped it: nothing bounds it from above",
            )
        else:
            collector.passed(13)
    return Bracket(not_before=lower, existed_by=upper)


def _find_named(
    collector: Collector,
    reader: ArchiveReader,
    named: dict[str, object],
    stamps: Stamps,
    subject: str,
) -> Stamp | None:
    """The token a capture names; None after saying why it bounds nothing."""
    size = int(str(named["size"]))
    try:
        anchor = read_anchor(reader.paths.anchors, size, DISK)
    except EvidenceError as error:
        collector.not_checked(13, "not-before-missing", subject, str(error))
        return None
    try:
        _demand_named(anchor, named)
        stamps.take_one(collector, anchor, size)
        stamp = stamps.found.get(str(named["token"]))
        if stamp is not None and format_instant(stamp.gen_time) != named["gen_time"]:
            raise BadTimestamp("the token it names is of another time than it says")
    except EvidenceError as error:
        collector.failed(13, "not-before-bad", subject, str(error))
        return None
    if stamp is None:
        collector.not_checked(
            13, "not-before-missing", subject, "the token it names is by nobody trusted"
        )
    return stamp


def _demand_named(anchor: StoredAnchor, named: dict[str, object]) -> None:
    checkpoint: Checkpoint = anchor.checkpoint
    if format_base64(checkpoint.root) != named["root"]:
        raise BadTimestamp("it names a checkpoint that was not stamped")
    digests = {str(Digest.of(token.response)) for token in anchor.tokens}
    if named["token"] not in digests:
        raise BadTimestamp("it names a token that does not lie beside its checkpoint")
