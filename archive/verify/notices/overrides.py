"""Captures of test set-ups, told apart by what led them elsewhere; no verdict."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

NAMES: Final = ("connect_to", "allow_network")
LISTED: Final = 10
"""Redirections and networks named; the others are counted."""
TEXT_CHARACTERS: Final = 120
"""Of one: the text is the archive's, not ours."""


class Overrides:
    """Counts them as the statements go by."""

    def __init__(self) -> None:
        self._captures = 0
        self._by_text: Counter[str] = Counter()

    def note(self, connection: Mapping[str, object]) -> None:
        """Take a capture's connection as its statement gives it."""
        found = [f"{name} {connection[name]}" for name in NAMES if connection.get(name)]
        self._captures += bool(found)
        self._by_text.update(text[:TEXT_CHARACTERS] for text in found)

    def notices(self) -> list[str]:
        """One line with the numbers, most frequent first; none where all is real."""
        if not self._captures:
            return []
        listed = sorted(self._by_text.items(), key=lambda item: (-item[1], item[0]))
        words = [f"{ascii(text)[1:-1]}: {times}" for text, times in listed[:LISTED]]
        if len(listed) > LISTED:
            words.append(f"{len(listed) - LISTED} others")
        return [
            f"captures made in a test set-up: {self._captures} ({'; '.join(words)})"
        ]
