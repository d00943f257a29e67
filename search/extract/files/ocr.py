"""Words on pictures: tesseract, a program of the system, if asked for and installed.

It is no part of this product. What it read is marked, with its version and how sure it
was; nothing is put right. It gets one picture at a time, with limits and no network.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from archive.digest import Digest
from search.extract.children.limited import run_limited

LANGUAGES = ("bel", "rus", "ukr", "eng")
"""Models it is asked to use, where they are installed."""
PAGES_MOST = 200
"""Pages read of one document: five minutes of work; the rest says so."""
DOCUMENT_SECONDS = 900.0
"""Time for one document: no page is begun later, and what is left says so."""
LIST_SECONDS = 20
OCR, PARTLY = "ocr", "ocr_cut"
"""Warnings: words were read from pictures; not from all of its pages."""
MISSING = (
    "tesseract is not installed, so no picture and no scan is read; install "
    "tesseract-ocr with tesseract-ocr-bel, -rus, -ukr and -eng"
)
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")
MODEL_SIGNS = 8
"""Hexadecimal signs that tell sets of models apart: there are few of them."""
_FOLDER = re.compile(r'languages in "([^"]+)"')
_VERSION = re.compile(r"tesseract v?(\d+(?:\.\d+)*)")
_WORD_LEVEL = "5"
_COLUMNS = 12
"""Of a line of its table: level, page, block, paragraph, line, word, four of a box,
confidence in per cent, word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tesseract:
    """The program as it is installed."""

    program: str
    extractor: str
    """Name and version, as texts are stated with; `-` and which models it has."""
    languages: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPicture:
    """Words of one picture; `sure` is the mean confidence of its words, 0 to 1."""

    text: str
    words: int
    sure: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPages:
    """What was read of the pages of a document, by number."""

    pages: dict[int, ReadPicture]
    is_whole: bool
    """Whether every page that was asked for got its turn."""


def find_tesseract() -> Tesseract | None:
    """The program, if it answers and has one of the models at least."""
    program = shutil.which("tesseract")
    try:
        return None if program is None else _ask(program)
    except (OSError, subprocess.TimeoutExpired):
        return None  # not remembered: the next document asks again


@lru_cache(maxsize=4)
def _ask(program: str) -> Tesseract | None:
    version = _VERSION.search(_said(program, "--version"))
    listed = _said(program, "--list-langs")
    present = set(listed.split())
    languages = [code for code in LANGUAGES if code in present]
    folder, sign = _FOLDER.search(listed), ""
    if folder is not None:
        models = _models(Path(folder[1]), languages)
        languages, sign = list(models), f"-{_sign_of(models)}"
    if version is None or not languages:
        return None
    return Tesseract(
        program=program,
        extractor=f"tesseract/{version[1]}{sign}",
        languages="+".join(languages),
    )


def _models(folder: Path, languages: Sequence[str]) -> dict[str, Digest]:
    """The models that can be read, by language: one that cannot is left out."""
    models: dict[str, Digest] = {}
    for language in languages:
        with (
            suppress(OSError),
            (folder / f"{language}.traineddata").open("rb") as model,
        ):
            models[language] = Digest.of_stream(model)
    return models


def _sign_of(models: dict[str, Digest]) -> str:
    """Which models those are, in a few signs: nobody says their versions."""
    lines = [f"{language} {digest}" for language, digest in models.items()]
    return Digest.of("\n".join(lines).encode()).hex[:MODEL_SIGNS]


def _said(program: str, option: str) -> str:
    done = subprocess.run(  # noqa: S603  a program found by its name
        [program, option],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIST_SECONDS,
        check=False,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
    )
    return done.stdout.decode("utf-8", "replace")


def is_picture(data: bytes) -> bool:
    """Whether it is one, by its first bytes."""
    return data.startswith(_PICTURES)


def read_picture(found: Tesseract, picture: bytes) -> ReadPicture:
    """Read one picture; no words where there are none, or it took too much."""
    command = [found.program, "stdin", "stdout", "-l", found.languages, "tsv"]
    return parse_table(run_limited(command, picture).decode("utf-8", "replace"))


def parse_table(table: str) -> ReadPicture:
    """Lines of words, an empty one between paragraphs; and how sure each word was."""
    rows = [row.split("\t") for row in table.split("\n")]
    words = [
        row
        for row in rows
        if len(row) == _COLUMNS and row[0] == _WORD_LEVEL and row[11].strip()
    ]
    paragraphs = [
        "\n".join(
            " ".join(row[11].strip() for row in line)
            for _, line in groupby(group, key=lambda row: row[4])
        )
        for _, group in groupby(words, key=lambda row: row[1:4])
    ]
    sure = sum(max(0.0, _number(row[10])) for row in words)
    return ReadPicture(
        text="\n\n".join(paragraphs),
        words=len(words),
        sure=round(sure / 100 / len(words), 3) if words else 0.0,
    )


def _number(written: str) -> float:
    try:
        return float(written)
    except ValueError:
        return 0.0


def read_pages(
    found: Tesseract,
    numbers: Sequence[int],
    draw: Callable[[int], bytes],
    clock: Callable[[], float],
) -> ReadPages:
    """Read pages of a document, as many as its time is enough for.

    `draw` makes the picture of one, empty if it cannot; `clock` counts seconds.
    """
    read: dict[int, ReadPicture] = {}
    end = clock() + DOCUMENT_SECONDS
    for done, number in enumerate(numbers):
        if done == PAGES_MOST or clock() >= end:
            return ReadPages(pages=read, is_whole=False)
        picture = draw(number)
        if picture:
            read[number] = read_picture(found, picture)
    return ReadPages(pages=read, is_whole=True)


def mean_sure(read: Sequence[ReadPicture]) -> float:
    """How sure all words were, each counted once."""
    words = sum(one.words for one in read)
    return round(sum(one.sure * one.words for one in read) / words, 3) if words else 0.0
