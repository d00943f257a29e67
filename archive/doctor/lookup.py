"""The look-up of captures and jobs as it is now, without writing anything."""

from collections.abc import Iterator
from contextlib import contextmanager

from archive.doctor.machine import Machine
from archive.log.reader import LogReader
from archive.store.catalog.catalog import Catalog
from archive.store.catalog.choosing import open_unwritten

ENTRIES_BEHIND = 20_000
"""Entries followed in memory at most: a second or two."""
FAR_BEHIND = "the catalog is far behind the log; `evidence list` brings it up to date"


@contextmanager
def open_lookup(machine: Machine) -> Iterator[Catalog | None]:
    """A catalog of now, kept in memory; None where that would take too long."""
    catalog = Catalog.open_read_only(machine.paths.catalog)
    try:
        behind = LogReader(machine.paths.log).size - catalog.progress().next_leaf
    finally:
        catalog.close()
    if behind > ENTRIES_BEHIND:
        yield None
        return
    catalog = open_unwritten(machine.paths)
    try:
        yield catalog
    finally:
        catalog.close()
