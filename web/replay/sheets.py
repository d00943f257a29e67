"""Sheets: cleaned style sheets kept in memory, by their text and what it resolves to.

Cleaning costs about a second a megabyte, and the sheets of a site are the same on all
its pages. What is kept says nothing about a reader: any page with that sheet gives the
same entry. An entry is used only where every address in the sheet leads to the same
part, or to none, as when it was made.
"""

import hashlib
from collections.abc import Callable

from web.lru_cache import LruCache
from web.replay.styles import Resolve

CACHE_BYTES = 32 << 20
"""Cleaned sheets kept, counted by their size."""
OVERHEAD_BYTES = 300
"""What an entry costs beside its text, roughly."""

Answers = tuple[tuple[str, str | None], ...]
"""Each address a sheet asked for, and the path it led to."""
Clean = Callable[[Resolve], str]
"""Cleans one sheet with a function that knows addresses."""


class SheetCache:
    """Cleaned sheets; safe to use from several threads."""

    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        """Start empty."""
        self._kept: LruCache[bytes, tuple[Answers, str]] = LruCache(
            limit_bytes, _size_of
        )

    def clean(self, source: bytes, clean: Clean, resolve: Resolve) -> str:
        """The cleaned form of `source`, made by `clean` unless it is at hand."""
        name = hashlib.sha256(source).digest()
        entry = self._kept.find(name)
        if entry is not None and all(resolve(one) == path for one, path in entry[0]):
            return entry[1]
        answers: dict[str, str | None] = {}

        def remember(address: str) -> str | None:
            if address not in answers:
                answers[address] = resolve(address)
            return answers[address]

        text = clean(remember)
        self._kept.keep(name, (tuple(answers.items()), text))
        return text


def _size_of(entry: tuple[Answers, str]) -> int:
    addresses = sum(len(address) for address, _ in entry[0])
    return len(entry[1]) + addresses + OVERHEAD_BYTES
