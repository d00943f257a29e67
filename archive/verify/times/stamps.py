"""Checks 11 and 12: the tokens beside the log, and until when each entry was stamped.

Read before the segments, so that each capture can be put into its bracket as it comes.
Every token is judged by itself: over the checkpoint it lies beside, under a root of
the reader's trust folder, at its own time. An authority counts once.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.attest.keys.signing import verify_ed25519
from archive.attest.tokens.authority import SignerPath
from archive.attest.tokens.revocation import (
    RevocationList,
    RevocationLists,
    check_revocation,
    choose_lists,
    parse_crls,
)
from archive.attest.tokens.timestamp import VerifiedToken, verify_token
from archive.attest.trust.folder import TrustSet
from archive.digest import Digest
from archive.errors import (
    BadTimestamp,
    EvidenceError,
    FormatError,
    StoreError,
    UnknownKey,
)
from archive.files import DISK
from archive.log.checkpoint import format_checkpoint, open_checkpoint
from archive.store.anchors.folder import (
    StoredAnchor,
    StoredToken,
    list_sizes,
    read_anchor,
)
from archive.verify.reporting.collector import Collector

LISTS_KEPT = 256
"""Different revocation lists held at once; an authority publishes one a day or less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A token that holds: over which checkpoint, when, and under which root."""

    name: str
    """Its file below the archive."""
    size: int
    gen_time: datetime
    latest: datetime
    """Its time and its accuracy: by then the checkpoint existed."""
    path: SignerPath


class Stamps:
    """All tokens of an archive that hold for one reader."""

    def __init__(self, trust: TrustSet | None) -> None:
        self._trust = trust
        self.found: dict[str, Stamp] = {}
        """By digest of the token."""
        self._paths: dict[bytes, SignerPath] = {}
        self._by_root: dict[bytes, list[tuple[int, datetime]]] = {}
        self._lists: dict[Digest, tuple[RevocationList, ...]] = {}
        self._uncounted = 0

    @property
    def quorum(self) -> int:
        """How many authorities must have stamped; at least one says anything."""
        return max(1, self._trust.token_quorum if self._trust else 0)

    @property
    def is_judged(self) -> bool:
        """Whether the reader trusts any authority, so that tokens mean something."""
        return self._trust is not None and bool(self._trust.authorities)

    def read(self, collector: Collector, anchors: Path) -> None:
        """Verify every token that lies beside the log; damage is reported."""
        if not self.is_judged:
            return
        for size in self._list_sizes(collector, anchors):
            try:
                anchor = read_anchor(anchors, size, DISK)
                self._take(collector, anchor, size)
            except EvidenceError as error:
                collector.raised(11, "token-bad", f"anchors/{size}", error)
        if self._uncounted:
            collector.notices.append(
                f"{self._uncounted} time stamps are by no authority that you trust"
            )
        for times in self._by_root.values():
            _keep_earliest(times)

    def _list_sizes(self, collector: Collector, anchors: Path) -> list[int]:
        try:
            return list_sizes(anchors, DISK)
        except StoreError as error:
            collector.raised(11, "token-bad", "anchors", error)
            return []

    def take_one(self, collector: Collector, anchor: StoredAnchor, size: int) -> None:
        """Verify the tokens of one checkpoint: for a single capture."""
        self._take(collector, anchor, size)
        for times in self._by_root.values():
            times.sort()
            _keep_earliest(times)

    def existed_by(self, leaf: int) -> datetime | None:
        """By when entry `leaf` existed, as a quorum says; None if too few stamped it.

        Of each authority its earliest token over a checkpoint that holds the entry; of
        these the latest of the quorum: right if one of them is honest.
        """
        times = []
        for stamped in self._by_root.values():
            at = bisect_right(stamped, leaf, key=lambda item: item[0])
            if at < len(stamped):
                times.append(stamped[at][1])
        if len(times) < self.quorum:
            return None
        return sorted(times)[self.quorum - 1]

    @property
    def stamped_size(self) -> int:
        """So many entries, from the first on, are stamped by a quorum."""
        sizes = sorted(
            (times[-1][0] for times in self._by_root.values() if times), reverse=True
        )
        return sizes[self.quorum - 1] if len(sizes) >= self.quorum else 0

    @property
    def newest(self) -> datetime | None:
        """By when the last of the stamped entries existed; None if none is."""
        size = self.stamped_size
        return self.existed_by(size - 1) if size else None

    def check_quorum(self, collector: Collector, *, leaf: int) -> None:
        """Check 11: enough authorities, each counted once, stamped an entry."""
        asked = self._trust.token_quorum if self._trust else 0
        if self.existed_by(leaf) is not None:
            collector.passed(11, len(self.found))
            return
        collector.not_checked(
            11,
            "time-stamps-none",
            "anchors",
            f"{len(self._by_root)} authorities that you trust stamped it; the policy "
            f"asks for {asked}",
            asked=asked,
            found=len(self._by_root),
        )

    def check_revocations(self, collector: Collector) -> None:
        """Check 12: no certificate was revoked so that a token falls."""
        lists = [found for kept in self._lists.values() for found in kept]
        chosen: dict[int, RevocationLists] = {}
        for stamp in self.found.values():
            key = id(stamp.path)
            if key not in chosen:
                chosen[key] = choose_lists(stamp.path, lists)
            try:
                check_revocation(stamp.path, chosen[key], at=stamp.gen_time)
            except BadTimestamp as error:
                collector.failed(12, "certificate-revoked", stamp.name, str(error))
            except UnknownKey as error:
                collector.not_checked(12, "revocation-none", stamp.name, str(error))
            else:
                collector.passed(12)

    def _take(self, collector: Collector, anchor: StoredAnchor, size: int) -> None:
        if self._trust is None:
            raise AssertionError("without trust no token is judged")
        checkpoint = open_checkpoint(anchor.note, self._trust.log_vkey, verify_ed25519)
        if checkpoint.size != size:
            raise FormatError(f"holds a checkpoint of size {checkpoint.size}")
        body = format_checkpoint(checkpoint).encode()
        for number, token in enumerate(anchor.tokens, start=1):
            name = f"anchors/{size}/{number}.tsr"
            try:
                verified = verify_token(
                    token.response,
                    body=body,
                    roots=self._trust.authorities,
                    chain=token.chain,
                    query=token.query,
                )
            except UnknownKey:
                self._uncounted += 1
                continue
            except (BadTimestamp, FormatError) as error:
                collector.failed(11, "token-bad", name, str(error))
                continue
            self._add(verified, token, size=size, name=name)

    def _add(
        self, verified: VerifiedToken, token: StoredToken, *, size: int, name: str
    ) -> None:
        path = self._paths.setdefault(verified.path.pem, verified.path)
        self.found[str(token.digest)] = Stamp(
            name=name,
            size=size,
            gen_time=verified.gen_time,
            latest=verified.latest,
            path=path,
        )
        times = self._by_root.setdefault(path.root_id, [])
        times.append((size, verified.latest))
        if token.crl and len(self._lists) < LISTS_KEPT:
            digest = Digest.of(token.crl)
            if digest not in self._lists:
                self._lists[digest] = parse_crls(token.crl)


def _keep_earliest(times: list[tuple[int, datetime]]) -> None:
    """Let each checkpoint have the earliest time of those that hold as much or more."""
    for at in range(len(times) - 2, -1, -1):
        times[at] = (times[at][0], min(times[at][1], times[at + 1][1]))
