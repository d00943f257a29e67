"""What `doctor` says of the index and of programs that read texts; made to fail."""

from pathlib import Path

import pytest

from archive.doctor.machine import Machine
from archive.store.reading.reader import ArchiveReader
from search import checks
from search.checks import check_index, check_reading
from search.engines.opening import Engines
from search.extract.files.ocr import LANGUAGES, Tesseract
from search.indexing.generations import find_current
from search.indexing.index import Indexer
from search.rows.captures import CaptureRows
from tests.support.archives.archives import MadeArchive
from tests.support.judging.examined import (
    GOOD,
    WEAKER,
    changed,
    only,
    outcomes,
    sound_machine,
)


@pytest.fixture
def sound(tmp_path: Path) -> tuple[MadeArchive, Machine]:
    return sound_machine(tmp_path)


def make_index(root: Path) -> None:
    reader = ArchiveReader.open(root)
    try:
        Indexer(reader, engines=Engines()).run()
    finally:
        reader.close()


def rows_of(root: Path) -> CaptureRows:
    current = find_current(root)
    assert current is not None
    return CaptureRows.open(current.rows_path, writable=True)


def test_the_index_from_none_to_whole_to_behind(
    sound: tuple[MadeArchive, Machine],
) -> None:
    made, machine = sound
    made.fill(1)
    assert "no search index" in only(check_index(machine), WEAKER).says
    make_index(made.root)
    assert only(check_index(machine), GOOD)
    made.fill(2)
    found = only(check_index(machine), WEAKER)
    assert ("not in the search index" in found.says, found.step) == (
        True,
        "`evidence index`",
    )
    make_index(made.root)
    assert only(check_index(machine), GOOD)


def test_an_index_of_another_version_or_damaged_is_named(
    sound: tuple[MadeArchive, Machine],
) -> None:
    made, machine = sound
    make_index(made.root)
    rows = rows_of(made.root)
    with rows.transaction():
        rows.set_progress("version", "0.0")
    rows.close()
    assert "another version" in only(check_index(machine), WEAKER).says
    current = find_current(made.root)
    assert current is not None
    current.rows_path.write_bytes(b"no table" * 1000)
    assert "damaged" in only(check_index(machine), WEAKER).says


def test_without_an_archive_nothing_is_said_of_its_index(
    sound: tuple[MadeArchive, Machine], tmp_path: Path
) -> None:
    assert list(check_index(changed(sound[1], archive=tmp_path / "gone"))) == []


@pytest.mark.parametrize(
    ("languages", "outcome"),
    [(LANGUAGES, GOOD), (("eng",), WEAKER), (None, WEAKER)],
)
def test_tesseract_and_its_languages(
    sound: tuple[MadeArchive, Machine],
    monkeypatch: pytest.MonkeyPatch,
    languages: tuple[str, ...] | None,
    outcome: object,
) -> None:
    found = languages and Tesseract(
        program="tesseract", extractor="tesseract/5.3", languages="+".join(languages)
    )
    monkeypatch.setattr(checks, "find_tesseract", lambda: found)
    monkeypatch.setattr(checks, "find_converter", lambda name: f"/usr/bin/{name}")
    pictures, old_word = check_reading(sound[1])
    assert (pictures.outcome, old_word.outcome) == (outcome, GOOD)
    assert not pictures.is_needed
    if languages == ("eng",):
        assert pictures.step == (
            "install tesseract-ocr-bel, tesseract-ocr-rus, tesseract-ocr-ukr"
        )


def test_readers_of_old_word_files_that_are_missing_are_named(
    sound: tuple[MadeArchive, Machine],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = list(check_reading(sound[1]))
    assert outcomes(found) == [("pictures", WEAKER), ("old-word", WEAKER)]
    assert found[1].step == "install antiword, catdoc"
