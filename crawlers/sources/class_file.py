"""The file of rules by which bodies that are no pages are known; read strictly."""

import tomllib
from pathlib import Path

from archive.errors import SourceError
from crawlers.sources.entry_rules import read_class
from crawlers.sources.source import ClassRule
from crawlers.sources.toml_table import Table


def read_class_file(path: Path) -> tuple[ClassRule, ...]:
    """Read all its rules in order; SourceError names file and line."""
    text = path.read_text(encoding="utf-8")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{path}: {error}") from error
    top = Table(path=path, text=text, values=values)
    rules = tuple(read_class(table, named=True) for table in top.tables("class"))
    top.finish()
    names = [rule.name for rule in rules]
    if len(set(names)) != len(names):
        raise SourceError(f"{path}: two rules have the same id")
    return rules
