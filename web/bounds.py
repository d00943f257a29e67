"""Bounds: up to which entry of each log a search is answered; pairs in links (pure).

`ARCHIVE:SIZE` = the id of an archive, and how many entries of its log count. The same
question with the same bounds is about the same captures, whatever came since.
"""

from collections.abc import Iterable, Mapping

from archive.digest import is_short_id

Bounds = tuple[tuple[str, int], ...]
"""Archive ids with numbers of entries, `[0, 10^15)`, in the order of the ids."""
ENTRIES_DIGITS = 15
"""Longer than any log; order keys made of it fit the numbers of both engines."""
ARCHIVES_MAX = 10
"""Archives of one link: what is kept for each of ten thousand searches stays small."""


def parse_bounds(pairs: Iterable[str]) -> Bounds:
    """Read the pairs of a link; ValueError where one is none."""
    found: dict[object, object] = {}
    for pair in pairs:
        archive, _, entries = pair.partition(":")
        if not entries.isascii() or not entries.isdigit():
            raise ValueError("a pair is ARCHIVE:SIZE")
        found[archive] = int(entries[: ENTRIES_DIGITS + 1])
    return read_bounds(found)


def read_bounds(value: object) -> Bounds:
    """Read an object of JSON, archive id to number; ValueError for anything else."""
    if not isinstance(value, Mapping) or len(value) > ARCHIVES_MAX:
        raise ValueError("bounds are an object of at most ten members")
    for archive, entries in value.items():
        if not isinstance(archive, str) or not is_short_id(archive):
            raise ValueError("no id of an archive")
        if type(entries) is not int or not 0 <= entries < 10**ENTRIES_DIGITS:
            raise ValueError("no number of entries")
    return tuple(sorted(value.items()))


def format_bounds(bounds: Bounds) -> list[str]:
    """Write the pairs of a link."""
    return [f"{archive}:{entries}" for archive, entries in bounds]


def held(wanted: Bounds, seen: Mapping[str, int]) -> Bounds:
    """The bounds to answer in: no farther than was searched, for each archive here.

    Where some are wanted, an archive that they do not name is left out whole.
    """
    named = dict(wanted)
    return tuple(
        (archive, min(entries, named.get(archive, 0)) if wanted else entries)
        for archive, entries in sorted(seen.items())
    )
