"""A small archive with a page and its captures."""

from pathlib import Path

import pytest

from archive.capture import Capture
from tests.support.archives.archives import MadeArchive, make_archive, make_page


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    """An archive without captures yet."""
    return make_archive(tmp_path)


@pytest.fixture
def page(made: MadeArchive) -> Capture:
    """A page of one capture and one part, with a part that was not fetched."""
    return make_page(made)
