"""Generations of an index on disk: which one is in use, and who may write.

index/CURRENT            name of the generation in use, replaced atomically
index/g000001/engine/    the embedded engine's folder; a cluster keeps its own
index/g000001/captures.sqlite
index/g000001/rejected.jsonl   documents a cluster refused, if there are any
index/lock               held by the one indexer
"""

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.errors import SearchUnavailable
from archive.files import Files
from archive.locks import hold_file
from archive.store.layout import ArchivePaths
from search.analysis.analyze import ANALYSIS_VERSION
from search.engines.fields import SCHEMA_VERSION
from search.rows.captures import CaptureRows

CURRENT_FILE = "CURRENT"
ROWS_FILE = "captures.sqlite"
REJECTED_FILE = "rejected.jsonl"
VERSION = f"{SCHEMA_VERSION}.{ANALYSIS_VERSION}"
"""Of the layout and the analysis; an index of another version is made anew."""

_NAME = re.compile(r"g\d{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One folder with an engine's index and its rows."""

    folder: Path

    def read_kind(self) -> str | None:
        """The engine the index lies in; None where the rows cannot be read."""
        try:
            rows = CaptureRows.open(self.rows_path)
        except SearchUnavailable:
            return None
        try:
            return rows.get_progress("engine")
        finally:
            rows.close()

    @property
    def rows_path(self) -> Path:
        """The capture rows."""
        return self.folder / ROWS_FILE


def find_current(root: Path) -> Generation | None:
    """The generation in use, None where there is no index."""
    index = ArchivePaths(root).index
    try:
        name = (index / CURRENT_FILE).read_text("ascii").strip()
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return None
    if _NAME.fullmatch(name) is None or not (index / name).is_dir():
        return None
    return Generation(folder=index / name)


def find_newest(index: Path) -> Generation | None:
    """The generation begun last, in use or not."""
    begun = sorted(path for path in index.glob("g*") if _is_generation(path))
    return Generation(folder=begun[-1]) if begun else None


def new_generation(index: Path) -> Generation:
    """Make the folder of the next generation; it is not in use yet."""
    taken = [int(path.name[1:]) for path in index.glob("g*") if _is_generation(path)]
    folder = index / f"g{max(taken, default=0) + 1:06d}"
    folder.mkdir()
    return Generation(folder=folder)


def use_generation(made: Generation) -> None:
    """Put a complete generation in use."""
    current = made.folder.with_name(CURRENT_FILE)
    Files().replace(current, f"{made.folder.name}\n".encode())


def add_rejected(generation: Generation, reasons: Sequence[tuple[str, str]]) -> None:
    """Name documents the engine refused, and why, one JSON object a line."""
    with (generation.folder / REJECTED_FILE).open("a", encoding="utf-8") as stream:
        for document_id, reason in reasons:
            line = {"document": document_id, "reason": reason}
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def remove_others(index: Path, *kept: Generation) -> None:
    """Remove older generations; readers use the one just replaced for a while."""
    names = {generation.folder.name for generation in kept}
    for path in index.glob("g*"):
        if _is_generation(path) and path.name not in names:
            shutil.rmtree(path, ignore_errors=True)


def _is_generation(path: Path) -> bool:
    return _NAME.fullmatch(path.name) is not None and path.is_dir()


@contextmanager
def hold_index_lock(index: Path) -> Iterator[None]:
    """One indexer per archive; readers never lock."""
    index.mkdir(parents=True, exist_ok=True)
    taken = SearchUnavailable(
        f"another process is indexing {index.parent}; wait for it to finish"
    )
    with hold_file(index / "lock", make=True, taken=taken):
        yield
