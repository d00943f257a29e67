"""Saved searches of a user.

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

from archive.errors import SettingsError
from archive.files import DISK
from search.answering.options import SearchOptions, Variants
from search.engines.base import Sorting

QUERY_LINE_BYTES = 64 * 1024
"""Longest line of a file of queries; the parser's own bound is far below."""
SEARCHES_BYTES = 1 << 20
"""Of a file of saved searches: some thousands."""
_KEYS = {"name", "query", "variants", "sort"}


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
