"""Hosts that look like one of a source's own and are not listed in its file (pure)."""

import re

from crawlers.sources.scope import fold_host
from crawlers.sources.source import HostRole, Source

STEM_CHARACTERS = 5
"""A shorter name says nothing when it turns up in another host's."""
COMMON_WORDS = frozenset({"belarus", "election", "elections", "press", "radio"})
"""Stand in the names of many honest hosts."""
_LETTERS = str.maketrans(
    {
        **dict(zip("013457", "oieast", strict=True)),
        **dict(zip("авеёзікмнопрстухыьј", "abeezikmhonpctyxbbj", strict=True)),
        **dict(zip("ɑаɡіһոսѕԁԛԝ", "aagihnusdqw", strict=True)),
        "l": "i",
        "|": "i",
    }
)
"""Characters to those they are taken for; `l`, `1` and `i` fall together."""
_PAIRS = (("rn", "m"), ("vv", "w"), ("ci", "d"))


def find_lookalike(source: Source, host: str) -> str | None:
    """The own host that a foreign one resembles; None for own and unlike ones."""
    try:
        name = fold_host(host)
    except ValueError:
        return None
    own = [known.name for known in source.hosts]
    if not name or name in own or any(name.endswith(f".{known}") for known in own):
        return None
    mains = [h.name for h in source.hosts if h.role in (HostRole.MAIN, HostRole.OLD)]
    return next((known for known in mains if _resembles(name, known)), None)


def _resembles(name: str, known: str) -> bool:
    """Same letters to the eye, the same name elsewhere, or the name within another."""
    shown, stem = skeleton(name), known.partition(".")[0]
    if shown == skeleton(known):
        return True
    if len(stem) < STEM_CHARACTERS or stem in COMMON_WORDS:
        return False
    words = set(re.split(r"[.-]", shown.rpartition(".")[0]))
    return skeleton(stem) in words


def skeleton(host: str) -> str:
    """A host as the eye reads it: A-labels as letters, look-alikes as one."""
    shown = ".".join(map(_show_label, host.split("."))).lower().translate(_LETTERS)
    for pair, one in _PAIRS:
        shown = shown.replace(pair, one)
    return shown


def _show_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label.removeprefix("xn--").encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return label
