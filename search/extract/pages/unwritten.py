"""What a page shows otherwise than its text is written: attributes and turned letters.

Values and hints of form controls, words that an override of the direction shows from
their last letter to their first. Elements are those of lxml.
"""

import re
import unicodedata
from typing import Any

_UNSEEN = frozenset(
    ["hidden", "password", "checkbox", "radio", "range", "color", "file", "image"]
)
"""Controls whose value nobody reads as words."""
_HINTED = frozenset(["text", "search", "url", "tel", "email", "number", "password"])
"""Those that show a hint while they are empty."""
_OVERRIDE, _POP = "\u202e", "\u202c"
_OVERRIDDEN = re.compile(rf"{_OVERRIDE}([^{_POP}\n\ufdd0-\ufdd5]*){_POP}?")
"""Letters that a sign turns, to its end, the end of the line or a mark of the walk."""
_CLUSTER = re.compile(r".[\u0300-\u036f\u200d\ufe0f]*", re.DOTALL)
_MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")
_FROM_RIGHT = frozenset({"R", "AL"})


def said_by_control(element: Any) -> str:
    """What a form control shows by its attributes; empty for any other element."""
    match element.tag:
        case "input":
            return _input(element)
        case "textarea":
            empty = not (element.text or "").strip()
            return (element.get("placeholder") or "") if empty else ""
        case "option" | "optgroup":
            return element.get("label") or ""
        case _:
            return ""


def _input(element: Any) -> str:
    kind = (element.get("type") or "text").strip().lower()
    if kind == "image":
        return element.get("alt") or ""
    value = "" if kind in _UNSEEN else element.get("value") or ""
    return value or ((element.get("placeholder") or "") if kind in _HINTED else "")


def is_turned(element: Any) -> bool:
    """Whether the letters in an element are shown from the last to the first."""
    if element.tag == "bdo":
        return (element.get("dir") or "").strip().lower() == "rtl"
    style = element.get("style")
    if not style or "bidi-override" not in (lower := style.lower()):
        return False
    return "rtl" in (lower + (element.get("dir") or "").lower())


def turned(text: str) -> str:
    """Words in the order in which they are shown, line by line."""
    return "\n".join(map(_turned, text.split("\n")))


def turn_overridden(text: str) -> str:
    """The same for what stands behind a sign that turns it."""
    if _OVERRIDE not in text:
        return text
    return _OVERRIDDEN.sub(lambda found: _turned(found[1]), text)


def _turned(line: str) -> str:
    """Letters that run from the right anyway stay as they are."""
    if any(unicodedata.bidirectional(letter) in _FROM_RIGHT for letter in line):
        return line
    return "".join(reversed(_CLUSTER.findall(line))).translate(_MIRRORED)
