"""Copies pulled from an archive, and what files they hold."""

from pathlib import Path

from archive.attest.trust.folder import TrustSet
from archive.mirror.listing import (
    is_handed_on,
)
from archive.mirror.pull import Pulled, PullRequest, pull, read_origin
from archive.mirror.source import open_source
from tests.support.archives.archives import MadeArchive
from tests.support.disk.folders import contents

Contents = dict[str, bytes]


def bring(made: MadeArchive, copy: Path, place: str | None = None) -> Pulled:
    trust = made.trust()
    assert trust is not None
    return bring_with(trust, copy, place or str(made.root))


def bring_with(trust: TrustSet, copy: Path, place: str) -> Pulled:
    copy.parent.mkdir(exist_ok=True)
    source = open_source(place)
    try:
        listing = source.list_files()
        assert read_origin(source, listing) == trust.origin
        return pull(PullRequest(target=copy, source=source, trust=trust), listing)
    finally:
        source.close()


def evidence(root: Path) -> Contents:
    """What is handed on; partial tiles aside, of which a copy needs the newest."""
    return {
        path: data
        for path, data in contents(root).items()
        if is_handed_on(path) and ".p/" not in path
    }


# Damage


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 0x10
    path.chmod(0o600)
    path.write_bytes(bytes(data))
