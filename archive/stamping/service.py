"""Stamp checkpoints beside the writing: when, by whom, and what is still open.

There is no queue on disk: what no authority has stamped yet are the leaves beyond the
newest checkpoint that all of them stamped, so the next stamp covers whatever waited.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.attest.tokens.timestamp import verify_token
from archive.errors import EvidenceError, TimestampUnavailable
from archive.log.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from archive.log.note import parse_note
from archive.log.reader import LogReader
from archive.settings import Authority
from archive.stamping.client import AuthorityClient, Stamped
from archive.store.anchors.anchoring import (
    demand_ours,
    draft_anchor,
    lower_bound,
)
from archive.store.anchors.folder import (
    StoredAnchor,
    is_taken,
    list_sizes,
    read_anchor,
    write_anchor,
)
from archive.store.drafts import Draft
from archive.store.layout import ArchivePaths
from archive.store.writing.keeper import Host
from archive.transport import Connect

STAMP_EVERY = timedelta(minutes=5)
"""Between two stamps while there is something new."""
RENEW_BEFORE = timedelta(days=90)
"""A chain that ends sooner is renewed by a new stamp over everything."""
RENEWAL_PAUSE = timedelta(days=7)
"""Between two renewals with an authority whose certificate is still the old one."""
TAKEN_STATED = 16
"""Sizes that are taken, stated in one run: each makes one more entry."""
ANCHORS_READ = 64
"""Newest anchors looked at to find one by all authorities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StampingTools:
    """Whom to ask, whom to believe, and by which clock and chance."""

    authorities: tuple[Authority, ...]
    roots: tuple[bytes, ...]
    """Root certificates (PEM) of the operator's own trust folder."""
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    tell: Callable[[str], None]
    """Told of an authority that did not answer, once until it answers again."""
    connect: Connect | None = None
    """The only way to other machines; None is directly."""


@dataclass(slots=True)
class _State:
    """What is stamped, as far as it is known."""

    full_size: int = 0
    """Of the newest checkpoint that every authority stamped."""
    part_size: int = 0
    """Of the newest checkpoint that any authority stamped."""
    anchor_leaf: int = -1
    """A checkpoint is stamped only when it covers the last `anchor` statement."""
    ends_at: datetime | None = None
    """When the best chain of the newest anchor ends."""
    stamped_at: datetime | None = None
    tried_at: datetime | None = None
    taken: int = 0
    """So many sizes were taken by something else, and that was stated."""


class StampingService:
    """A `CheckpointService`: runs behind the one that asks witnesses."""

    def __init__(self, tools: StampingTools, *, every: timedelta = STAMP_EVERY) -> None:
        self._tools = tools
        self._every = every
        self._state = _State()
        self._silent: set[str] = set()
        self.stamped: list[Stamped] = []
        """By whom the newest stamp of this run is."""
        self._clients = {
            authority.name: AuthorityClient(
                authority=authority,
                roots=tools.roots,
                clock=tools.clock,
                random_bytes=tools.random_bytes,
                connect=tools.connect,
            )
            for authority in tools.authorities
        }

    @property
    def silent(self) -> list[str]:
        """Authorities that did not answer when they were asked last."""
        return sorted(self._silent)

    def start(self, host: Host) -> None:
        """Look up what is stamped already; nobody is asked.

        Whoever can write into the folder could keep us from stamping: only what stamps
        a checkpoint of our log, and is whole, counts.
        """
        anchors = ArchivePaths(host.root).anchors
        sizes = [n for n in list_sizes(anchors, host.files) if n <= host.log.size]
        for size in sizes[-ANCHORS_READ:]:
            try:
                anchor = read_anchor(anchors, size, host.files)
                demand_ours(anchor, size, host.log)
                self._learn(anchor, size)
            except EvidenceError:  # damaged, or not of ours: `verify` says so
                continue

    def published(self, host: Host, checkpoint: Checkpoint, *, is_last: bool) -> bool:
        """Stamp the stored checkpoint if that is due; say whether something waits."""
        now = self._tools.clock()
        is_new = self._has_news(host.log, self._state.full_size, checkpoint.size)
        if not is_new and not self._is_ageing(now):
            return False
        if checkpoint.size <= self._state.anchor_leaf:
            return False  # the checkpoint that covers the statement comes soon
        if not is_last and not self._is_due(now):
            return True
        self._state.tried_at = now
        return not self._stamp(host)

    def _has_news(self, log: LogReader, stamped_size: int, size: int) -> bool:
        """Whether anything but anchors stands beyond what was stamped."""
        return any(
            line.split(b" ", 2)[1] != b"anchor"
            for line in log.read_leaves(min(stamped_size, size), size)
        )

    def _is_due(self, now: datetime) -> bool:
        tried = self._state.tried_at
        return tried is None or not tried <= now < tried + self._every

    def _is_ageing(self, now: datetime) -> bool:
        """Whether the best chain of the newest anchor is about to end."""
        ends_at, stamped_at = self._state.ends_at, self._state.stamped_at
        if ends_at is None or stamped_at is None:
            return False
        return ends_at - now < RENEW_BEFORE and now - stamped_at >= RENEWAL_PAUSE

    def _stamp(self, host: Host) -> bool:
        """Have the stored checkpoint stamped; say whether all authorities did."""
        note = host.log.read_checkpoint()
        if note is None:
            raise AssertionError("a checkpoint was published")
        body = parse_note(note).body
        sent = self._tools.clock()
        names = set(self._clients)
        size = parse_checkpoint(body).size
        if is_taken(ArchivePaths(host.root).anchors, size, host.files):
            return self._pass_over(host, size)
        if not self._has_news(host.log, self._state.part_size, size):
            # Only those that did not answer are missing: others are not bothered
            # before one of them is back.
            names &= self._silent or names
        stamped = self._ask(names, body.encode())
        if stamped and names != set(self._clients):
            stamped += self._ask(set(self._clients) - names, body.encode())
        if stamped:
            self._state_anchor(host, stamped, (sent, note))
        return len(stamped) == len(self._clients)

    def _pass_over(self, host: Host, size: int) -> bool:
        """State that the place of a stamp is taken: that makes a size which is free.

        Each size is stamped once, by ourselves, so what lies there is not of ours, or
        is what we could not state. It stays: `verify` names it.
        """
        self._tools.tell(
            f"anchors/{size} is there already and was not stated: look who put it "
            "there and move it away; a later checkpoint is stamped instead"
        )
        if self._state.taken == TAKEN_STATED:
            return False
        self._state.taken += 1
        self._state.tried_at = None
        host.state(
            Draft(
                kind="incident",
                slice=None,
                facts=None,
                predicate={
                    "cause": "custody",
                    "file": f"anchors/{size}",
                    "offset": None,
                    "length": None,
                    "sha256": None,
                    "words": "something else lay where the time stamp of this size "
                    "belongs, so a later checkpoint was stamped",
                },
            )
        ).result()
        return True

    def _ask(self, names: set[str], body: bytes) -> list[Stamped]:
        """Ask authorities side by side; give the answers in the order of settings."""
        with ThreadPoolExecutor(max_workers=len(self._clients)) as pool:
            asked = {
                name: pool.submit(client.stamp, body)
                for name, client in self._clients.items()
                if name in names
            }
        stamped = []
        for name, future in asked.items():
            try:
                stamped.append(future.result())
                self._silent.discard(name)
            except TimestampUnavailable as error:
                self._complain(name, str(error))
        return stamped

    def _complain(self, name: str, why: str) -> None:
        if name not in self._silent:
            self._silent.add(name)
            self._tools.tell(why)

    def _state_anchor(
        self, host: Host, stamped: Sequence[Stamped], sent: tuple[datetime, bytes]
    ) -> None:
        """Files, then the statement; from then on captures may name the token."""
        asked_at, note = sent
        received = self._tools.clock()
        checkpoint = parse_checkpoint(parse_note(note).body)
        tokens = [item.stated for item in stamped]
        anchors = ArchivePaths(host.root).anchors
        stored = StoredAnchor(note=note, tokens=tuple(item.token for item in tokens))
        write_anchor(anchors, note, stored.tokens, host.files)
        draft = draft_anchor(checkpoint, tokens, sent=asked_at, received=received)
        committed = host.state(draft).result()
        self._state.anchor_leaf = committed.leaf
        self._learn(stored, checkpoint.size)
        self.stamped = list(stamped)
        bound = lower_bound(stored, self._tools.clock())
        if bound is not None:
            host.know(bound)

    def _learn(self, anchor: StoredAnchor, size: int) -> None:
        """Note an anchor on disk: by how many authorities, how long it lasts."""
        body = format_checkpoint(anchor.checkpoint).encode()
        tokens = {token.digest: token for token in anchor.tokens}  # each counts once
        found = [
            verify_token(
                token.response, body=body, roots=self._tools.roots, chain=token.chain
            )
            for token in tokens.values()
        ]
        if not found:
            return
        # Not by root: two authorities may stand under one.
        if len(found) >= len(self._clients):
            self._state.full_size = max(self._state.full_size, size)
        self._state.part_size = max(self._state.part_size, size)
        self._state.ends_at = max(token.path.ends_at for token in found)
        self._state.stamped_at = max(token.gen_time for token in found)
