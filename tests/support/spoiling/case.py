"""A bundle under one trust folder, and whether it may be VERIFIED."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.archives.bundles import Files_, World, resum

CORE = ("capture.warc.gz", "statement.json", "leaf.txt", "proof.tlog-proof")
PAPERS = ("README.txt", "PROVES.txt", "verify.sh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One bundle under one trust folder."""

    name: str
    files: Files_
    trust: Path
    good: bool | None
    after: Callable[[Path], None] | None = None
    """What is done to the folder once it is written: links, empty folders."""


def forged(
    world: World, name: str, files: Files_, *, good: bool | None = False
) -> Case:
    """A case whose files are listed anew."""
    return Case(name=name, files=resum(files), trust=good_trust(world), good=good)


def good_trust(world: World) -> Path:
    return world.trust_folder(world.trust, "good")


def flip(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    bit = dice.randrange(8 * len(data))
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def damage(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)
