"""The program that reads pictures: which it is, and how long it may take."""

from pathlib import Path

import pytest

from search.extract.files import ocr
from search.extract.files.ocr import (
    DOCUMENT_SECONDS,
    PAGES_MOST,
    ReadPicture,
    Tesseract,
    find_tesseract,
    read_pages,
)

PROGRAM = Tesseract(program="tesseract", extractor="tesseract/5", languages="eng")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name that answers as the real one does, and its models."""
    models = tmp_path / "models"
    models.mkdir()
    for code in ("bel", "eng"):
        (models / f"{code}.traineddata").write_bytes(code.encode())
    program = tmp_path / "tesseract"
    listed = f'List of available languages in "{models}/" (3):\\nbel\\neng\\nosd'
    program.write_text(
        "#!/bin/sh\n"
        f"[ $1 = --version ] && echo tesseract 5.3.0 || printf '{listed}\\n'\n",
        "utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setattr(
        "search.extract.files.ocr.shutil.which", lambda _name: str(program)
    )
    ocr._ask.cache_clear()
    return models


def test_another_model_is_another_extractor(install: Path) -> None:
    first = find_tesseract()
    assert first is not None
    assert first.languages == "bel+eng"
    name, _, models = first.extractor.partition("-")
    assert (name, len(models)) == ("tesseract/5.3.0", 8)
    ocr._ask.cache_clear()
    assert find_tesseract() == first
    (install / "bel.traineddata").write_bytes(b"a newer one")
    ocr._ask.cache_clear()
    second = find_tesseract()
    assert second is not None
    assert second.extractor.partition("-")[0] == name
    assert second.extractor != first.extractor


def test_a_model_that_cannot_be_read_is_left_out_alone(install: Path) -> None:
    (install / "bel.traineddata").unlink()
    found = find_tesseract()
    assert found is not None
    assert found.languages == "eng"
    (install / "eng.traineddata").unlink()
    ocr._ask.cache_clear()
    assert find_tesseract() is None


def test_a_program_that_does_not_answer_is_not_there_until_it_does(
    install: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert install.is_dir()
    with monkeypatch.context() as slow:
        slow.setattr(ocr, "LIST_SECONDS", 0)
        assert find_tesseract() is None
    assert find_tesseract() is not None


def test_a_document_is_read_for_its_time_and_says_what_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]

    def read(_found: Tesseract, _picture: bytes) -> ReadPicture:
        now[0] += DOCUMENT_SECONDS / 4
        return ReadPicture(text="words", words=1, sure=1.0)

    monkeypatch.setattr(ocr, "read_picture", read)

    def pages(count: int) -> tuple[int, bool]:
        made = read_pages(PROGRAM, range(count), lambda _: b"drawn", lambda: now[0])
        return len(made.pages), made.is_whole

    assert pages(4) == (4, True)
    assert pages(5) == (4, False)
    monkeypatch.setattr(ocr, "DOCUMENT_SECONDS", 1e9)
    assert pages(PAGES_MOST) == (PAGES_MOST, True)
    assert pages(PAGES_MOST + 1) == (PAGES_MOST, False)
