"""What one segment holds, read once: its chain of statements and where it breaks."""

from dataclasses import dataclass, field
from pathlib import Path

from archive.attest.statements.envelope import Stub
from archive.attest.statements.kinds import UnknownKind
from archive.attest.statements.statement import Statement, statement_digest
from archive.errors import FormatError, StoreError, VerificationError
from archive.log.leaf import parse_leaf
from archive.store.anchors.stated import AnchorPredicate
from archive.store.ledger import leaf_line
from archive.store.segments.vouching import Place, Voucher
from archive.store.segments.walk import SegmentEntry, SegmentWalk, read_statement


@dataclass(slots=True, kw_only=True)
class SegmentSurvey:
    """The good beginning of a segment; `covered_bytes` is where it ends.

    Up to `settled_bytes` the entries are in the log: they were synced before they came
    there. Of those behind it, `unsettled` holds offset, slice length, statement length.
    """

    covered_bytes: int = 0
    settled_bytes: int = 0
    settled: Place | None = None
    """Where the chain stands there; None at the beginning of the segment."""
    unsettled: list[tuple[int, int, int]] = field(default_factory=list)
    first_leaf: int | None = None
    next_leaf: int = 0
    prev: str = ""
    unlogged: list[bytes] = field(default_factory=list)
    """Leaf lines from entry `logged` on."""
    incidents: set[tuple[str, int]] = field(default_factory=set)
    """(segment, offset) of the torn tails that are stated here."""
    anchors: dict[int, AnchorPredicate] = field(default_factory=dict)
    """What the `anchor` statements here say, by entry."""
    refusal: str | None = None
    """Why signing was stopped, from an incident that is not in the log yet."""

    @property
    def place(self) -> Place | None:
        """Where the chain stands; None before the first statement."""
        if self.first_leaf is None:
            return None
        return Place(next_leaf=self.next_leaf, prev=self.prev)


class Surveyor:
    """Surveys each segment once; `logged` is how many entries the log holds."""

    def __init__(self, voucher: Voucher) -> None:
        self.voucher = voucher
        self.logged = voucher.logged
        self._known: dict[Path, SegmentSurvey] = {}

    def get(self, path: Path) -> SegmentSurvey:
        """What a segment holds."""
        if path not in self._known:
            self._known[path] = survey_segment(
                path, logged=self.logged, voucher=self.voucher
            )
        return self._known[path]

    def forget(self, path: Path) -> None:
        """The segment was written to: it has to be read again."""
        self._known.pop(path, None)


def survey_segment(
    path: Path, *, logged: int, voucher: Voucher | None = None
) -> SegmentSurvey:
    """Read a segment up to the first entry that does not hold.

    Without a voucher an entry holds that is whole, whoever signed it.
    """
    survey = SegmentSurvey()
    for entry in SegmentWalk(path):
        try:
            if entry.stub is not None and not entry.records:
                _note_stub(survey, entry.stub, voucher)
                _cover(survey, entry, logged)
                continue
            if voucher is None:
                statement = read_statement(entry)
            else:
                statement = voucher.read(entry, survey.place)
        except UnknownKind as error:
            # No damage: what a later version wrote must not be cut off.
            raise StoreError(
                f"{path.name} was written by a later version: {error}; "
                "write to this archive with that version"
            ) from error
        except (FormatError, VerificationError):
            break
        _note(survey, entry, statement, logged)
    return survey


def _note_stub(survey: SegmentSurvey, stub: Stub, voucher: Voucher | None) -> None:
    if voucher is not None:
        voucher.check_stub(stub, survey.next_leaf)
    survey.next_leaf += 1
    survey.prev = str(parse_leaf(stub.removed_leaf).statement_digest)


def _note(
    survey: SegmentSurvey, entry: SegmentEntry, statement: Statement, logged: int
) -> None:
    digest = statement_digest(statement.payload)
    survey.next_leaf = statement.seq + 1
    survey.prev = str(digest)
    if survey.first_leaf is None:
        survey.first_leaf = statement.seq
    _cover(survey, entry, logged)
    if statement.seq >= logged and entry.envelope is not None:
        survey.unlogged.append(leaf_line(statement.kind, digest, entry.envelope))
    if statement.kind == "anchor":
        survey.anchors[statement.seq] = statement.predicate
    if statement.kind != "incident":
        return
    if statement.predicate["cause"] == "refused-checkpoint" and statement.seq >= logged:
        survey.refusal = str(statement.predicate["words"])
    if statement.predicate["cause"] == "torn-tail":
        place = (str(statement.predicate["file"]), int(statement.predicate["offset"]))
        survey.incidents.add(place)


def _cover(survey: SegmentSurvey, entry: SegmentEntry, logged: int) -> None:
    """Take an entry in; `next_leaf` counts it already."""
    survey.covered_bytes = entry.end_bytes
    if survey.next_leaf <= logged:
        survey.settled_bytes = entry.end_bytes
        survey.settled = survey.place
    else:
        place = (entry.slice_offset, entry.slice_bytes, entry.statement_bytes)
        survey.unsettled.append(place)
