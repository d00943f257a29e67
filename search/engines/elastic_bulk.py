"""Documents into a cluster: what to send again, what was refused for good (pure).

Ids are deterministic and every document carries its version, so a batch may be sent any
number of times in any order: the cluster keeps one copy. A document is done, is sent
again, or is rejected with a reason; none is dropped in silence.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from archive.errors import SearchUnavailable
from search.engines.base import Rejected

ATTEMPTS = 5
"""Times a document is sent before the cluster counts as away."""
BACKOFF_SECONDS = (1.0, 60.0)
"""First and longest wait; it doubles, and a random half is taken off."""
REQUEST_DOCUMENTS = 1_000
REQUEST_BYTES = 5 << 20
"""Of one request: large enough to be cheap, small enough for a busy cluster."""
_DONE = 409
"""There already, in this version or a later one: as good as taken."""
SENT_AGAIN = frozenset({429, 500, 502, 503, 504})
"""Busy, ill or away: the same document may be taken later."""
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A document on its way: id, version, and its body as a line of JSON."""

    document_id: str
    version: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the cluster said of one document: an HTTP status and a reason."""

    status: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How to wait between attempts: `sleep` seconds, `random` in [0, 1)."""

    sleep: Callable[[float], None]
    random: Callable[[], float]


Send = Callable[[Sequence[Parcel]], Sequence[Answer]]
"""One request; an answer for each parcel, in the same order."""


def requests_of(parcels: Sequence[Parcel]) -> Iterator[Sequence[Parcel]]:
    """Cut into requests within the limits; a larger document goes alone."""
    start = size = 0
    for at, parcel in enumerate(parcels):
        full = at - start >= REQUEST_DOCUMENTS or size + len(parcel.body) > (
            REQUEST_BYTES
        )
        if full and at > start:
            yield parcels[start:at]
            start, size = at, 0
        size += len(parcel.body)
    if start < len(parcels):
        yield parcels[start:]


def deliver(
    parcels: Sequence[Parcel], send: Send, patience: Patience
) -> list[Rejected]:
    """Send until each document is done or dead; SearchUnavailable if some stay open."""
    dead: list[Rejected] = []
    waiting = list(parcels)
    for attempt in range(ATTEMPTS):
        if attempt:
            patience.sleep(_pause(attempt, patience.random()))
        left: list[Parcel] = []
        reason = ""
        for parcel, answer in zip(waiting, send(waiting), strict=True):
            if answer.status in _SUCCESS or answer.status == _DONE:
                continue
            if answer.status in SENT_AGAIN:
                left.append(parcel)
                reason = f"{answer.status} {answer.reason}".strip()
            else:
                dead.append(_dead(parcel, answer))
        if not left:
            return dead
        waiting = left
    raise SearchUnavailable(
        f"the search cluster did not take {len(waiting)} documents after {ATTEMPTS} "
        f"attempts ({reason}); nothing is lost: run `evidence index` again later"
    )


def _pause(attempt: int, random: float) -> float:
    first, longest = BACKOFF_SECONDS
    doubled: float = first * 2 ** (attempt - 1)
    return min(doubled, longest) * (1 - random / 2)


def _dead(parcel: Parcel, answer: Answer) -> Rejected:
    reason = f"{answer.status} {answer.reason}".strip()
    return Rejected(document_id=parcel.document_id, reason=reason)
