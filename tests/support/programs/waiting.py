"""Waits for what another process or thread does, up to a deadline."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.01


def wait_until(is_so: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Look again and again. AssertionError: it never was so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(LOOK_SECONDS)
