"""The benchmark of the pages shows what it measured, whatever broke."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.web_latency import Row, Table

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


def row_of(name: str, milliseconds: float) -> Row:
    return Row(
        name=name,
        requests=1,
        failures=0,
        p50_ms=milliseconds,
        p95_ms=milliseconds,
        cpu_ms=1.0,
    )


def test_a_part_that_breaks_says_why_and_the_others_are_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def breaks() -> Iterator[Row]:
        yield row_of("search, kept", 500.0)
        raise subprocess.CalledProcessError(1, "pip")

    table = Table()
    table.part("pages", breaks)
    # What came first is on the screen already: the rest may never come.
    first = capsys.readouterr().out
    assert "search, kept" in first
    assert "MISSED" in first
    assert "pages: NOT MEASURED, CalledProcessError" in first
    table.part("replay", lambda: [row_of("replay cold, kept", 1.0)])
    assert "replay cold, kept" in capsys.readouterr().out
    assert table.finish() == 2


@pytest.mark.parametrize(("milliseconds", "code"), [(1.0, 0), (500.0, 1)])
def test_the_exit_code_tells_a_missed_bar(milliseconds: float, code: int) -> None:
    table = Table()
    table.part("pages", lambda: [row_of("TimeMap, new", milliseconds)])
    assert table.finish() == code


def test_no_benchmark_hides_a_package_of_ours() -> None:
    """A script's own folder comes first where Python looks for modules."""
    packages = {"archive", "crawlers", "search", "web", "tests", "benchmarks"}
    assert not packages & {path.stem for path in BENCHMARKS.iterdir()}
