"""C12: documents made to stop a parser end within limits, and the run goes on."""

from pathlib import Path

import pytest

from search.extract.by_type import EXTRACTORS, FAILED_EXTRACTOR, NO_EXTRACTOR
from search.extract.result import TEXT_CODE_POINTS
from search.extract.worker import Worker
from tests.support.archives.search_archive import ArchiveBox, make_box
from tests.support.inputs.hostile_documents import hostile_documents

DOCUMENTS = hostile_documents()
EVERYDAY = (
    "attributes",
    "deep-json",
    "depth-hidden",
    "docx-laughs",
    "json-in-page",
    "laughs",
    "pdf-loop",
    "pdf-nested",
    "xlsx-corners",
)
MADE_BY = {*EXTRACTORS.split(), "tags/1", FAILED_EXTRACTOR, NO_EXTRACTOR}


def index_among_good_ones(box: ArchiveBox, names: tuple[str, ...]) -> None:
    """Every one is found by its address, and so is what was captured behind it."""
    exchanges = []
    for name in names:
        kind, make = DOCUMENTS[name]
        exchanges += [
            box.exchange(f"https://a.example/{name}", make(), content_type=kind),
            box.exchange(
                f"https://a.example/behind/{name}", f"<p>Узровень яўкі: {name}"
            ),
        ]
    box.capture(*exchanges)
    report = box.index()
    assert report.captures == 2 * len(names)
    service = box.service()
    assert service.search("exact:яўкі", limit=100).total == len(names)
    found = {hit.uri for hit in service.stream("host:a.example")}
    for name in names:
        assert f"https://a.example/behind/{name}" in found
        assert f"https://a.example/{name}" in found


def test_C12_hostile_documents_are_found_by_their_address(tmp_path: Path) -> None:
    index_among_good_ones(make_box(tmp_path), EVERYDAY)


@pytest.mark.slow
def test_C12_all_hostile_documents_are_found_by_their_address(tmp_path: Path) -> None:
    index_among_good_ones(make_box(tmp_path), tuple(DOCUMENTS))


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTS)
def test_C12_one_worker_survives_or_is_replaced(name: str) -> None:
    kind, make = DOCUMENTS[name]
    with Worker() as worker:
        made = worker.extract(make(), media_type=kind, charset=None)
        assert made.extractor in MADE_BY
        assert len(made.text) <= TEXT_CODE_POINTS
        after = worker.extract(b"<p>next", media_type="text/html", charset=None)
    assert after.text == "next"
