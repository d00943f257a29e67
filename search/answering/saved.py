"""Saved searches of a user, and how far they have been answered.

A file of lines holds one query a line. A TOML file holds tables `[[search]]` with
`name`, `query`, and perhaps `variants` and `sort`. Such files belong to the user and
lie outside archives, which are copied.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from archive.errors import FormatError, SettingsError
from archive.files import DISK, Files
from archive.log.checkpoint import parse_checkpoint
from archive.log.note import MAX_NOTE_BYTES
from search.answering.options import SearchOptions, Variants
from search.engines.base import Sorting

QUERY_LINE_BYTES = 64 * 1024
"""Longest line of a file of queries; the parser's own bound is far below."""
SEARCHES_BYTES = 1 << 20
"""Of a file of saved searches: some thousands."""
_KEYS = {"name", "query", "variants", "sort"}
_SIZE_DIGITS = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSearch:
    """One query with its options; `name` is None in a file of lines."""

    query: str
    options: SearchOptions
    name: str | None = None


def read_searches(path: Path, options: SearchOptions) -> Iterator[SavedSearch]:
    """Read a file of lines, `-` being standard input, or a TOML file by its name.

    `options` hold where the file says nothing. SettingsError for TOML that is not in
    the form above.
    """
    if path.suffix != ".toml":
        for line in _lines(path):
            yield SavedSearch(query=line, options=options)
        return
    data = DISK.read(path, limit_bytes=SEARCHES_BYTES) or b""
    try:
        tables = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error
    if set(tables) != {"search"} or not isinstance(tables["search"], list):
        raise SettingsError(f"{path} must hold [[search]] tables and nothing else")
    for number, table in enumerate(tables["search"], start=1):
        yield _saved(f"{path}, search {number}", table, options)


def _lines(path: Path) -> Iterator[str]:
    with click.open_file(str(path), encoding="utf-8", errors="replace") as lines:
        while line := lines.readline(QUERY_LINE_BYTES):
            yield line.rstrip("\r\n")


def _saved(place: str, table: Any, options: SearchOptions) -> SavedSearch:
    if not isinstance(table, dict) or not {"name", "query"} <= set(table) <= _KEYS:
        raise SettingsError(
            f"{place}: needs name and query; may have variants and sort, no other key"
        )
    if not all(isinstance(value, str) for value in table.values()):
        raise SettingsError(f"{place}: every value is a text")
    try:
        variants = Variants(table.get("variants", options.variants.value))
        sorting = Sorting(table.get("sort", options.sorting.value))
    except ValueError as error:
        known = [one.value for kind in (Variants, Sorting) for one in kind]
        raise SettingsError(
            f"{place}: {error}; known are {', '.join(known)}"
        ) from error
    return SavedSearch(
        name=table["name"],
        query=table["query"],
        options=replace(options, variants=variants, sorting=sorting),
    )


def read_since(written: str, *, origin: str, may_begin: bool) -> int:
    """How many entries of the log were searched already.

    `written`: a number; a file with one, as `remember` writes it; or a file with a
    checkpoint of this log. A file that is not there is 0 where `may_begin`.
    """
    if written.isascii() and written.isdigit() and len(written) <= _SIZE_DIGITS:
        return int(written)
    data = DISK.read(Path(written), limit_bytes=MAX_NOTE_BYTES)
    if data is None and may_begin:
        return 0
    if data is None:
        raise SettingsError(
            f"there is no {written}; give a number of entries, a checkpoint you kept, "
            "or a file to begin with --remember"
        )
    text = data.decode("utf-8", "replace")
    if text.strip().isascii() and text.strip().isdigit() and len(text) <= _SIZE_DIGITS:
        return int(text)
    if may_begin:
        raise SettingsError(
            f"{written} is not a file of --remember: name one of its own, or none yet"
        )
    return _size_of_checkpoint(written, text, origin)


def _size_of_checkpoint(name: str, text: str, origin: str) -> int:
    try:
        checkpoint = parse_checkpoint(text.partition("\n\n")[0] + "\n")
    except FormatError as error:
        raise SettingsError(f"{name} is neither a number nor a checkpoint") from error
    if checkpoint.origin != origin:
        raise SettingsError(
            f"{name} is of the log {checkpoint.origin}, this archive has {origin}"
        )
    return checkpoint.size


def remember(path: Path, entries: int) -> None:
    """Write how many entries were searched, whole or not at all."""
    Files().replace(path, f"{entries}\n".encode())
