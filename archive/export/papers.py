"""The papers in a bundle: README, and the sheet of what it shows and does not."""

from collections.abc import Sequence
from importlib.resources import files as package_files
from string import Template

from archive.claim import CLAIM, DOES_NOT_PROVE
from archive.export.gather import GatheredNode

ENTRIES_NAMED = 8
"""Entries that a sentence lists; a page may have a hundred."""


def fill_paper(name: str, **values: str) -> bytes:
    """A paper of the package with its places filled."""
    place = package_files("archive.export").joinpath("papers", name)
    return Template(place.read_text("utf-8")).substitute(values).encode()


def format_readme(nodes: Sequence[GatheredNode]) -> bytes:
    """What the bundle is and how to check it, in plain words."""
    return fill_paper("README.txt", what=_what(nodes), claim=CLAIM, **_common(nodes))


def format_proves(nodes: Sequence[GatheredNode]) -> bytes:
    """What the bundle shows, and what it does not."""
    limits = "\n".join(f"- {line};" for line in DOES_NOT_PROVE)
    return fill_paper("PROVES.txt", limits=limits, **_common(nodes))


def main_nodes(nodes: Sequence[GatheredNode]) -> list[GatheredNode]:
    """Those that were asked for: at the top, or side by side below it."""
    return [
        node
        for node in nodes
        if node.prefix.count("/") in (0, 2) and not node.prefix.startswith("also/")
        if not node.prefix or nodes[0].prefix
    ]


def _common(nodes: Sequence[GatheredNode]) -> dict[str, str]:
    main = main_nodes(nodes)
    entries = [str(node.statement.seq) for node in main]
    more = len(entries) - ENTRIES_NAMED
    named = ", ".join(entries[:ENTRIES_NAMED]) + (
        f" and {more} more" if more > 0 else ""
    )
    return {
        "key": main[0].key_id,
        "operator": str(main[0].statement.predicate["operator"]),
        "entries": named,
        "origin": main[0].stamped.checkpoint.origin,
    }


def _what(nodes: Sequence[GatheredNode]) -> str:
    main = main_nodes(nodes)
    lines = []
    for node in main[:ENTRIES_NAMED]:
        predicate = node.statement.predicate
        kind = "a page with its parts" if node.capture.kind == "page" else "one capture"
        lines += [
            f"This folder holds {kind} of the address",
            "",
            f"    {predicate['target_uri']}",
            "",
            f"begun at {predicate['captured_at']} by the clock of the machine,",
            "with all that is needed to check it.",
            "",
        ]
    if len(main) > ENTRIES_NAMED:
        lines.append(f"It holds {len(main) - ENTRIES_NAMED} more.")
    return "\n".join(lines).rstrip()
