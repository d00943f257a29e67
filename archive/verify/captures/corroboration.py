"""Corroboration: what other archives captured of one address, compared and counted.

One operator is one witness, however many archives he keeps. A capture of somebody else
counts only if it verifies against the reader's own trust. Compared are payloads as they
were received and, where their encoding differs, decoded; texts where a caller knows how
to extract them. Replayed pages are never compared. Agreement says that both operators
state they received the same, not that the site published it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from archive.attest.trust.folder import TrustSet
from archive.capture import SAMPLE_ROLES, Capture, CaptureOutcome
from archive.digest import Digest
from archive.errors import EvidenceError, LimitExceeded
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import Outcome

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


def _no_text(_reader: ArchiveReader, _capture: Capture) -> None:
    """Where nobody knows how to extract texts, other payloads differ."""


class Agreement(StrEnum):
    """How a capture elsewhere relates to ours; the best of an operator counts."""

    SAME_PAYLOAD = "same-payload"
    SAME_TEXT = "same-text"
    DIFFERS = "differs"
    NOT_COMPARED = "not-compared"
    """Other bytes, of which one side cannot be had whole: they may say the same."""
    UNREACHABLE = "unreachable"
    """Attempted there, and it failed: a block, perhaps."""


RANKS: Final = (*Agreement, None)
"""The better comes first; nothing to compare with comes last."""


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
    own_group, *groups = _group([own, *partners])
    best: dict[int, Agreement] = {}
    marked: list[Comparison] = []
    for partner, group in zip(partners, groups, strict=True):
        comparison = comparing.compare(partner)
        if group == own_group and not comparison.not_counted:
            comparison = replace(comparison, not_counted=NotCounted.SAME_OPERATOR)
        marked.append(comparison)
        agreement = comparison.agreement
        if agreement is not None and not comparison.not_counted:
            known = best.get(group, agreement)
            best[group] = min(known, agreement, key=RANKS.index)
    counts = {a: sum(found is a for found in best.values()) for a in Agreement}
    return Corroboration(capture=capture, comparisons=tuple(marked), operators=counts)


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
        self._text_of = text_of or _no_text
        self._window = window
        self._content = _decoded(reader, capture)

    def compare(self, partner: Partner) -> Comparison:
        """The best that one archive has; what does not verify is named, not counted."""
        identity = partner.reader.identity
        found = Comparison(
            origin=identity.origin,
            operator=identity.name,
            agreement=None,
            capture=None,
            not_counted=NotCounted.NOTHING_THERE,
        )
        near = near_captures(partner, self._capture, self._window)
        for candidate in near[:CANDIDATES]:
            agreement = self._judge(partner.reader, candidate)
            if _rank(found) <= (False, RANKS.index(agreement)):
                continue  # whatever a verification would say
            made = replace(
                found,
                agreement=agreement,
                capture=candidate,
                not_counted=_why_not(partner, candidate),
            )
            found = min(found, made, key=_rank)
        return found

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
        return self._judge_texts(reader, other)

    def _judge_texts(self, reader: ArchiveReader, other: Capture) -> Agreement:
        own = self._text
        if own is None:
            return Agreement.DIFFERS
        if isinstance(own, LimitExceeded):
            return Agreement.NOT_COMPARED
        try:
            is_same = own == self._text_of(reader, other)
        except LimitExceeded:
            return Agreement.NOT_COMPARED
        return Agreement.SAME_TEXT if is_same else Agreement.DIFFERS

    @cached_property
    def _text(self) -> str | LimitExceeded | None:
        """Ours, extracted once, when some payload differs, or why it was not had."""
        try:
            return self._text_of(self._reader, self._capture)
        except LimitExceeded as error:
            return error


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


def _rank(found: Comparison) -> tuple[bool, int]:
    """What counts comes before what does not, then the better agreement."""
    return found.not_counted is not None, RANKS.index(found.agreement)


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


def _group(partners: Sequence[Partner]) -> list[int]:
    """Number the operators: who shares a key, a log or a name is one."""
    groups: list[set[str]] = []
    for partner in partners:
        joined = set(_marks(partner))
        for group in [known for known in groups if known & joined]:
            groups.remove(group)
            joined |= group
        groups.append(joined)
    firsts = [next(_marks(partner)) for partner in partners]
    return [
        number
        for first in firsts
        for number, group in enumerate(groups)
        if first in group
    ]


def _marks(partner: Partner) -> Iterator[str]:
    identity = partner.reader.identity
    yield f"name {' '.join(identity.name.casefold().split())}"
    yield f"origin {identity.origin}"
    yield f"key {identity.root_key_id}"
    yield f"key {identity.operator_key_id}"
    if partner.trust is not None:
        yield from (f"key {one.key_id}" for one in partner.trust.operators)
