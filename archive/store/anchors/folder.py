"""The folder `anchors/`: a checkpoint as it was stamped, and each token beside it.

`anchors/SIZE/checkpoint`, and for the n-th token `n.tsr` (response), `n.tsq` (request),
`n.chain.pem` (certificates) and `n.crl` (lists of revoked ones), original bytes. Files
come first, then the `anchor` statement with their digests; each size is stamped once.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.digest import Digest
from archive.errors import FormatError
from archive.files import Files
from archive.log.checkpoint import Checkpoint, parse_checkpoint
from archive.log.note import MAX_NOTE_BYTES, parse_note

CHECKPOINT_NAME = "checkpoint"
TOKENS_LIMIT = 16
"""Tokens over one checkpoint."""
_SIZE = re.compile(r"[1-9][0-9]{0,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """The files of one token."""

    response: bytes
    query: bytes
    chain: bytes
    crl: bytes | None

    @property
    def digest(self) -> Digest:
        """The digest that statements name it by."""
        return Digest.of(self.response)

    def files(self, number: int) -> Iterator[tuple[str, bytes]]:
        """Name and content of each file of the token of that number."""
        yield f"{number}.tsr", self.response
        yield f"{number}.tsq", self.query
        yield f"{number}.chain.pem", self.chain
        if self.crl is not None:
            yield f"{number}.crl", self.crl


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnchor:
    """A stamped checkpoint, as signed, and its tokens."""

    note: bytes
    tokens: tuple[StoredToken, ...]

    @property
    def checkpoint(self) -> Checkpoint:
        """What was stamped; FormatError if the note is damaged."""
        return parse_checkpoint(parse_note(self.note).body)


def list_sizes(anchors: Path, files: Files) -> list[int]:
    """Sizes of the stamped checkpoints, ascending; other names are not ours."""
    return sorted(int(name) for name in files.list_names(anchors) if is_size(name))


def search_sizes(
    sizes: Sequence[int], is_enough: Callable[[int], bool], *, in_turn: int
) -> int | None:
    """The first size that is enough; None if none of those looked at is.

    The first `in_turn` are looked at one after the other. Behind them a few more, by
    doubling and halving the distance: a witness or an authority that was enrolled late
    is there from then on, as a rule.
    """
    for size in sizes[:in_turn]:
        if is_enough(size):
            return size
    below, distance = in_turn - 1, 1
    while below < len(sizes) - 1:
        above = min(below + distance, len(sizes) - 1)
        if is_enough(sizes[above]):
            break
        below, distance = above, distance * 2
    else:
        return None
    while above - below > 1:
        middle = (above + below) // 2
        if is_enough(sizes[middle]):
            above = middle
        else:
            below = middle
    return sizes[above]


def is_size(name: str) -> bool:
    """Whether a folder of that name holds an anchor."""
    return _SIZE.fullmatch(name) is not None


def read_anchor(anchors: Path, size: int, files: Files) -> StoredAnchor:
    """Read what lies beside a stamped checkpoint; FormatError if a part is missing."""
    folder = anchors / str(size)
    note = files.read(folder / CHECKPOINT_NAME, limit_bytes=MAX_NOTE_BYTES)
    if note is None:
        raise FormatError(f"anchors/{size}/{CHECKPOINT_NAME} is missing")
    names = set(files.list_names(folder))
    tokens: list[StoredToken] = []
    while f"{len(tokens) + 1}.tsr" in names and len(tokens) < TOKENS_LIMIT:
        tokens.append(_read_token(folder, len(tokens) + 1, files))
    return StoredAnchor(note=note, tokens=tuple(tokens))


def _read_token(folder: Path, number: int, files: Files) -> StoredToken:
    # Not at the top: most archives have no token, and whoever opens one would load all
    # that reads certificates.
    from archive.attest.tokens.authority import CHAIN_LIMIT_BYTES
    from archive.attest.tokens.revocation import CRL_LIMIT_BYTES
    from archive.attest.tokens.token import TOKEN_LIMIT_BYTES

    found = {
        suffix: files.read(folder / f"{number}.{suffix}", limit_bytes=limit)
        for suffix, limit in (
            ("tsr", TOKEN_LIMIT_BYTES),
            ("tsq", TOKEN_LIMIT_BYTES),
            ("chain.pem", CHAIN_LIMIT_BYTES),
            ("crl", CRL_LIMIT_BYTES),
        )
    }
    response, query, chain = found["tsr"], found["tsq"], found["chain.pem"]
    if response is None or query is None or chain is None:
        raise FormatError(f"anchors/{folder.name}: a file of token {number} is missing")
    return StoredToken(response=response, query=query, chain=chain, crl=found["crl"])


def is_taken(anchors: Path, size: int, files: Files) -> bool:
    """Whether something lies where the anchor of that size would be written."""
    folder = anchors / str(size)
    if folder.is_symlink() or not folder.is_dir():
        return os.path.lexists(folder)
    return files.list_names(folder) != []


def write_anchor(
    anchors: Path, note: bytes, tokens: Sequence[StoredToken], files: Files
) -> None:
    """Write a stamped checkpoint and its tokens; durable when it returns."""
    folder = anchors / str(parse_checkpoint(parse_note(note).body).size)
    files.make_folder(folder)
    files.write_once(folder / CHECKPOINT_NAME, note)
    for number, token in enumerate(tokens, start=1):
        for name, data in token.files(number):
            files.write_once(folder / name, data)
