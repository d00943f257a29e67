"""Text by programs of the system: old Word files, and pictures if asked for.

The programs are not parts of this product; where one is not installed, the document is
found by its address and says so. They read from a file without a name, write to a pipe,
and run with limits and without a network.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

MEMORY_BYTES = 1024**3
SECONDS = 60
"""CPU time of one conversion; twice as much on the clock."""
OUTPUT_BYTES = 16 * 1024 * 1024
"""Text taken of one conversion."""
OCR_LANGUAGES = ("bel", "rus", "ukr", "eng")
_OLD_WORD = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf")
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """UTF-8 text of a program, and the name and version it is stated with."""

    text: bytes
    extractor: str


def convert(data: bytes, *, ocr: bool) -> Converted | None:
    """Text of an old Word file or, with `ocr`, of a picture; None if nothing can."""
    if data.startswith(_OLD_WORD):
        program = shutil.which("catdoc")
        if program is None:
            return None
        text = _run([program, "-d", "utf-8", "-w"], data)
        return Converted(text=text, extractor="catdoc/1") if text.strip() else None
    if ocr and data.startswith(_PICTURES):
        program = shutil.which("tesseract")
        languages = _ocr_languages(program) if program else ""
        if program is None or not languages:
            return None
        text = _run([program, "stdin", "stdout", "-l", languages], data)
        return Converted(text=text, extractor="tesseract/1") if text.strip() else None
    return None


@lru_cache(maxsize=4)
def _ocr_languages(program: str) -> str:
    """Those of OCR_LANGUAGES that are installed, as tesseract writes them."""
    listed = subprocess.run(  # noqa: S603  a program found by its name
        [program, "--list-langs"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    ).stdout.decode("utf-8", "replace")
    present = set(listed.split())
    return "+".join(code for code in OCR_LANGUAGES if code in present)


def _run(command: list[str], data: bytes) -> bytes:
    """Standard output of a program given data as its standard input; may be cut."""
    root = str(Path(__file__).resolve().parents[2])
    limits = [str(MEMORY_BYTES), str(SECONDS)]
    with tempfile.TemporaryFile() as source:
        source.write(data)
        source.seek(0)
        process = subprocess.Popen(  # noqa: S603  as above
            [sys.executable, "-m", "search.extract.limited", *limits, *command],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={
                "PYTHONPATH": os.pathsep.join([root, *filter(None, sys.path)]),
                "LC_ALL": "C.UTF-8",
                "OMP_THREAD_LIMIT": "1",
            },
        )
        try:
            output, _ = process.communicate(timeout=2 * SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return b""
    return output[:OUTPUT_BYTES]
