"""CPU and memory of a crawl against plain Scrapy and other archivers, in one run.

A loopback server in a process of its own serves the same pages to each tool in turn,
round by round. CPU is user and system time of the whole process tree as the kernel
counts it, memory the largest process of it. Ratios are to plain Scrapy in the same
round: `whole` over everything from start to end, `pages` with the start taken off, as
measured by crawls of a single page in the same run.

usage: python benchmarks/capture.py [--rounds 5] [--scale 1.0] [--load NAME]
       [--no-peers] [--json]
"""

import argparse
import json
import signal
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.capture_site import Load, running_site
from benchmarks.capture_tools import Cost, Tool, find_tools

LOADS = (
    Load(label="2 KB http", size=2_000, pages=2_000),
    Load(label="2 KB https", size=2_000, pages=2_000, scheme="https"),
    Load(label="50 KB", size=50_000, pages=1_000),
    Load(label="1 MB", size=1_000_000, pages=250),
)
"""As many pages as a source of that kind has for a first crawl."""
REFERENCE = "scrapy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One tool under one load, all rounds."""

    load: str
    tool: str
    cpu_ms_a_page: float
    """The start taken off."""
    whole: tuple[float, float, float]
    """Ratio of all CPU: median, lowest, highest."""
    pages: tuple[float, float, float]
    """Ratio of CPU without the start."""
    rss_mb: float


Costs = dict[str, Cost]


def _round(load: Load, tools: list[Tool]) -> Costs:
    """Each tool once, one after the other, on the same site."""
    costs: Costs = {}
    with (
        tempfile.TemporaryDirectory() as place,
        running_site(load, Path(place)) as site,
    ):
        for tool in tools:
            if tool.run is None:
                continue
            before = site.served.value
            with tempfile.TemporaryDirectory() as folder:
                costs[tool.name] = tool.run(Path(folder), site)
            fetched = site.served.value - before
            if fetched != load.pages:
                raise SystemExit(f"{tool.name} fetched {fetched} of {load.pages} pages")
    return costs


def _measure(load: Load, tools: list[Tool], rounds: int) -> list[Row]:
    """Crawls of one page and of all pages, in turn."""
    starts, runs = [], []
    for _ in range(rounds):
        starts.append(_round(replace(load, size=2_000, pages=1), tools))
        runs.append(_round(load, tools))
    start = {
        name: statistics.median(one[name].cpu_seconds for one in starts)
        for name in runs[0]
    }
    return [_row(load, name, runs, start) for name in runs[0]]


def _row(load: Load, name: str, runs: list[Costs], start: dict[str, float]) -> Row:
    def above(run: Costs, tool: str) -> float:
        return run[tool].cpu_seconds - start[tool]

    cpu = statistics.median(above(run, name) for run in runs)
    return Row(
        load=load.label,
        tool=name,
        cpu_ms_a_page=1000 * cpu / load.pages,
        whole=_spread(
            [run[name].cpu_seconds / run[REFERENCE].cpu_seconds for run in runs]
        ),
        pages=_spread([above(run, name) / above(run, REFERENCE) for run in runs]),
        rss_mb=max(run[name].rss_mb for run in runs),
    )


def _spread(values: list[float]) -> tuple[float, float, float]:
    return statistics.median(values), min(values), max(values)


def _show(row: Row) -> str:
    whole, pages = (
        f"{middle:5.2f} ({low:.2f}-{high:.2f})".ljust(19)
        for middle, low, high in (row.whole, row.pages)
    )
    return (
        f"{row.load:11} {row.tool:24} {row.cpu_ms_a_page:8.2f}  "
        f"{whole} {pages} {row.rss_mb:6.0f} MB\n"
    )


def _stop(number: int, _frame: object) -> None:
    """End as if by Ctrl-C, so that server and tool end, too."""
    raise SystemExit(128 + number)


def main() -> None:
    """Print one row for each load and tool, as soon as it is known."""
    signal.signal(signal.SIGTERM, _stop)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="of the page counts")
    parser.add_argument("--load", help="only loads whose name begins so")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    tools = find_tools(with_peers=not options.no_peers)
    if not options.json:
        sys.stdout.write(
            f"{'load':11} {'tool':24} {'ms/page':>8}  {'whole (range)':19} "
            f"{'pages (range)':19} largest process\n"
        )
    for load in LOADS:
        if not load.label.startswith(options.load or ""):
            continue
        scaled = replace(load, pages=max(2, round(load.pages * options.scale)))
        for row in _measure(scaled, tools, options.rounds):
            text = json.dumps(asdict(row)) + "\n" if options.json else _show(row)
            sys.stdout.write(text)
            sys.stdout.flush()
    for tool in tools:
        if tool.run is None and not options.json:
            sys.stdout.write(f"{tool.name}: {tool.problem}\n")


if __name__ == "__main__":
    main()
