"""Pictures and scans in an index: read if asked for, marked, counted, kept."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from click.testing import CliRunner, Result

from search.cli import index
from search.search_cli import search
from tests.support.archives.search_archive import ArchiveBox, make_box
from tests.support.inputs.png import GREY, write_png

SCAN = "https://a.example/protocol.png"


@pytest.fixture(scope="module")
def box(corpus_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> ArchiveBox:
    """A picture of a page, twice, and an ordinary page."""
    made = make_box(tmp_path_factory.mktemp("ocr"))
    source: Any = pypdfium2.PdfDocument(corpus_dir / "pdf" / "crazyones-pdfa.pdf")
    pixels = source[0].render(scale=2, grayscale=True).to_numpy()
    rows = (pixels[row].tobytes() for row in range(pixels.shape[0]))
    picture = write_png(pixels.shape[1], rows, colour=GREY)
    made.capture(
        made.exchange(SCAN, picture, content_type="image/png"),
        made.exchange(SCAN, picture, content_type="image/png"),
        made.exchange("https://a.example/1", "<p>Rebels and a genius</p>"),
    )
    return made


def run(box: ArchiveBox, command: Any, *words: str) -> Result:
    done = CliRunner().invoke(command, words, obj=box.context)
    assert done.exit_code == 0, done.output
    return done


@pytest.mark.corpus
def test_a_scan_is_counted_then_read_marked_and_kept(
    box: ArchiveBox, require_program: Callable[[str], Path]
) -> None:
    require_program("tesseract")
    told = run(box, index).output
    assert "1 pictures or scans without text (`evidence index --ocr" in told
    assert json.loads(run(box, search, "--json", "troublemakers").output)["total"] == 0
    report = json.loads(run(box, index, "--ocr", "--rebuild", "--json").output)
    assert (report["scans_read"], report["scans_unread"]) == (1, 0)
    found = json.loads(run(box, search, "--json", "troublemakers").output)
    (hit,) = found["hits"]
    assert (hit["uri"], hit["captures"]) == (SCAN, 2)
    assert 0.5 < hit["ocr_confidence"] <= 1
    assert hit["warnings"] == ["ocr"]
    assert "% sure on average: see the page" in run(box, search, "troublemakers").output
    kept = box.service().text_of(hit["id"])
    assert kept is not None
    assert kept.extractor.startswith("tesseract/")
    # What was read once is kept for an index made anew without asking.
    again = json.loads(run(box, index, "--rebuild", "--json").output)
    assert (again["scans_read"], again["scans_unread"]) == (1, 0)


@pytest.mark.corpus
def test_words_of_lost_pictures_come_back_once_pictures_are_read_again(
    box: ArchiveBox, require_program: Callable[[str], Path]
) -> None:
    require_program("tesseract")
    run(box, index, "--ocr", "--rebuild")
    texts = box.root / "texts"
    names = {path.name for path in texts.iterdir()}
    shutil.rmtree(texts)
    told = []
    for words in ([], [], ["--ocr"], ["--ocr"]):
        report = json.loads(run(box, index, "--json", *words).output)
        told.append((report["texts_again"], report["texts_lost"]))
    assert told == [(1, 1), (0, 0), (1, 0), (0, 0)]
    assert {path.name for path in texts.iterdir()} == names


def test_without_the_program_one_sentence_says_so_and_the_scan_is_counted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("search.extract.files.ocr.shutil.which", lambda _name: None)
    made = make_box(tmp_path)
    made.page(SCAN, b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, content_type="image/png")
    told = run(made, index, "--ocr")
    assert told.stderr.count("tesseract is not installed") == 1
    assert "1 pictures or scans without text" in told.stdout
