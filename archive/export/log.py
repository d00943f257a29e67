"""A static copy of the log alone (C2SP tlog-tiles), for any web server.

No content of a capture and no address is in it. An existing copy is continued: its own
tree and the new leaves must give the root that was signed.
"""

from pathlib import Path

from archive.errors import InconsistentCheckpoint, LogMissing
from archive.files import DISK
from archive.log.checkpoint import Checkpoint, parse_checkpoint
from archive.log.log import TiledLog
from archive.log.note import parse_note
from archive.log.reader import LogReader
from archive.store.layout import ArchivePaths


def export_log(root: Path, target: Path) -> Checkpoint:
    """Write or continue a copy of the archive's log at `target`; give its head.

    LogMissing: nothing is published yet. LogExists: there is something else.
    InconsistentCheckpoint: what lies there is of another log, or ahead of this one.
    """
    log = LogReader(ArchivePaths(root).log)
    note = log.read_checkpoint()
    if note is None:
        raise LogMissing(f"{root} has no checkpoint yet; run `evidence checkpoint`")
    head = parse_checkpoint(parse_note(note).body)
    copy = TiledLog(target, DISK)
    before = copy.read_checkpoint() if target.exists() else None
    if before is None:
        copy.create()  # LogExists where something else lies there
    have = parse_checkpoint(parse_note(before).body) if before else None
    if have is not None and (have.origin != head.origin or have.size > head.size):
        raise InconsistentCheckpoint(
            f"{target} holds {have.size} entries of {have.origin}, and this log "
            f"{head.size} of {head.origin}; give another folder with -o"
        )
    start = have.size if have else 0
    return copy.adopt(list(log.read_leaves(start, head.size)), note)
