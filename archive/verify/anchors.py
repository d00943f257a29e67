"""Check 20: the time stamps beside the log are the files that were logged.

`anchors/SIZE/checkpoint`, and for the n-th token `n.tsr`, `n.tsq`, `n.chain.pem`,
`n.crl`. What the tokens themselves prove is checks 11 to 13.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archive.digest import Digest
from archive.verify.collector import Collector

SUFFIXES = {"tsr": "tsr", "tsq": "tsq", "chain": "chain.pem", "crl": "crl"}
"""Field of an `anchor` statement's token and the end of its file name."""


class Anchors:
    """Collects `anchor` statements, then compares the folder `anchors/`."""

    def __init__(self, collector: Collector, folder: Path) -> None:
        self._collector = collector
        self._folder = folder
        self._expected: dict[str, str] = {}
        self._heads: set[str] = set()

    @property
    def count(self) -> int:
        """How many tokens are logged."""
        return sum(name.endswith(".tsr") for name in self._expected)

    def note(self, predicate: Mapping[str, Any]) -> None:
        """An `anchor` statement: the digests of its tokens' files."""
        size = str(predicate["size"])
        self._heads.add(f"{size}/checkpoint")
        for number, token in enumerate(predicate["tokens"], start=1):
            for field, suffix in SUFFIXES.items():
                if token[field] is not None:
                    self._expected[f"{size}/{number}.{suffix}"] = token[field]

    def finish(self) -> None:
        """Name missing, altered and unknown files."""
        for name, digest in self._expected.items():
            path = self._folder / name
            if not path.is_file():
                self._fail(20, "anchor-missing", name, "is logged but missing")
            elif str(_digest_file(path)) != digest:
                self._fail(
                    20, "anchor-altered", name, "is not the file that was logged"
                )
        known = {*self._expected, *self._heads}
        for path in sorted(self._folder.rglob("*")):
            name = path.relative_to(self._folder).as_posix()
            is_size = path.is_dir() and any(n.startswith(f"{name}/") for n in known)
            if path.is_symlink() or not (is_size or name in known):
                self._fail(17, "file-unknown", name, "is no part of an archive")

    def _fail(self, step: int, code: str, name: str, problem: str) -> None:
        self._collector.failed(step, code, f"anchors/{name}", problem)


def _digest_file(path: Path) -> Digest:
    with path.open("rb") as stream:
        return Digest.of_stream(stream)
