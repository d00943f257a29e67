"""Word lists of simplemma, read in place; the only importer of simplemma.

A list is one front-coded stream: a word in it can be found only from what stands before
it, and one walk over all five takes 3 s. `data/LANGUAGE.places` tells where one may
begin to read, so a list is ready in some hundredths of a second. Places are of one list
alone, named by its digest; with another version of the library its own walk is taken.

LANGUAGE.places           xz; made by tests/make/word_places.py
  32 bytes                SHA-256 of the library's packed list
  4 bytes                 number of places, big-endian
  2 bytes a place         distance from the place before, big-endian
  rest                    what the word there shares with the one before, one a line

A record of the stream is: letters shared with the word before, count of own letters,
these, then SAME for the lemma of the word before, or WHOLE and a lemma, or how many
letters at the end of the word go and what comes for them. Letters are bytes of UTF-8.
"""

import lzma
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from itertools import accumulate

from simplemma import Lemmatizer
from simplemma.strategies import DefaultStrategy
from simplemma.strategies.dictionaries import (
    DictionaryFactory,
    StreamDictionaryFactory,
)

SAME, WHOLE = 254, 255
MORE = 0x80
"""Bit of a byte of a number that goes on in the next byte, with higher bits."""
_DIGEST_BYTES, _COUNT_BYTES = 32, 4
_START_BYTES = 6
"""Of the stream, before the number of its words: a name and a flag."""


def read_number(stream: bytes, at: int) -> tuple[int, int]:
    """A number of the stream, and where it ends."""
    number = bits = 0
    while True:
        byte = stream[at]
        number |= (byte & ~MORE) << bits
        at += 1
        if byte < MORE:
            return number, at
        bits += 7


class PlacedList(Mapping[str, str]):
    """Lemma by word, of a stream with known places."""

    def __init__(
        self, stream: bytes, offsets: Sequence[int], shared: list[bytes]
    ) -> None:
        """`shared`: what the word at each offset has in common with the one before."""
        self._stream = stream
        self._offsets = offsets
        self._firsts = [
            begin + stream[at + 2 : at + 2 + stream[at + 1]]
            for at, begin in zip(offsets, shared, strict=True)
        ]

    def get(self, word: str, default: str | None = None) -> str | None:  # type: ignore[override]
        """The lemma of a word as written; `default` where the list lacks it."""
        target = word.encode()
        row = bisect_right(self._firsts, target) - 1
        lemma = None if row < 0 else self._find(row, target)
        return default if lemma is None else lemma.decode()

    def _find(self, row: int, target: bytes) -> bytes | None:
        """The lemma of a word behind a place, None where the list lacks it.

        As `_records`, but no lemma is put together before its word is found: it is
        asked for each new word of an archive.
        """
        stream, at = self._stream, self._offsets[row]
        last = row + 1 == len(self._offsets)
        end = len(stream) if last else self._offsets[row + 1]
        word = told = self._firsts[row]
        kind = begin = size = 0
        while at < end:
            shared, own, at = stream[at], stream[at + 1], at + 2
            if shared >= MORE or own >= MORE:
                shared, at = read_number(stream, at - 2)
                own, at = read_number(stream, at)
            word = word[:shared] + stream[at : at + own]
            at += own + 1
            cut = stream[at - 1]
            if cut != SAME:
                size, at = stream[at], at + 1
                if size >= MORE:
                    size, at = read_number(stream, at - 1)
                told, kind, begin = word, cut, at
                at += size
            if word >= target:
                if word != target:
                    return None
                kept = b"" if kind == WHOLE else told[: len(told) - kind]
                return kept + stream[begin : begin + size]
        return None

    def _records(self, row: int) -> Iterator[tuple[bytes, bytes]]:
        """Words and lemmas from a place to the next one."""
        stream, at = self._stream, self._offsets[row]
        last = row + 1 == len(self._offsets)
        end = len(stream) if last else self._offsets[row + 1]
        word, lemma = self._firsts[row], b""
        while at < end:
            shared, own, at = stream[at], stream[at + 1], at + 2
            if shared >= MORE or own >= MORE:
                shared, at = read_number(stream, at - 2)
                own, at = read_number(stream, at)
            word = word[:shared] + stream[at : at + own]
            at += own + 1
            cut = stream[at - 1]
            if cut != SAME:
                size, at = stream[at], at + 1
                if size >= MORE:
                    size, at = read_number(stream, at - 1)
                lemma = stream[at : at + size]
                at += size
                if cut != WHOLE:
                    lemma = word[: len(word) - cut] + lemma
            yield word, lemma

    def __getitem__(self, word: str) -> str:
        found = self.get(word)
        if found is None:
            raise KeyError(word)
        return found

    def __iter__(self) -> Iterator[str]:
        for row in range(len(self._offsets)):
            for word, _ in self._records(row):
                yield word.decode()

    def __len__(self) -> int:
        return read_number(self._stream, _START_BYTES)[0]


class WordLists(DictionaryFactory):
    """Lists by language, each read when it is first asked for and then kept."""

    def __init__(self) -> None:
        self._lists: dict[str, Mapping[str, str]] = {}

    def get_dictionary(self, lang: str) -> Mapping[str, str]:
        """The list of a language; ValueError where the library has none."""
        if lang not in self._lists:
            placed = read_list(lang)
            library = StreamDictionaryFactory()
            self._lists[lang] = (
                library.get_dictionary(lang) if placed is None else placed
            )
        return self._lists[lang]


def read_list(language: str) -> PlacedList | None:
    """The list of a language by its places; None where they are of another list."""
    places = files("search").joinpath(f"data/{language}.places")
    if not places.is_file():
        return None
    packed = packed_list(language)
    known = lzma.decompress(places.read_bytes())
    if known[:_DIGEST_BYTES] != sha256(packed).digest():
        return None
    at = _DIGEST_BYTES + _COUNT_BYTES
    end = at + 2 * int.from_bytes(known[_DIGEST_BYTES:at], "big")
    steps = array("H", known[at:end])
    if sys.byteorder == "little":
        steps.byteswap()
    offsets = array("I", accumulate(steps))
    return PlacedList(lzma.decompress(packed), offsets, known[end:].split(b"\n"))


def packed_list(language: str) -> bytes:
    """The library's own file."""
    folder = files("simplemma.strategies.dictionaries")
    return folder.joinpath(f"data/{language}.plzma").read_bytes()


_LEMMATIZER = Lemmatizer(
    cache_max_size=0,  # callers keep the lemmas they need again
    lemmatization_strategy=DefaultStrategy(dictionary_factory=WordLists()),
)


def find_lemma(word: str, language: str) -> str:
    """The lemma of a case-folded word; the word itself where nothing is known."""
    return _LEMMATIZER.lemmatize(word, language)
