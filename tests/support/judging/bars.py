"""Measured figures beside their bars, as the benchmarks give them."""

from collections.abc import Iterable

from benchmarks.quality.figures import Figure


def missed(figures: Iterable[Figure]) -> list[Figure]:
    """Those short of their bar. AssertionError: none has one, so nothing was judged."""
    judged = [figure for figure in figures if figure.reached is not None]
    assert judged, "no figure has a bar"
    return [figure for figure in judged if not figure.reached]
