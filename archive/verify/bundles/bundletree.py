"""How the parts of a bundle belong together: pages, references, views.

A page's captures lie below it, each named by the page's signed statement; what a
revisit refers to lies somewhere in the bundle; each file of `view/` is a signed block.
"""

from collections.abc import Iterable

from archive.digest import Digest
from archive.verify.bundles.bundlefiles import SLICE, BundleFiles
from archive.verify.reporting.collector import Collector
from archive.verify.statements.entries import CheckedEntry
from archive.verify.statements.revisits import name_capture, name_original

VIEWS = {
    "view/screenshot.png": "urn:view:",
    "view/page.pdf": "urn:pdf:",
    "view/text.txt": "urn:text:",
    "view/dom.txt": "urn:dom:",
}
"""Blocks of a page that are laid beside it, and how their records are called."""


class BundleTree:
    """Collects the nodes of a bundle, then judges how they hang together."""

    def __init__(self, collector: Collector, files: BundleFiles) -> None:
        self._collector = collector
        self._files = files
        self._nodes: dict[str, CheckedEntry] = {}

    def note(self, prefix: str, checked: CheckedEntry) -> None:
        """One node whose statement could be read."""
        self._nodes[prefix] = checked
        self._check_views(prefix, checked)

    def finish(self, prefixes: Iterable[str]) -> None:
        """Judge names, pages and references of all nodes there are."""
        for prefix in prefixes:
            if prefix:
                self._check_name(prefix)
        for prefix, checked in self._nodes.items():
            if checked.statement.kind == "page":
                self._check_page(prefix, checked)
            self._check_original(prefix, checked)

    def _check_name(self, prefix: str) -> None:
        """A folder is called by the short id of its slice."""
        place, _, short_id = prefix.removesuffix("/").rpartition("/")
        checked = self._nodes.get(prefix)
        if checked is None:
            return
        found = checked.entry.slice_digest
        parent = self._nodes.get(place.removesuffix("captures"))
        if found.short_id != short_id:
            self._collector.failed(
                5, "capture-elsewhere", prefix + SLICE, f"is capture {found.short_id}"
            )
        elif place.endswith("captures") and parent is not None:
            named = dict(parent.statement.subjects)
            if named.get(f"captures/{short_id}/{SLICE}") != found.hex:
                self._collector.failed(
                    6, "page-unfounded", prefix, "the page does not name this capture"
                )

    def _check_page(self, prefix: str, checked: CheckedEntry) -> None:
        wanted = [
            Digest(used).short_id for used in checked.statement.predicate["captures"]
        ]
        missing = [
            name for name in wanted if f"{prefix}captures/{name}/" not in self._nodes
        ]
        for name in missing:
            self._collector.not_checked(
                6, "page-incomplete", f"{prefix}captures/{name}", "is not in the bundle"
            )

    def _check_original(self, prefix: str, checked: CheckedEntry) -> None:
        """What a revisit refers to is in the bundle, as it says."""
        refers_to = checked.statement.predicate.get("refers_to")
        if refers_to is None or not checked.entry.records:
            return
        wanted = refers_to["capture"]
        original = next(
            (
                other
                for other in self._nodes.values()
                if other.entry.slice_digest.hex == wanted
            ),
            None,
        )
        subject = prefix.removesuffix("/") or "bundle"
        if original is None:
            self._collector.not_checked(
                6, "revisit-unfounded", subject, f"capture {wanted} is not at hand"
            )
        elif not original.entry.records or (
            name_original(checked) != name_capture(original)
        ):
            self._collector.failed(
                6, "revisit-unfounded", subject, f"capture {wanted} is another"
            )

    def _check_views(self, prefix: str, checked: CheckedEntry) -> None:
        """Each file laid out for the eye is a block that was signed."""
        rows = checked.statement.predicate.get("records") or ()
        for name, begin in VIEWS.items():
            path = prefix + name
            if path not in self._files.names:
                continue
            signed = {
                row["block"]
                for row in rows
                if (row["target_uri"] or "").startswith(begin)
            }
            with self._files.open(path) as stream:
                found = str(Digest.of_stream(stream))
            if found in signed:
                self._collector.passed(6)
            else:
                self._collector.failed(
                    6, "view-differs", path, "is no block of a signed record"
                )
