"""Check 17: captures that wait unsigned in the spool; nothing is proven of them."""

from pathlib import Path

from archive.errors import FormatError, StoreError
from archive.store.waiting.files import list_waiting
from archive.store.waiting.reading import DamagedPiece, read_pieces
from archive.verify.reporting.collector import Collector


def note_waiting(collector: Collector, spool: Path) -> None:
    """What was captured without a key is unsigned: nothing is proven of it."""
    for file in list_waiting(spool):
        name = f"spool/{file.path.name}"
        count = 0
        try:
            for piece in read_pieces(file.path):
                if isinstance(piece, DamagedPiece):
                    _note_damage(collector, name, piece)
                else:
                    count += 1
        except (FormatError, StoreError, OSError) as error:
            collector.raised(17, "waiting-malformed", name, error)
            continue
        collector.not_checked(
            17,
            "waiting-unsigned",
            name,
            f"{count} entries wait unsigned for the operator's key; "
            "`evidence sign` states them",
            count=count,
        )


def _note_damage(collector: Collector, name: str, piece: DamagedPiece) -> None:
    """What was acknowledged there and cannot be read, or was cut off by a crash."""
    if piece.is_torn:
        collector.notices.append(
            f"{name}: {piece.words}; `evidence sign` puts them aside"
        )
        return
    collector.failed(
        17,
        "waiting-damaged",
        name,
        f"{piece.words}; `evidence sign` states the others and an incident",
        offset=piece.start,
        length=piece.length_bytes,
    )
