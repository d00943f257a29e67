"""TiledLog: append leaves and publish checkpoints.

Order on disk of one append: entry bundles, tiles from the bottom up, the note of the
head beside the log key, then the checkpoint, which alone makes them part of the log;
then partial files that it made superfluous go. A crash before the checkpoint leaves
files that the same append, done again, finds equal. One process at a time appends (the
archive lock).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from archive.errors import (
    BadConsistencyProof,
    InconsistentCheckpoint,
    KeyProblem,
    LimitExceeded,
    LogExists,
)
from archive.files import Files
from archive.log.check import CHECKPOINT_NAME
from archive.log.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from archive.log.headnote import HeadNote, another_history, demand_length
from archive.log.merkle import (
    MAX_TREE_SIZE,
    extend_reader,
    leaf_hash,
    read_root,
    root_from_hashes,
    verify_consistency,
)
from archive.log.note import (
    NoteSignature,
    NoteSigner,
    SignedNote,
    add_signatures,
    format_note,
    parse_note,
    sign_note,
)
from archive.log.reader import LogReader
from archive.log.tiles import TILE_WIDTH


class TiledLog(LogReader):
    """The folder `log/` of an archive, for its one writer.

    `heads`: where the key that signs it notes each head; None where nothing is signed,
    and for keys that are in no folder.
    """

    def __init__(
        self, folder: Path, files: Files, heads: HeadNote | None = None
    ) -> None:
        super().__init__(folder, files)
        self._heads = heads

    def create(self) -> None:
        """Make the folder of a new log; LogExists if anything is in it already."""
        if self._files.list_names(self._folder):
            raise LogExists(f"{self._folder} holds a log; choose a new folder")
        self._files.make_folder(self._folder)

    def recover(self) -> int:
        """Remove what interrupted appends left; say how many unfinished files it was.

        The lock must be held. Nothing else needs recovery: append again, with `first`.
        """
        unfinished = self._files.remove_unfinished(self._folder)
        self._tiles.remove_all_covered(self.size)
        return unfinished

    def append_and_publish(
        self,
        leaves: Sequence[bytes],
        *,
        origin: str,
        signer: NoteSigner,
        first: int | None = None,
    ) -> Checkpoint:
        """Append leaves and sign the new tree head; when it returns both are durable.

        `first` is the leaf index of `leaves[0]`: leaves that an earlier call already
        logged, before it failed or was killed, are compared and not logged twice.
        Without it the leaves go behind the stored ones, whatever these are.

        Nothing is signed when nothing is new. InconsistentCheckpoint, KeyProblem: the
        folder is not what the signer signed last (by the folder itself, or by the note
        beside its key); ImmutableConflict: another append with other leaves was begun
        here.
        """
        stored = self._read_stored()
        old_size = self._demand_continuity(stored, origin=origin, signer=signer)
        new_leaves = self._skip_logged(leaves, first, old_size)
        if stored is not None and not new_leaves:
            return stored[1]
        new_size = old_size + len(new_leaves)
        if new_size > MAX_TREE_SIZE:
            raise LimitExceeded(f"a log of more than {MAX_TREE_SIZE} leaves")
        if self._heads is not None:  # before anything is written; `_publish` compares
            noted = self._heads.read(origin)
            demand_length(noted, new_size, place=self._folder.parent)
        if new_leaves:
            self._write_entries(old_size, new_leaves)
            self._write_hashes(old_size, [leaf_hash(leaf) for leaf in new_leaves])
        root = read_root(new_size, self.hash_reader(new_size))
        checkpoint = Checkpoint(origin=origin, size=new_size, root=root)
        if stored is not None:
            self._demand_consistency(stored[1], checkpoint)
        self._publish(checkpoint, signer)
        self._tiles.remove_covered(old_size, new_size)
        return checkpoint

    def demand_noted(self, origin: str, pending: Sequence[bytes]) -> str | None:
        """Demand that this folder may go on where the note beside the key ends.

        `pending`: the leaves of statements on disk that are to be logged next. Gives
        the words to say where nothing contradicts but the note does not vouch for the
        stored checkpoint. InconsistentCheckpoint: an older copy, or another history.
        """
        if self._heads is None:
            return None
        stored, noted = self._read_stored(), self._heads.read(origin)
        size = stored[1].size if stored else 0
        demand_length(noted, size + len(pending), place=self._folder.parent)
        if noted is not None and noted.size > size:
            # A crash between note and checkpoint, if these are the leaves noted.
            hashes = [leaf_hash(leaf) for leaf in pending]
            reader = extend_reader(self.hash_reader(size), size, hashes)
            if read_root(noted.size, reader) != noted.root:
                raise another_history(noted, place=self._folder.parent)
            return None
        if stored is None:
            return None
        if noted is None:
            return self._heads.describe_missing(stored[1])
        self._demand_continues(noted, stored[1])
        return self._heads.describe_older(noted, stored[1])

    def adopt(self, leaves: Sequence[bytes], note: bytes) -> Checkpoint:
        """Append leaves of somebody else's log and store the checkpoint he signed.

        For copies: nothing is signed here, the caller has verified the note. That its
        root is the one of our leaves and his shows that his log continues ours.
        InconsistentCheckpoint if it is another one; the note is not stored then.
        """
        old_size = self.size
        checkpoint = parse_checkpoint(parse_note(note).body)
        new_size = old_size + len(leaves)
        if leaves:
            self._write_entries(old_size, leaves)
            self._write_hashes(old_size, [leaf_hash(leaf) for leaf in leaves])
        root = read_root(new_size, self.hash_reader(new_size))
        if (new_size, root) != (checkpoint.size, checkpoint.root):
            raise InconsistentCheckpoint(
                f"{new_size} leaves do not give the root that was signed for size"
                f" {checkpoint.size}"
            )
        self._files.replace(self._folder / CHECKPOINT_NAME, note)
        self._tiles.remove_covered(old_size, new_size)
        return checkpoint

    def attach(self, body: str, lines: Sequence[NoteSignature]) -> bool:
        """Add signature lines of others to the stored checkpoint, which has that body.

        A line replaces an earlier one of the same key. False, and nothing is written,
        where another checkpoint is stored by now. The caller has verified the lines.
        """
        stored = self._read_stored()
        if stored is None or stored[0].body != body:
            return False
        merged = add_signatures(stored[0], lines)
        if merged != stored[0]:
            self._files.replace(self._folder / CHECKPOINT_NAME, format_note(merged))
        return True

    def _demand_continuity(
        self,
        stored: tuple[SignedNote, Checkpoint] | None,
        *,
        origin: str,
        signer: NoteSigner,
    ) -> int:
        """Demand that the folder is this signer's log, unchanged; give its size."""
        name, key_id = signer.vkey.name, signer.vkey.key_hash
        if name != origin:
            raise KeyProblem(f"the log key is that of {name}, the log is {origin}")
        if stored is None:
            return 0
        note, last = stored
        if last.origin != origin:
            raise InconsistentCheckpoint(
                f"the checkpoint in {self._folder} is of {last.origin}, not {origin}"
            )
        if all(
            (line.name, line.key_hash) != (name, key_id) for line in note.signatures
        ):
            raise KeyProblem(f"{self._folder} was last signed by another key of {name}")
        if read_root(last.size, self.hash_reader(last.size)) != last.root:
            raise InconsistentCheckpoint(
                f"the tiles in {self._folder} do not give the root of its checkpoint;"
                " nothing was signed: run `evidence verify`"
            )
        return last.size

    def _demand_consistency(self, old: Checkpoint, new: Checkpoint) -> None:
        """Prove to ourselves what every reader will ask for, before it is signed."""
        try:
            verify_consistency(
                old_size=old.size,
                new_size=new.size,
                old_root=old.root,
                new_root=new.root,
                proof=self.prove_consistency(old.size, new.size),
            )
        except BadConsistencyProof as error:
            raise InconsistentCheckpoint(
                f"the tree of {new.size} leaves does not continue the one of {old.size}"
                f" in {self._folder} ({error}); nothing was signed"
            ) from error

    def _demand_continues(self, noted: Checkpoint, checkpoint: Checkpoint) -> None:
        """A head continues the one that was signed last; another history is refused."""
        try:
            self._demand_consistency(noted, checkpoint)
        except InconsistentCheckpoint as error:
            raise another_history(noted, place=self._folder.parent) from error

    def _note_head(self, checkpoint: Checkpoint) -> None:
        """Durably, before it is signed: whatever got out is known where the key is."""
        if self._heads is None:
            return
        with self._heads.hold():
            noted = self._heads.read(checkpoint.origin)
            if noted is not None:
                demand_length(noted, checkpoint.size, place=self._folder.parent)
                self._demand_continues(noted, checkpoint)
            self._heads.write(checkpoint)

    def _skip_logged(
        self, leaves: Sequence[bytes], first: int | None, size: int
    ) -> Sequence[bytes]:
        """Drop the leaves that are logged already, after comparing them."""
        begin = size if first is None else first
        logged = size - begin
        if not 0 <= logged <= len(leaves):
            raise InconsistentCheckpoint(
                f"the log has {size} leaves; it cannot go on with {len(leaves)} leaves"
                f" from index {begin}: run `evidence verify`"
            )
        if list(self.read_leaves(begin, size)) != list(leaves[:logged]):
            raise InconsistentCheckpoint(
                f"leaves from index {begin} are logged already and are other ones"
            )
        return leaves[logged:]

    def _write_entries(self, size: int, leaves: Sequence[bytes]) -> None:
        """Write the bundles of new leaves behind the first `size` ones."""
        first, kept = divmod(size, TILE_WIDTH)
        entries: list[bytes] = []
        if kept:
            entries = self._tiles.read_bundle(first, kept)
            edge = self._tiles.read_tile(0, first, kept)
            if [leaf_hash(entry) for entry in entries] != edge:
                raise InconsistentCheckpoint(
                    f"the newest entries in {self._folder} are not those of its tiles"
                )
        for n, part in enumerate(_tiled([*entries, *leaves]), start=first):
            self._tiles.write_bundle(n, part)

    def _write_hashes(self, size: int, hashes: list[bytes]) -> None:
        """Write the tiles of new leaf hashes, level by level; read the edge only."""
        level, row = 0, hashes
        while row:
            first, kept = divmod(size, TILE_WIDTH)
            edge = self._tiles.read_tile(level, first, kept) if kept else []
            parts = list(_tiled([*edge, *row]))
            for n, part in enumerate(parts, start=first):
                self._tiles.write_tile(level, n, part)
            row = [root_from_hashes(part) for part in parts if len(part) == TILE_WIDTH]
            level, size = level + 1, first

    def _publish(self, checkpoint: Checkpoint, signer: NoteSigner) -> None:
        """Sign and store; the rule that a log signs one history is enforced here."""
        stored = self._read_stored()
        if stored is not None and stored[1].size >= checkpoint.size:
            raise InconsistentCheckpoint(
                f"{self._folder} has a checkpoint of size {stored[1].size} by now; no"
                f" other one of size {checkpoint.size} was signed: is there a second"
                " writer?"
            )
        self._note_head(checkpoint)
        note = sign_note(format_checkpoint(checkpoint), signer)
        self._files.replace(self._folder / CHECKPOINT_NAME, format_note(note))


def _tiled(items: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Cut into runs of 256, the last one as long as it is."""
    for at in range(0, len(items), TILE_WIDTH):
        yield items[at : at + TILE_WIDTH]
