"""Lawful removal: a tombstone in the log, the segment without the entry, a new seal.

In this order: seal the segment; state the tombstone and log it; write the segment's
file anew, all other members byte for byte, a stub in place of slice and statement;
remove kept texts that are of nothing else; state the new seal. Once the tombstone is on
disk the removal is promised: what a crash cut short, recovery finishes. The new file is
made only of entries that the log vouches for. Nothing is signed here before witnesses
were asked for our size: the writer sees to that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.attest.statements.envelope import (
    Stub,
    format_stub_record,
    parse_statement_record,
)
from archive.attest.statements.kinds import UnknownKind
from archive.attest.statements.statement import Statement, parse_common, parse_statement
from archive.capture import Capture
from archive.digest import Digest
from archive.errors import CaptureNotFound, DigestMismatch
from archive.files import READ_ONLY_MODE, read_range
from archive.log.leaf import parse_leaf
from archive.log.reader import LogReader
from archive.store.catalog.follow import LISTED_KINDS
from archive.store.drafts import Draft
from archive.store.ledger import Ledger, LedgerTools, leaf_line
from archive.store.removal.quarantine import find_beginnings, find_copies
from archive.store.removal.textuse import read_text_use
from archive.store.removal.waiting import Removal, remove_from_waiting
from archive.store.segments.segment import (
    FoundSegment,
    list_segments,
)
from archive.store.segments.vouching import Place, Voucher
from archive.store.segments.walk import SegmentEntry, SegmentWalk, read_statement
from archive.store.texts import text_path
from archive.store.tombstones import (
    RemovalOrder,
    Tombstone,
    draft_tombstone,
    tombstone_of,
)

REMOVABLE_KINDS = LISTED_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An entry in its segment, all of which was vouched for."""

    found: FoundSegment
    entry: SegmentEntry
    first_leaf: int
    end_leaf: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A tombstone, and the entry that it removes or removed."""

    tombstone: Tombstone
    site: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What a removal did."""

    tombstone: Tombstone
    texts: int
    """Kept texts that went, too."""
    copies: int
    """Files in quarantine and spool that held the capture, and do no more."""


def read_removable(tools: LedgerTools, capture: Capture) -> Statement:
    """The statement of a capture, read in its segment, all of which is vouched for.

    Damage is a FormatError or VerificationError: nothing may be removed then.
    """
    found = _find_holder(tools.paths.segments, capture.leaf)
    entry = _survey(tools, found, capture.leaf).entry
    if entry.envelope is not None:
        statement = read_statement(entry)
        is_it = statement.slice.sha256.hex == capture.capture_id
        if is_it and statement.kind in REMOVABLE_KINDS:
            return statement
    raise DigestMismatch(
        f"capture {capture.short_id} does not stand where the catalog says; "
        "run `evidence verify`"
    )


def state_tombstone(
    ledger: Ledger, removed: Statement, order: RemovalOrder
) -> Tombstone:
    """Seal the segment, state and log the tombstone: the removal is promised then."""
    tools = ledger.tools
    if _find_holder(tools.paths.segments, removed.seq).is_open:
        ledger.rotate()
    found = _find_sealed(tools, removed.seq)
    with found.path.open("rb") as stream:
        digest = Digest.of_stream(stream)
    signed = ledger.sign(draft_tombstone(removed, order, segment_sha256=digest.hex))
    ledger.stage(signed)
    ledger.flush()
    payload = parse_statement_record(signed.record).payload
    return tombstone_of(parse_statement(payload), signed.line)


def plan_removal(tools: LedgerTools, entry: int) -> Plan:
    """What the tombstone in that entry wants, and where; all of it vouched for.

    FormatError, VerificationError or CaptureNotFound where something is damaged or
    gone: nothing may be written then.
    """
    stated = _survey(tools, _find_holder(tools.paths.segments, entry), entry).entry
    if stated.envelope is None:
        raise DigestMismatch(f"entry {entry} was removed itself")
    statement = read_statement(stated)
    if statement.kind != "tombstone":
        raise DigestMismatch(f"entry {entry} is no tombstone")
    line = leaf_line(statement.kind, statement.digest, stated.envelope)
    tombstone = tombstone_of(statement, line)
    site = _survey(tools, _find_sealed(tools, tombstone.leaf), tombstone.leaf)
    return Plan(tombstone=tombstone, site=site)


def finish_removal(ledger: Ledger, plan: Plan) -> Removed:
    """Do what a tombstone on disk says, or what is left of it."""
    tools, site = ledger.tools, plan.site
    ledger.checkpoint()  # nobody may find a stub before he can find its tombstone
    ledger.remove_older_redo()  # it may hold the capture
    copies = 0
    if site.entry.stub is None:
        copies = _remove_copies(tools, site)
        _write_anew(tools, site, plan.tombstone)
    tools.files.make_read_only(site.found.path)
    texts = _remove_texts(tools)
    ledger.commit([_draft_reseal(site, plan.tombstone)])
    ledger.checkpoint()
    return Removed(tombstone=plan.tombstone, texts=texts, copies=copies)


def _remove_copies(tools: LedgerTools, site: Site) -> int:
    """Remove the entry from quarantine and spool; says in how many files it was."""
    paths, statement = tools.paths, read_statement(site.entry)
    beginnings = tuple(find_beginnings(site.found.path, site.entry))
    copies = find_copies(paths.quarantine, paths.spool, beginnings)
    tools.files.remove(*copies)
    removed = Removal(
        capture_id=statement.slice.sha256,
        salt=str(statement.predicate["salt"]),
        beginnings=beginnings,
    )
    return len(copies) + remove_from_waiting(paths.spool, removed, tools.files)


def _voucher(tools: LedgerTools) -> Voucher:
    log = LogReader(tools.paths.log, tools.files)
    return Voucher.open(log, identity=tools.identity, keys=tools.keys)


def _find_holder(segments: Path, leaf: int) -> FoundSegment:
    """The segment that holds an entry: the last one that begins at or before it."""
    holder = None
    for found in list_segments(segments):
        first = next(iter(SegmentWalk(found.path)), None)
        if first is None or read_statement(first).seq > leaf:
            break
        holder = found
    if holder is None:
        raise CaptureNotFound(f"no segment holds entry {leaf}; restore it from a copy")
    return holder


def _find_sealed(tools: LedgerTools, leaf: int) -> FoundSegment:
    found = _find_holder(tools.paths.segments, leaf)
    if found.is_open:
        raise DigestMismatch(f"segment {found.name} is not sealed as it was")
    return found


def _survey(tools: LedgerTools, found: FoundSegment, leaf: int) -> Site:
    """Find an entry in its segment; every byte of it must be vouched for."""
    voucher, place, first, site = _voucher(tools), None, None, None
    walk = SegmentWalk(found.path)
    for entry in walk:
        place = _vouch(voucher, entry, place)
        first = place.next_leaf - 1 if first is None else first
        if place.next_leaf - 1 == leaf:
            site = entry
    if walk.problem is not None or place is None or first is None or site is None:
        problem = walk.problem or f"entry {leaf} is not in it"
        raise DigestMismatch(
            f"segment {found.name} is damaged ({problem}); restore it from a "
            "copy, then remove again"
        )
    return Site(found=found, entry=site, first_leaf=first, end_leaf=place.next_leaf)


def _vouch(voucher: Voucher, entry: SegmentEntry, after: Place | None) -> Place:
    """Where the chain stands behind an entry of the log."""
    if entry.stub is not None:
        if after is None or entry.records:
            raise DigestMismatch("a stub stands where none can")
        voucher.check_stub(entry.stub, after.next_leaf)
        removed = parse_leaf(entry.stub.removed_leaf)
        return Place(next_leaf=after.next_leaf + 1, prev=str(removed.statement_digest))
    try:
        statement = voucher.read(entry, after)
    except UnknownKind:
        if entry.envelope is None:
            raise
        statement = parse_common(entry.envelope.payload)
    return Place(next_leaf=statement.seq + 1, prev=str(statement.digest))


def _write_anew(tools: LedgerTools, site: Site, tombstone: Tombstone) -> None:
    """Replace the file: what is before the entry, the stub, what is behind it."""
    path, entry = site.found.path, site.entry
    if entry.envelope is None:
        raise AssertionError("an entry that was vouched for has an envelope")
    statement = read_statement(entry)
    stub = format_stub_record(
        Stub(
            removed_leaf=leaf_line(statement.kind, statement.digest, entry.envelope),
            tombstone_leaf=tombstone.line,
            date=tombstone.removed_at,
        )
    )
    size = path.stat().st_size

    def chunks() -> Iterator[bytes]:
        yield from read_range(path, 0, entry.slice_offset)
        yield stub
        yield from read_range(path, entry.end_bytes, size - entry.end_bytes)

    tools.files.replace_with(path, chunks(), mode=READ_ONLY_MODE)


def _remove_texts(tools: LedgerTools) -> int:
    """Remove the kept texts whose captures are all removed."""
    gone = read_text_use(tools.paths.segments).gone_texts()
    paths = [text_path(tools.paths.root, Digest(text)) for text in gone]
    there = [path for path in paths if path.exists()]
    tools.files.remove(*there)
    return len(there)


def _draft_reseal(site: Site, tombstone: Tombstone) -> Draft:
    """Seal the file as it is now."""
    path = site.found.path
    with path.open("rb") as stream:
        digest = Digest.of_stream(stream)
    return Draft(
        kind="seal",
        slice=None,
        facts=None,
        predicate={
            "segment": {
                "file": str(site.found.name),
                "length_bytes": path.stat().st_size,
                "sha256": digest.hex,
                "first_leaf": site.first_leaf,
                "end_leaf": site.end_leaf,
            },
            "reseal": {"tombstone": tombstone.entry},
        },
    )
