"""The archive as one chain: entry i is the i-th statement, and the log agrees."""

from collections.abc import Iterable, Iterator, Set
from pathlib import Path

from archive.attest.keys.signing import verify_ed25519
from archive.attest.statements.envelope import Stub
from archive.attest.trust.folder import TrustSet
from archive.digest import Digest
from archive.errors import (
    EvidenceError,
    FormatError,
    LogError,
    StoreError,
    Unreadable,
    VerificationError,
)
from archive.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from archive.log.leaf import parse_leaf
from archive.log.merkle import EMPTY_ROOT, leaf_hash, node_hash, root_from_hashes
from archive.log.note import parse_note
from archive.log.reader import LogReader
from archive.log.tiles import TILE_WIDTH, entries_path
from archive.store.ledger import FIRST_PREV
from archive.verify.log.witnesses import CHECKPOINT_FILE, check_witnesses
from archive.verify.reporting.collector import Collector
from archive.verify.statements.entries import CheckedEntry

ENTRIES = "log/tile/entries"


def read_checkpoint(
    collector: Collector, log_folder: Path, *, origin: str, trust: TrustSet | None
) -> Checkpoint | None:
    """Checks 8 and 9: the stored checkpoint is of this log, signed and cosigned."""
    try:
        note = LogReader(log_folder).read_checkpoint()
    except (LogError, FormatError, StoreError) as error:
        collector.raised(8, "checkpoint-unreadable", CHECKPOINT_FILE, error)
        return None
    if note is None:
        collector.not_checked(
            8, "checkpoint-missing", CHECKPOINT_FILE, "there is no checkpoint"
        )
        return None
    try:
        parsed = parse_note(note)
        checkpoint = parse_checkpoint(parsed.body)
        if checkpoint.origin != origin:
            raise FormatError(f"is of the log {checkpoint.origin}, not {origin}")
        if trust is not None:
            open_checkpoint(note, trust.log_vkey, verify_ed25519)
            collector.passed(8)
    except EvidenceError as error:
        collector.raised(8, "checkpoint-bad", CHECKPOINT_FILE, error)
        return None
    check_witnesses(collector, parsed, trust)
    return checkpoint


class Chain:
    """Follows the entries in order and holds their leaf hashes."""

    def __init__(
        self, collector: Collector, log_folder: Path, checkpoint: Checkpoint | None
    ) -> None:
        self._collector = collector
        self._checkpoint = checkpoint
        self._logged: Iterator[bytes] | None = self._open_leaves(log_folder)
        """None: the disk does not give them any more."""
        self._hashes: list[bytes] = []
        self._prev: str | None = FIRST_PREV
        self._seen: set[Digest] = set()
        self.entries = 0
        self.unlogged = 0

    def _open_leaves(self, log_folder: Path) -> Iterator[bytes]:
        size = self._checkpoint.size if self._checkpoint else 0
        return LogReader(log_folder).read_leaves(0, size)

    @property
    def statements(self) -> Set[Digest]:
        """Digests of the statements that were read."""
        return self._seen

    def follow(self, checked: CheckedEntry, *, subject: str, archive_id: str) -> None:
        """Checks 2, 7 and 16 for the next statement on disk."""
        statement, index = checked.statement, self.entries
        self.entries += 1
        problem = None
        if statement.archive_id != archive_id:
            problem = f"it was made for the archive {statement.archive_id}"
        elif statement.seq != index:
            problem = f"it says entry {statement.seq} but stands at {index}"
        elif statement.prev != self._prev:
            problem = "its prev is not the digest of the statement before it"
        self._prev = str(checked.digest)
        self._seen.add(checked.digest)
        if problem:
            self._collector.failed(16, "chain-broken", subject, problem, entry=index)
        else:
            self._collector.passed(16)
        self._hashes.append(leaf_hash(checked.leaf_line))
        self._compare_leaf(checked.leaf_line, subject, index)

    def follow_stub(self, stub: Stub, *, subject: str) -> None:
        """The place of a removed statement: its leaf stays in the tree."""
        index = self.entries
        self.entries += 1
        self._prev = str(parse_leaf(stub.removed_leaf).statement_digest)
        self._hashes.append(leaf_hash(stub.removed_leaf))
        self._compare_leaf(stub.removed_leaf, subject, index)

    def skip(self) -> None:
        """A statement that cannot be read: its place in the chain stays."""
        self.entries += 1
        self._prev = None  # nothing follows it
        self._hashes.append(EMPTY_ROOT)  # of no leaf
        self._next_leaf()

    def _next_leaf(self) -> bytes | None:
        if self._logged is None:
            return None
        try:
            return next(self._logged, None)
        except Unreadable as error:
            for step in (2, 15):
                self._collector.raised(step, "entries-unreadable", ENTRIES, error)
            self._logged = None
            return None
        except (VerificationError, FormatError, LogError, StoreError) as error:
            self._collector.raised(15, "entries-unreadable", ENTRIES, error)
            self._logged = iter(())
            return None

    def _compare_leaf(self, line: bytes, subject: str, index: int) -> None:
        size = self._checkpoint.size if self._checkpoint else 0
        if index >= size:
            self.unlogged += 1
            return
        if self._next_leaf() == line:
            self._collector.passed(2)
        elif self._logged is not None:
            width = min(TILE_WIDTH, size - index // TILE_WIDTH * TILE_WIDTH)
            path = f"log/{entries_path(index // TILE_WIDTH, width)}"
            self._collector.failed(
                2, "leaf-differs", subject, f"entry {index} in {path} is another leaf"
            )

    def roots_of(self, sizes: Iterable[int]) -> dict[int, bytes]:
        """The roots of the first so many statements on disk, in one pass."""
        wanted, found = set(sizes), {}
        stack: list[tuple[int, bytes]] = []
        for count, leaf in enumerate(self._hashes if wanted else (), 1):
            height, node = 0, leaf
            while stack and stack[-1][0] == height:
                node = node_hash(stack.pop()[1], node)
                height += 1
            stack.append((height, node))
            if count in wanted:
                for _height, left in reversed(stack[:-1]):
                    node = node_hash(left, node)
                found[count] = node
        return found

    def finish(self) -> None:
        """Checks 7 and 15: the statements on disk give the root that was signed."""
        checkpoint = self._checkpoint
        if checkpoint is None:
            return
        if self.entries < checkpoint.size:
            missing = checkpoint.size - self.entries
            self._collector.failed(
                16,
                "statements-missing",
                f"entries {self.entries} to {checkpoint.size - 1}",
                f"the log holds {missing} more entries than the segments",
            )
        root = root_from_hashes(self._hashes[: checkpoint.size])
        if root == checkpoint.root:
            self._collector.passed(7, checkpoint.size)
        else:
            self._collector.failed(
                7,
                "root-differs",
                CHECKPOINT_FILE,
                "the statements on disk do not give the signed root",
            )
        if self.unlogged:
            self._collector.not_checked(
                7,
                "not-logged-yet",
                f"entries from {checkpoint.size} on",
                f"{self.unlogged} statements are not logged yet; "
                "any writing verb logs them",
            )


def check_tiles(
    collector: Collector,
    log_folder: Path,
    checkpoint: Checkpoint | None,
    *,
    is_locked: bool,
) -> None:
    """Check 15: every tile and entry file, stale partial ones too.

    Files beyond the checkpoint are only a writer's, so there must be one.
    """
    if checkpoint is None:
        return
    log = LogReader(log_folder)
    try:
        problems = log.iter_tile_problems(
            checkpoint.size, checkpoint.root, allow_unpublished=is_locked
        )
        for path, reason in problems:
            collector.failed(15, "tile-wrong", f"log/{path}", reason)
    except StoreError as error:
        collector.raised(15, "tile-wrong", "log", error)
    collector.passed(15, checkpoint.size)  # counts unless one of them failed
