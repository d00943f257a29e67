"""Corroboration: what other archives captured of one address, compared and counted.

One operator is one witness, however many archives he keeps. A capture of somebody else
counts only if it verifies against the reader's own trust. Compared are payloads as they
were received and, where their encoding differs, decoded; texts where a caller knows how
to extract them. Replayed pages are never compared. Agreement says that both operators
state they received the same, not that the site published it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from archive.attest.trust import TrustSet
from archive.capture import SAMPLE_ROLES, Capture, CaptureOutcome
from archive.digest import Digest
from archive.errors import EvidenceError, LimitExceeded
from archive.store.reading.reader import ArchiveReader
from archive.verify.capture import verify_capture
from archive.verify.report import Outcome

WINDOW = timedelta(hours=24)
"""How far apart two captures of one page may be; later ones show change, not doubt."""
CANDIDATES = 50
"""Captures of one address looked at in each archive, the nearest in time first."""

TextOf = Callable[[ArchiveReader, Capture], str | None]
"""Gives the text of a capture, or None where there is none: the hook for `search`.

LimitExceeded where there may be one that was not looked for.
"""


def _no_sources() -> frozenset[str]:
    return frozenset()


class Agreement(StrEnum):
    """How a capture elsewhere relates to ours; the best of an operator counts."""

    SAME_PAYLOAD = "same-payload"
    SAME_TEXT = "same-text"
    DIFFERS = "differs"
    NOT_COMPARED = "not-compared"
    """Other bytes, of which one side cannot be had whole: they may say the same."""
    UNREACHABLE = "unreachable"
    """Attempted there, and it failed: a block, perhaps."""


class NotCounted(StrEnum):
    """Why what another archive has counts for nothing, as the command says it."""

    SAME_OPERATOR = "the same operator: another place of his, not another witness"
    NOTHING_THERE = "no capture of that address within the time"
    UNKNOWN_LOG = "nothing is known about that log in your trust folder"
    FAILED = "it is FAILED"
    NOT_CHECKED = "it is NOT CHECKED"

    @property
    def code(self) -> str:
        """The stable code: `same-operator`, `unknown-log` and so on."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """An archive to compare with, and what the reader believes about its log."""

    reader: ArchiveReader
    trust: TrustSet | None
    hidden_sources: Callable[[], frozenset[str]] = _no_sources
    """Gives source ids of which nothing is compared, as if it were not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one other archive has; `capture` None: nothing of that address and time."""

    origin: str
    operator: str
    agreement: Agreement | None
    capture: Capture | None
    not_counted: NotCounted | None = None
    """Why it counts for nothing; None if it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corroboration:
    """One capture and what others have of it."""

    capture: Capture
    comparisons: tuple[Comparison, ...]
    operators: dict[Agreement, int]
    """How many other operators agree or differ so; each counts once, by his best."""

    @property
    def witnesses(self) -> int:
        """Operators who state the same payload or text, ours among them."""
        same = (Agreement.SAME_PAYLOAD, Agreement.SAME_TEXT)
        return 1 + sum(self.operators[agreement] for agreement in same)

    @property
    def has_differences(self) -> bool:
        """Whether somebody received something else at that time."""
        return bool(self.operators[Agreement.DIFFERS])


def corroborate(
    own: Partner,
    capture: Capture,
    partners: Sequence[Partner],
    *,
    text_of: TextOf | None = None,
    window: timedelta = WINDOW,
) -> Corroboration:
    """Compare a capture with those of other archives near it in time."""
    comparing = _Comparing(own.reader, capture, text_of, window)
    comparisons = tuple(comparing.compare(partner) for partner in partners)
    groups = _group([own, *partners])
    own_group = groups[0]
    best: dict[int, Agreement] = {}
    ranks = list(Agreement)
    for group, comparison in zip(groups[1:], comparisons, strict=True):
        agreement = comparison.agreement
        if group == own_group or comparison.not_counted or agreement is None:
            continue
        known = best.get(group, agreement)
        best[group] = min(known, agreement, key=ranks.index)
    counts = {a: sum(found is a for found in best.values()) for a in Agreement}
    marked = tuple(
        _mark(comparison, is_own=group == own_group)
        for group, comparison in zip(groups[1:], comparisons, strict=True)
    )
    return Corroboration(capture=capture, comparisons=marked, operators=counts)


class _Comparing:
    """One capture of ours, read once, against those of others."""

    def __init__(
        self,
        reader: ArchiveReader,
        capture: Capture,
        text_of: TextOf | None,
        window: timedelta,
    ) -> None:
        self._reader = reader
        self._capture = capture
        self._text_of = text_of
        self._window = window
        self._content = _decoded(reader, capture)
        self._text: str | LimitExceeded | None = None
        self._is_read = False

    def compare(self, partner: Partner) -> Comparison:
        """The best that one archive has; what does not verify is named, not counted."""
        identity = partner.reader.identity
        found: Comparison | None = None
        near = near_captures(partner, self._capture, self._window)
        for candidate in near[:CANDIDATES]:
            agreement = self._judge(partner.reader, candidate)
            if found and not found.not_counted and not _is_better(agreement, found):
                continue  # whatever a verification would say
            made = Comparison(
                origin=identity.origin,
                operator=identity.name,
                agreement=agreement,
                capture=candidate,
                not_counted=_why_not(partner, candidate),
            )
            if found is None or _rank(made) < _rank(found):
                found = made
        return found or Comparison(
            origin=identity.origin,
            operator=identity.name,
            agreement=None,
            capture=None,
            not_counted=NotCounted.NOTHING_THERE,
        )

    def _judge(self, reader: ArchiveReader, other: Capture) -> Agreement:
        if other.outcome is not CaptureOutcome.COMPLETE:
            return Agreement.UNREACHABLE
        digest = self._capture.payload_digest
        if digest is not None and digest == other.payload_digest:
            return Agreement.SAME_PAYLOAD
        if self._capture.http_status is None:
            return Agreement.DIFFERS  # whatever it was, nothing was received here
        content = _decoded(reader, other)
        if content is None or self._content is None:
            return Agreement.NOT_COMPARED
        if content == self._content:
            return Agreement.SAME_PAYLOAD
        if self._text_of is None:
            return Agreement.DIFFERS
        try:
            own = self._own_text(self._text_of)
            is_same = own is not None and own == self._text_of(reader, other)
        except LimitExceeded:
            return Agreement.NOT_COMPARED
        return Agreement.SAME_TEXT if is_same else Agreement.DIFFERS

    def _own_text(self, text_of: TextOf) -> str | None:
        """Ours, extracted once, when some payload differs; LimitExceeded each time."""
        if not self._is_read:
            self._is_read = True
            try:
                self._text = text_of(self._reader, self._capture)
            except LimitExceeded as error:
                self._text = error
        if isinstance(self._text, LimitExceeded):
            raise LimitExceeded("our own text was not had") from self._text
        return self._text


def near_captures(
    partner: Partner, capture: Capture, window: timedelta
) -> list[Capture]:
    """Captures of an address there, so near in time, the nearest first.

    Samples stand for no address; of hidden sources there is nothing.
    """
    hidden = partner.hidden_sources()
    near = [
        found
        for found in partner.reader.find_captures(capture.target_uri)
        if found.kind == "capture"
        and found.role not in SAMPLE_ROLES
        and found.source_id not in hidden
        and abs(found.captured_at - capture.captured_at) <= window
    ]
    near.sort(key=lambda found: abs(found.captured_at - capture.captured_at))
    return near


def _decoded(reader: ArchiveReader, capture: Capture) -> Digest | None:
    """Digest of the decoded payload; None where it cannot be had whole."""
    try:
        payload = reader.payload(capture)
    except EvidenceError:
        return None
    return Digest.of(payload.data) if payload.problem is None else None


def _is_better(one: Agreement, found: Comparison) -> bool:
    return list(Agreement).index(one) < _rank(found)[1]


def _rank(found: Comparison) -> tuple[bool, int]:
    """What counts comes before what does not, then the better agreement."""
    ranks = list(Agreement)
    agreement = found.agreement or ranks[-1]
    return found.not_counted is not None, ranks.index(agreement)


def _why_not(partner: Partner, capture: Capture) -> NotCounted | None:
    """Why a capture elsewhere counts for nothing: only what verifies does."""
    report = verify_capture(partner.reader, capture, trust=partner.trust)
    if report.outcome is Outcome.VERIFIED:
        return None
    if partner.trust is None:
        return NotCounted.UNKNOWN_LOG
    if report.outcome is Outcome.FAILED:
        return NotCounted.FAILED
    return NotCounted.NOT_CHECKED


def _mark(comparison: Comparison, *, is_own: bool) -> Comparison:
    if not is_own or comparison.not_counted:
        return comparison
    return Comparison(
        origin=comparison.origin,
        operator=comparison.operator,
        agreement=comparison.agreement,
        capture=comparison.capture,
        not_counted=NotCounted.SAME_OPERATOR,
    )


def _group(partners: Sequence[Partner]) -> list[int]:
    """Number the operators: who shares a key, a log or a name is one."""
    numbers = list(range(len(partners)))
    marks: dict[str, int] = {}
    for place, partner in enumerate(partners):
        for mark in _marks(partner):
            known = marks.setdefault(mark, numbers[place])
            if known != numbers[place]:
                old, new = max(known, numbers[place]), min(known, numbers[place])
                numbers = [new if one == old else one for one in numbers]
                marks = {m: new if one == old else one for m, one in marks.items()}
    return numbers


def _marks(partner: Partner) -> Iterator[str]:
    identity = partner.reader.identity
    yield f"name {' '.join(identity.name.casefold().split())}"
    yield f"origin {identity.origin}"
    yield f"key {identity.root_key_id}"
    yield f"key {identity.operator_key_id}"
    if partner.trust is not None:
        yield from (f"key {one.key_id}" for one in partner.trust.operators)
