"""Text by programs of the system: old Word files.

The programs are not parts of this product; where one is not installed, the document is
found by its address and says so.
"""

import re
import shutil
from dataclasses import dataclass

from search.extract.limited import run_limited

_CELL = re.compile(rb"\\(?:nest)?cell(?![a-z0-9-]) ?")
_ROW = re.compile(rb"\\(?:nest)?row(?![a-z0-9-]) ?")
"""catdoc knows the ends of cells and rows in Word's own format, not in RTF."""
_LAST_CELL = re.compile(rb"\t+$", re.MULTILINE)
_RTF = b"{\\rtf"
_OLD_WORD = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _RTF)


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
    command = [program, "-d", "utf-8", "-w"]
    if data.startswith(_RTF):
        rows = _ROW.sub(rb"\\par ", _CELL.sub(rb"\\tab ", data))
        text = _LAST_CELL.sub(b"", run_limited(command, rows))
    else:
        text = run_limited(command, data)
    return Converted(text=text, extractor="catdoc/1") if text.strip() else None
