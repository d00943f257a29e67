"""A small real archive to index, and the corpus."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.archives.search_archive import ArchiveBox, make_box


@pytest.fixture(scope="session")
def new_archive(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], ArchiveBox]:
    """Makes empty archives with their keys and trust folder."""
    return lambda: make_box(tmp_path_factory.mktemp("search"))


@pytest.fixture
def archive(new_archive: Callable[[], ArchiveBox]) -> ArchiveBox:
    """An empty archive with its keys and trust folder."""
    return new_archive()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of test material; its absence skips, and names itself."""
    default = Path(__file__).resolve().parents[3].parent / "shared" / "corpus"
    folder = Path(os.environ.get("CORPUS_DIR") or default)
    if not folder.is_dir():
        pytest.skip(f"CORPUS_DIR is absent: {folder}")
    return folder


Article = Callable[[str, str], str]


@pytest.fixture(scope="session")
def article() -> Article:
    """A page with navigation, one article and a footer."""

    def make(title: str, text: str) -> str:
        paragraphs = "".join(f"<p>{line}</p>" for line in text.split("\n"))
        return (
            f"<!doctype html><html><head><title>{title}</title></head><body>"
            "<nav><a href='/'>Start page</a></nav>"
            f"<article><h1>{title}</h1>{paragraphs}</article>"
            "<footer>Imprint and contact</footer></body></html>"
        )

    return make
