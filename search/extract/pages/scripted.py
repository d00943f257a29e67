"""Prose inside the scripts of a page that shows nothing without them.

Such a page says its text only to a browser; here the long strings of its data are
taken, so that the capture is found. It is never main text, and a warning says so.
"""

import html
import json
import re
from collections.abc import Iterator

SHOWN_ENOUGH = 200
"""Code points of visible text from which on scripts are left alone."""
PROSE_CODE_POINTS = 80
PROSE_SPACES = 6
"""A string with fewer spaces is an address, a key or code."""
STRINGS_MAX = 400
"""Strings taken of one page."""

_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_STRING = re.compile(r'"((?:[^"\\\n]|\\.){80,100000})"')
_TAG = re.compile(r"<[^>]*>")
_CODE = re.compile(r"function\s*\(|=>|[{};]\s*(?:var|let|const|return)\b|@media")


def scripted_prose(markup: str) -> str:
    """Distinct strings of prose, one a line or more, in order; empty if none."""
    found: dict[str, None] = {}
    for script in _SCRIPT.finditer(markup):
        for text in _strings(script[1]):
            found.setdefault(text)
            if len(found) >= STRINGS_MAX:
                return "\n".join(found)
    return "\n".join(found)


def _strings(script: str) -> Iterator[str]:
    for literal in _STRING.finditer(script):
        try:
            text = json.loads(f'"{literal[1]}"', strict=False)
        except ValueError:
            continue
        if _CODE.search(text):
            continue
        plain = html.unescape(_TAG.sub("\n", text)).strip()
        if len(plain) >= PROSE_CODE_POINTS and plain.count(" ") >= PROSE_SPACES:
            yield plain
