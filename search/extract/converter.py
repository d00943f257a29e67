"""Text by programs of the system: old Word files.

The programs are not parts of this product; where one is not installed, the document is
found by its address and says so.
"""

import shutil
from dataclasses import dataclass

from search.extract.limited import run_limited

_OLD_WORD = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """UTF-8 text of a program, and the name and version it is stated with."""

    text: bytes
    extractor: str


def convert(data: bytes) -> Converted | None:
    """Text of an old Word file; None if nothing can read it."""
    program = shutil.which("catdoc") if data.startswith(_OLD_WORD) else None
    if program is None:
        return None
    text = run_limited([program, "-d", "utf-8", "-w"], data)
    return Converted(text=text, extractor="catdoc/1") if text.strip() else None
