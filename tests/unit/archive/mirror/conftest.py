"""An archive to mirror, and a place for its copy."""

from pathlib import Path

import pytest

from tests.support.archives.archives import MadeArchive, make_archive


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    """An archive of three segments, two of them sealed."""
    found = make_archive(tmp_path / "primary")
    for count in (4, 3):
        found.fill(count)
        with found.open_writer() as writer:
            writer.rotate()
    found.fill(2)
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "mirrors" / "partner"
