"""Make search/data/LANGUAGE.places again, after simplemma has changed its lists.

usage: python tests/make/word_places.py
"""

import lzma
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from search.analysis.wordlists import MORE, SAME, packed_list, read_number

LANGUAGES = ("en", "lt", "pl", "ru", "uk")
RECORDS = 32
"""Between two places, at least: what a search reads on average is half of it."""
_MAGIC = b"SMFC1\x00"


def records(stream: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Offset, word and kind of lemma of each; ValueError for another format."""
    if not stream.startswith(_MAGIC):
        raise ValueError("the lists have another format now")
    _, at = read_number(stream, len(_MAGIC))
    word = b""
    while at < len(stream):
        start = at
        shared, at = read_number(stream, at)
        own, at = read_number(stream, at)
        word = word[:shared] + stream[at : at + own]
        cut, at = stream[at + own], at + own + 1
        if cut != SAME:
            size, at = read_number(stream, at)
            at += size
        yield start, word, cut


def places(stream: bytes) -> list[tuple[int, bytes]]:
    """Offset and shared beginning of records with a lemma of their own."""
    found: list[tuple[int, bytes]] = []
    since = RECORDS
    for at, word, cut in records(stream):
        since += 1
        short = max(stream[at : at + 2]) < MORE
        if since >= RECORDS and cut != SAME and short:
            found.append((at, word[: stream[at]]))
            since = 0
    return found


def main() -> None:
    """Write the files."""
    folder = Path(__file__).parents[2] / "search" / "data"
    for language in LANGUAGES:
        packed = packed_list(language)
        found = places(lzma.decompress(packed))
        before = [0, *(at for at, _ in found)]
        steps = [at - last for last, (at, _) in zip(before, found, strict=False)]
        made = (
            sha256(packed).digest()
            + len(found).to_bytes(4, "big")
            + b"".join(step.to_bytes(2, "big") for step in steps)
            + b"\n".join(begin for _, begin in found)
        )
        path = folder / f"{language}.places"
        path.write_bytes(lzma.compress(made, preset=9 | lzma.PRESET_EXTREME))
        sys.stdout.write(f"{path.name}: {len(found)} places\n")


if __name__ == "__main__":
    main()
