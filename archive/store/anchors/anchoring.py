"""State what was stamped, and know the newest token: the lower bound of later captures.

Files come first, then their statement. A crash between the two leaves one anchor that
is not stated: the next writer states it if it is whole, and removes it if not.

What reads tokens and certificates is imported where there is one (`anchors.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.digest import Digest
from archive.errors import (
    BadTimestamp,
    EvidenceError,
    FormatError,
    VerificationError,
)
from archive.files import Files
from archive.instant import format_instant
from archive.log.checkpoint import Checkpoint, format_checkpoint
from archive.log.fields import format_base64
from archive.log.reader import LogReader
from archive.store.anchors.folder import (
    CHECKPOINT_NAME,
    StoredAnchor,
    StoredToken,
    list_sizes,
    read_anchor,
)
from archive.store.anchors.stated import AnchorPredicate, StatedAnchors
from archive.store.drafts import Draft

NAME_CHARACTERS = 200
"""Of an authority's name in a statement."""
BOUNDS_KEPT = 500
"""Tokens remembered: more than a day of them, and no exchange takes so long."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedToken:
    """A token as its `anchor` statement describes it."""

    authority: str
    gen_time: datetime
    token: StoredToken


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerBound:
    """The token that later captures name in `not_before`: they did not begin before it.

    Of one anchor, the token with the earliest time: no authority can move it up alone.
    """

    token: Digest
    checkpoint: Checkpoint
    gen_time: datetime
    known_at: datetime
    """By the local clock: since when captures could know it."""

    def as_field(self) -> dict[str, object]:
        """The field of a statement."""
        return {
            "token": str(self.token),
            "size": self.checkpoint.size,
            "root": format_base64(self.checkpoint.root),
            "gen_time": format_instant(self.gen_time),
        }


class LowerBounds:
    """The tokens that captures may name, oldest first; thread-safe."""

    def __init__(self) -> None:
        self._bounds: tuple[LowerBound, ...] = ()

    def add(self, bound: LowerBound) -> None:
        """Take in a token that was stated just now, or found at the start."""
        self._bounds = (*self._bounds[-BOUNDS_KEPT:], bound)

    def find(
        self,
        anchors: Path,
        stated: StatedAnchors,
        *,
        files: Files,
        tell: Callable[[str], None],
    ) -> Draft | None:
        """Look up the newest token; give the draft of an anchor still to be stated.

        What below `anchors/` is not as it was stated, or not of our log, is told and
        passed over: a capture that named it would fail check 13 for ever.
        """
        try:
            bound, unstated = newest_stated(anchors, stated, files=files, tell=tell)
        except (FormatError, VerificationError):
            return None  # a damaged log: `verify` says so, and nothing is touched
        if bound is not None:
            self.add(bound)
        if unstated is None:
            return None
        try:
            return draft_unstated(anchors, unstated, stated.log, files)
        except (EvidenceError, OSError) as error:
            tell(f"anchors/{unstated} is left as it is, and not stated: {error}")
            return None

    def field_at(self, began: datetime) -> dict[str, object] | None:
        """What a capture that began then says: the newest token known at that time."""
        for bound in reversed(self._bounds):
            if bound.known_at <= began:
                return bound.as_field()
        return None


def draft_anchor(
    checkpoint: Checkpoint,
    tokens: Sequence[StatedToken],
    *,
    sent: datetime,
    received: datetime,
) -> Draft:
    """What the `anchor` statement says about tokens that are on disk."""
    return Draft(
        kind="anchor",
        slice=None,
        facts=None,
        predicate={
            "size": checkpoint.size,
            "root": format_base64(checkpoint.root),
            "tokens": [_describe(stated) for stated in tokens],
            "sent": format_instant(sent),
            "received": format_instant(received),
        },
    )


def _describe(stated: StatedToken) -> dict[str, object]:
    token = stated.token
    return {
        "authority": stated.authority,
        "gen_time": format_instant(stated.gen_time),
        "tsr": str(token.digest),
        "tsq": str(Digest.of(token.query)),
        "chain": str(Digest.of(token.chain)),
        "crl": None if token.crl is None else str(Digest.of(token.crl)),
    }


def lower_bound(anchor: StoredAnchor, known_at: datetime) -> LowerBound | None:
    """What later captures may name of an anchor; None if no token can be read."""
    from archive.attest.tokens.token import parse_token

    found = []
    for token in anchor.tokens:
        try:
            found.append((parse_token(token.response).gen_time, token))
        except (FormatError, BadTimestamp):
            continue
    if not found:
        return None
    gen_time, token = min(found, key=lambda item: item[0])
    return LowerBound(
        token=token.digest,
        checkpoint=anchor.checkpoint,
        gen_time=gen_time,
        known_at=known_at,
    )


def newest_stated(
    anchors: Path,
    stated: StatedAnchors,
    *,
    files: Files,
    tell: Callable[[str], None],
) -> tuple[LowerBound | None, int | None]:
    """The bound of the newest anchor as it was stated, and the size of an unstated one.

    A crash between the files and their statement leaves at most one unstated anchor.
    """
    unstated = None
    for size in reversed(list_sizes(anchors, files)):
        found = stated.locate(size)
        if found is None:
            unstated = size
            continue
        try:
            anchor = read_anchor(anchors, size, files)
            bound = lower_bound(anchor, LONG_AGO)
            if bound is not None and _is_as_stated(bound, stated.read(*found)):
                return bound, unstated
        except EvidenceError:  # damaged
            pass
        tell(
            f"anchors/{size} is not as it was stated, and no capture names its tokens; "
            "restore it from a copy (`evidence verify` names the file)"
        )
    return None, unstated


def _is_as_stated(bound: LowerBound, predicate: AnchorPredicate | None) -> bool:
    """Whether a statement names that token, of that time, over that checkpoint."""
    if predicate is None:
        return False
    named = bound.as_field()
    times = {token["tsr"]: token["gen_time"] for token in predicate["tokens"]}
    return (predicate["size"], predicate["root"]) == (
        named["size"],
        named["root"],
    ) and times.get(named["token"]) == named["gen_time"]


def draft_unstated(
    anchors: Path, size: int, log: LogReader, files: Files
) -> Draft | None:
    """State an anchor whose files are whole; remove them where they are not.

    What is not stated was never acknowledged: it is stamped again. BadTimestamp where
    the tokens, or the checkpoint, are of another log: nobody of ours put them there.
    """
    folder = anchors / str(size)
    try:
        anchor = read_anchor(anchors, size, files)
        stated = [_restate(token) for token in anchor.tokens]
        checkpoint = anchor.checkpoint
        known = {CHECKPOINT_NAME} | {
            name
            for number, token in enumerate(anchor.tokens, start=1)
            for name, _data in token.files(number)
        }
        if not stated or set(files.list_names(folder)) != known:
            raise FormatError("not whole")
    except (FormatError, BadTimestamp):
        names = files.list_names(folder)
        files.remove(*(folder / name for name in names))
        files.remove_folder(folder)
        return None
    demand_ours(anchor, size, log)
    times = [
        datetime.fromtimestamp((folder / name).stat().st_mtime, UTC)
        for name in (CHECKPOINT_NAME, "1.tsr")
    ]
    return draft_anchor(checkpoint, stated, sent=min(times), received=max(times))


def demand_ours(anchor: StoredAnchor, size: int, log: LogReader) -> None:
    """The checkpoint is one of our log, and each token stamps it; else BadTimestamp."""
    from archive.attest.tokens.token import demand_stamps

    checkpoint = anchor.checkpoint
    if checkpoint.size != size or size > log.size or log.root(size) != checkpoint.root:
        raise BadTimestamp("its checkpoint is none of this log")
    body = format_checkpoint(checkpoint).encode()
    for token in anchor.tokens:
        demand_stamps(token.response, body)


def _restate(token: StoredToken) -> StatedToken:
    """Describe a token whose authority's name was lost: by its certificate."""
    from archive.attest.tokens.authority import parse_chain
    from archive.attest.tokens.token import parse_token

    signer = parse_chain(token.chain)[0].subject.rfc4514_string()
    name = "".join(letter for letter in signer if letter.isprintable())[
        :NAME_CHARACTERS
    ]
    return StatedToken(
        authority=name or "unknown",
        gen_time=parse_token(token.response).gen_time,
        token=token,
    )
