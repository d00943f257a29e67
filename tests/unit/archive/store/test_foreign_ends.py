"""An import that fails leaves no temporary file open, of records or of slices."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archive.digest import READ_BYTES
from archive.errors import StoreError
from archive.store.foreign import examine, import_file
from archive.store.reading.reader import ArchiveReader
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.attacks.foreign import exchange, pack

RECEIVED_AT = datetime(2025, 1, 26, 9, tzinfo=UTC)


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


def unnamed_files(below: Path) -> list[str]:
    """Open files of this process below a folder that have no name any more."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:  # the one that lists them
            continue
        if target.startswith(str(below)) and target.endswith("(deleted)"):
            found.append(target)
    return found


@pytest.mark.parametrize("good", [0, 1, 3])
def test_a_failing_import_gives_its_temporary_files_back(
    made: MadeArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: int
) -> None:
    large = os.urandom(5 * READ_BYTES)  # a block and a slice beyond what memory holds
    path = tmp_path / "received.warc.gz"
    path.write_bytes(
        pack(
            [
                record
                for number in range(1, 9, 2)
                for record in exchange(
                    large, number=number, uri=f"http://outlet.example/{number}"
                )
            ]
        )
    )
    received = examine(path, tmp_path)
    with made.open_writer() as writer:
        state, calls = writer.state, []

        def fail_later(draft: Any) -> Any:
            calls.append(draft)
            if len(calls) > good:
                raise StoreError("the disk is full")
            return state(draft)

        monkeypatch.setattr(writer, "state", fail_later)
        reader = ArchiveReader.open(made.root)
        with pytest.raises(StoreError, match="full") as caught:
            import_file(path, received, writer=writer, reader=reader, at=RECEIVED_AT)
        assert unnamed_files(tmp_path) == []
        assert caught.value.__traceback__ is not None  # nothing was collected so far
        reader.close()
