"""Python's look for unreachable cycles, done rarely while much is kept."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

COLLECT_OBJECTS = 100_000
"""New objects between two looks; the word forms that a run keeps are in no cycle."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Within it a look, which walks over all that is kept, is rare: a fifth of the cost
    of analysing new words.
    """
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
