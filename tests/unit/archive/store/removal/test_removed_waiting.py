"""What was removed does not come back from what waited to be signed."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from archive.capture import Capture
from archive.errors import KeyProblem
from archive.files import temporary_path
from archive.store.tombstones import RemovalOrder
from archive.store.waiting.files import MAGIC, list_waiting
from archive.store.waiting.reading import read_waiting
from archive.store.waiting.signing import check_waiting, sign_waiting
from archive.store.waiting.waiting import WaitingWriter
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, fill, make_archive

ORDER = RemovalOrder(reason="names of victims", authority="Court of Ghent, 12/2025")


@dataclass(frozen=True, kw_only=True)
class Signed:
    """An archive whose captures waited, were signed, and lie there as after a crash."""

    made: MadeArchive
    captures: list[Capture]
    data: bytes
    """Of the waiting file."""
    path: Path
    """Its name from the moment on that it was signed."""

    def put_back(self, data: bytes | None = None) -> None:
        """As a crash leaves it that came before the file went."""
        self.path.write_bytes(self.data if data is None else data)

    def remove(self) -> int:
        """Remove the first capture; says how many copies of it went."""
        with self.made.open_writer() as writer:
            return writer.remove(self.captures[0], ORDER).copies

    def slice_of(self, capture: Capture) -> bytes:
        """As it was stored, before anything was removed."""
        header = self.data.index(capture.capture_id.encode())
        start = self.data.index(b"\x1f\x8b\x08", header)
        return self.data[start : start + capture.location.length_bytes]

    def spooled(self) -> bytes:
        """All that lies in the spool but redo files, which recovery looks after."""
        files = (self.made.root / "spool").iterdir()
        return b"".join(p.read_bytes() for p in files if p.suffix != ".batch")

    def sign(self) -> int:
        approved = check_waiting(self.made.root).entries
        with self.made.open_writer() as writer:
            return sign_waiting(writer, self.made.clock, approved=approved)

    def ids(self) -> list[str]:
        return [capture.capture_id for capture in self.made.captures()]


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    made = make_archive(tmp_path)
    reason = KeyProblem("there is no key")
    writer = WaitingWriter.open(made.root, reason=reason, random_bytes=os.urandom)
    fill(writer, made, 3)
    writer.close()
    (file,) = list_waiting(made.root / "spool")
    data = file.path.read_bytes()
    found = Signed(made=made, captures=[], data=data, path=file.begun_at(0))
    assert found.sign() == 5
    return replace(found, captures=made.captures())


def demand_gone(signed: Signed, *, held: int) -> None:
    """Nothing of the first capture is left or comes back; all others are as before."""
    assert signed.slice_of(signed.captures[0])[:200] not in signed.spooled()
    count = sum(
        signed.slice_of(capture)[:200] in signed.spooled()
        for capture in signed.captures[1:]
    )
    assert count == held
    assert signed.sign() == 0
    assert signed.ids() == [capture.capture_id for capture in signed.captures[1:]]
    assert not list_waiting(signed.made.root / "spool")
    report = verify_archive(signed.made.root, trust=signed.made.trust())
    assert report.outcome is Outcome.VERIFIED, list(report.of(Outcome.FAILED))


def test_a_removal_takes_it_out_of_a_file_that_is_signed_already(
    signed: Signed,
) -> None:
    signed.put_back()
    assert signed.remove() == 1
    assert signed.data.startswith(signed.path.read_bytes()[:200])
    demand_gone(signed, held=2)


def test_a_file_that_held_nothing_else_goes(signed: Signed) -> None:
    signed.put_back()
    entries = list(read_waiting(signed.path))
    start, end = entries[0].end_bytes, entries[1].end_bytes
    signed.put_back(MAGIC + signed.data[start:end])
    assert signed.remove() == 1
    assert not signed.path.exists()


@pytest.mark.parametrize("place", ["the header", "the slice", "the end"])
def test_bytes_that_are_no_entry_any_more_go_too(signed: Signed, place: str) -> None:
    signed.put_back()
    entry = list(read_waiting(signed.path))[1]
    assert entry.slice_sha256 == signed.captures[0].capture_id
    data = bytearray(signed.data)
    if place == "the end":
        del data[entry.end_bytes - 9 :]
    else:
        data[entry.start - 9 if place == "the header" else entry.end_bytes - 9] ^= 1
    signed.put_back(bytes(data))
    assert signed.remove() == 1
    demand_gone(signed, held=0 if place == "the end" else 2)


def test_a_file_that_comes_back_behind_the_removal_is_not_signed_again(
    signed: Signed,
) -> None:
    assert signed.remove() == 0
    signed.put_back()
    assert signed.sign() == 0
    demand_gone(signed, held=0)


def test_what_an_interrupted_write_left_in_the_spool_goes_too(signed: Signed) -> None:
    unfinished = temporary_path(signed.path)
    unfinished.write_bytes(signed.data[:-9])
    other = temporary_path(signed.path.with_name("extract.jsonl"))
    other.write_bytes(b"what an indexer is about to write" * 9)
    assert signed.remove() == 1
    assert (unfinished.exists(), other.exists()) == (False, True)
