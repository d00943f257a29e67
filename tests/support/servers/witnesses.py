"""Real witnesses on loopback: each a folder, a key, a server thread."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.files import DISK, Files
from archive.log.note import format_vkey
from archive.settings import WitnessPeer
from archive.store.writing.settings import WriterSettings
from archive.store.writing.writer import ArchiveWriter
from archive.witness.cosigning import Cosigning, make_cosigning
from archive.witness.desk import Desk, add_log, create_witness, open_desk
from archive.witness.server import WitnessServer, serving
from tests.support.archives.archives import MadeArchive

SEEN_AT = datetime(2025, 1, 26, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A witness that answers at `peer.url`."""

    folder: Path
    desk: Desk
    peer: WitnessPeer


@contextmanager
def running(
    folder: Path,
    name: str = "w1",
    *,
    logs: tuple[str, ...] = (),
    files: Files = DISK,
) -> Iterator[Running]:
    """Make a witness if the folder is new, and serve it."""
    if not folder.exists():
        create_witness(folder, f"{name}.example/key")
    for vkey in logs:
        add_log(folder, vkey)
    with ExitStack() as stack:
        desk = stack.enter_context(
            open_desk(folder, clock=lambda: SEEN_AT, files=files)
        )
        server = stack.enter_context(serving(WitnessServer(desk)))
        peer = WitnessPeer(name=name, url=server.bound.url, vkey=format_vkey(desk.vkey))
        yield Running(folder=folder, desk=desk, peer=peer)


def writer_with(
    made: MadeArchive,
    *peers: WitnessPeer,
    tell: Callable[[str], None] = lambda _line: None,
) -> tuple[ArchiveWriter, Cosigning]:
    """Open an archive as the command does when its settings name these witnesses."""
    cosigning = make_cosigning(peers, tell)
    writer = ArchiveWriter.open(
        made.root,
        keys=made.keys(),
        clock=made.clock,
        random_bytes=made.random_bytes,
        settings=WriterSettings(services=(cosigning,), tell=tell),
    )
    return writer, cosigning
