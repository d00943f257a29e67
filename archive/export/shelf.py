"""Checkpoints that may stand in an export: the stored one, and those with tokens.

A proof can lead to any checkpoint whose tree holds the entry. The earliest one that
gives the reader's witnesses and tokens is the best: its time is the tightest bound.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.attest.keys.signing import verify_ed25519
from archive.attest.tokens.timestamp import verify_token
from archive.attest.tokens.vouched import complete_chain
from archive.attest.trust.folder import TrustSet
from archive.digest import Digest
from archive.errors import (
    BadTimestamp,
    EvidenceError,
    FormatError,
    LogMissing,
    UnknownKey,
    VerificationError,
)
from archive.files import DISK
from archive.log.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from archive.log.note import (
    MAX_NOTE_BYTES,
    SignedNote,
    VerifierKey,
    format_note,
    parse_note,
    verify_note,
)
from archive.store.anchors.folder import list_sizes, search_sizes
from archive.verify.bundles.bundlefiles import TOKENS_LIMIT

SIZES_IN_TURN = 64
"""Stamped checkpoints looked at one by one for an entry, the earliest first."""
FILE_LIMIT_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFiles:
    """One token and what lies beside it, as it came; `crl` and `chain` may be empty."""

    tsr: bytes
    chain: bytes
    crl: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A checkpoint with the note lines and tokens that hold."""

    checkpoint: Checkpoint
    note: bytes
    tokens: tuple[TokenFiles, ...]
    witnesses: int
    authorities: int
    """How many of the reader's authorities stamped it."""


class Shelf:
    """The checkpoints of one archive; those looked at are kept."""

    def __init__(
        self, root: Path, log_vkey: VerifierKey, trust: TrustSet | None
    ) -> None:
        self._root = root
        self._log_vkey = log_vkey
        self._trust = trust
        self._known: dict[int | None, Stamped | None] = {}

    def choose(self, leaf: int) -> Stamped:
        """The earliest checkpoint behind an entry that satisfies the policy.

        If none does, that with most authorities and witnesses; LogMissing if the
        entry is not logged yet.
        """
        looked_at: list[Stamped] = []

        def is_enough(size: int | None) -> bool:
            found = self._look_at(size)
            if found is None or found.checkpoint.size <= leaf:
                return False
            looked_at.append(found)
            return self._satisfies(found)

        stamped = list_sizes(self._root / "anchors", DISK)
        sizes = [size for size in stamped if size > leaf]
        if search_sizes(sizes, is_enough, in_turn=SIZES_IN_TURN) is None:
            is_enough(None)
        if not looked_at:
            raise LogMissing(
                f"entry {leaf} is under no checkpoint yet; run any writing verb"
            )
        enough = [found for found in looked_at if self._satisfies(found)]
        if enough:
            return min(enough, key=lambda found: found.checkpoint.size)
        return max(looked_at, key=_worth)

    def find_token(self, digest: str) -> TokenFiles | None:
        """The token of that SHA-256 (`sha256:` and hex), if it lies in `anchors/`."""
        for size in list_sizes(self._root / "anchors", DISK):
            for tokens in self._read_tokens(self._root / "anchors" / str(size)):
                if str(Digest.of(tokens.tsr)) == digest:
                    return tokens
        return None

    def _look_at(self, size: int | None) -> Stamped | None:
        """A stamped checkpoint, None = the stored one; None if it does not hold."""
        if size not in self._known:
            self._known[size] = self._read(size)
        return self._known[size]

    def _satisfies(self, found: Stamped) -> bool:
        trust = self._trust
        if trust is None:
            return True
        return (
            found.witnesses >= trust.witness_quorum
            and found.authorities >= trust.token_quorum
        )

    def _read(self, size: int | None) -> Stamped | None:
        folder = self._root / ("log" if size is None else f"anchors/{size}")
        try:
            data = DISK.read(folder / "checkpoint", limit_bytes=MAX_NOTE_BYTES)
            note = parse_note(data or b"")
            checkpoint = parse_checkpoint(note.body)
            if size not in (None, checkpoint.size):
                raise FormatError(f"is of size {checkpoint.size}")
            kept, witnesses = self._keep_lines(note)
        except EvidenceError:
            return None
        files = () if size is None else tuple(self._read_tokens(folder))
        body = format_checkpoint(checkpoint).encode()
        judged = [(one, self._authority(one, body)) for one in files]
        tokens = tuple(one for one, number in judged if number is not None)
        counted = {number for _one, number in judged} - {None, -1}
        return Stamped(
            checkpoint=checkpoint,
            note=format_note(kept),
            tokens=tokens,
            witnesses=witnesses,
            authorities=len(counted),
        )

    def _keep_lines(self, note: SignedNote) -> tuple[SignedNote, int]:
        """Only the lines that this reader verified; VerificationError without ours."""
        verify_note(note, self._log_vkey, verify_ed25519)
        good = {(self._log_vkey.name, self._log_vkey.key_hash)}
        for _name, vkey in self._trust.witnesses if self._trust else ():
            try:
                verify_note(note, vkey, verify_ed25519)
            except VerificationError:
                continue
            good.add((vkey.name, vkey.key_hash))
        lines = tuple(
            line for line in note.signatures if (line.name, line.key_hash) in good
        )
        return SignedNote(body=note.body, signatures=lines), len(good) - 1

    def _authority(self, files: TokenFiles, body: bytes) -> int | None:
        """Which trusted authority made a token, -1 for another; None = it is bad."""
        roots = self._trust.authorities if self._trust else ()
        for number, root in enumerate((*roots, None)):
            try:
                verify_token(
                    files.tsr,
                    body=body,
                    roots=[] if root is None else [root],
                    chain=files.chain,
                )
            except UnknownKey:
                continue
            except (BadTimestamp, FormatError):
                return None
            return number
        return -1

    def _read_tokens(self, folder: Path) -> Iterator[TokenFiles]:
        for number in range(1, TOKENS_LIMIT + 1):
            tsr = _read(folder / f"{number}.tsr")
            if tsr:
                yield TokenFiles(
                    tsr=tsr,
                    chain=_complete(tsr, _read(folder / f"{number}.chain.pem")),
                    crl=_read(folder / f"{number}.crl"),
                )


def _complete(tsr: bytes, chain: bytes) -> bytes:
    """The chain with all that the token carries; as it is, where one is damaged."""
    try:
        return complete_chain(tsr, chain)
    except (BadTimestamp, FormatError):
        return chain


def _worth(found: Stamped) -> tuple[int, int, int]:
    """What counts where none satisfies the policy; of equal ones the earliest."""
    return found.authorities, found.witnesses, -found.checkpoint.size


def _read(path: Path) -> bytes:
    return DISK.read(path, limit_bytes=FILE_LIMIT_BYTES) or b""
