"""What is spooled at a time leaves the reserve, and room for its own copies."""

from pathlib import Path

import pytest

from archive.files import Files
from archive.store.space import (
    BODY_COPIES,
    SLACK_BYTES,
    NoRoom,
    Reserve,
    SpoolClaim,
    SpoolRoom,
)

RESERVE = 1_000
ROOM = 100
"""Of bodies: with all their copies they take four times as much."""


class Disk(Files):
    """So much is free."""

    def __init__(self) -> None:
        self.free = RESERVE + SLACK_BYTES + ROOM * (1 + BODY_COPIES)

    def space(self, folder: Path) -> tuple[int, int]:
        del folder
        return self.free, 1 << 40


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def room(disk: Disk) -> SpoolRoom:
    reserve = Reserve(folder=Path("/nowhere"), files=disk, reserve_bytes=RESERVE)
    return SpoolRoom(reserve)


def test_several_spools_share_what_is_left_with_all_its_copies(room: SpoolRoom) -> None:
    first, second = SpoolClaim(room), SpoolClaim(room)
    first.grow(60)
    second.grow(40)
    with pytest.raises(NoRoom):
        first.grow(61)
    first.grow(60)  # what it has it keeps
    second.give_back()
    second.give_back()
    first.grow(100)
    with pytest.raises(NoRoom):
        first.grow(101)


def test_what_is_written_is_not_counted_twice(disk: Disk, room: SpoolRoom) -> None:
    claim = SpoolClaim(room)
    claim.grow(80)
    claim.note_written(80)
    disk.free -= 80
    claim.grow(100)
    disk.free -= 1  # somebody else's
    with pytest.raises(NoRoom):
        claim.grow(101)
    claim.give_back()
    with pytest.raises(NoRoom):
        SpoolClaim(room).grow(100)


def test_without_a_room_there_is_no_bound() -> None:
    claim = SpoolClaim(None)
    claim.grow(1 << 60)
    claim.note_written(1 << 60)
    claim.give_back()
