"""Forty sources due at once: pages a second, CPU, memory, politeness, fairness.

The sources are made up and served by a loopback server in this process, each answer a
little late as on a real line. The real `evidence watch` crawls them round after round
by a clock that is set forwards; CPU and memory are those of the command and its child.

usage: python benchmarks/crawl.py [--sources 40] [--articles 20] [--rounds 4]
       [--jobs 8] [--delay-ms 200] [--latency-ms 50] [--json]
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.campaign.run import CampaignRun, child_pids, open_campaign
from tests.support.campaign.world import START, busy_world

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of processes so far."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_mb(pid: int, name: str) -> float:
    """Memory of a process: `VmRSS` now, `VmHWM` at most."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split(f"{name}:")[1].split()[0]) / 1024


def smallest_gaps(asked: list[tuple[float, str, str]]) -> list[float]:
    """By host, seconds between two requests that came closest."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    for at, host, _ in asked:
        times[host].append(at)
    return [min(b - a for a, b in pairwise(t)) for t in times.values() if len(t) > 1]


def measure(run: CampaignRun, round_number: int) -> dict[str, Any]:
    """One round: everything is due at once."""
    watch = run.process().pid
    pids = [watch, *child_pids(watch)]
    before, first = cpu_seconds(pids), len(run.server.asked)
    began = time.monotonic()
    run.go_to(START + timedelta(days=2 * round_number))
    seconds = time.monotonic() - began
    asked = run.server.asked[first:]
    starts: dict[str, float] = {}
    for at, host, _ in asked:
        starts.setdefault(host, at - began)
    (child,) = child_pids(watch)
    # A child that was replaced meanwhile took its count with it.
    spent = cpu_seconds([watch, child]) - before if child in pids else None
    return {
        "round": round_number,
        "requests": len(asked),
        "seconds": round(seconds, 1),
        "pages_a_second": round(len(asked) / seconds, 1),
        "cpu_ms_a_page": round(spent * 1000 / len(asked), 2) if spent else None,
        "rss_mb": round(resident_mb(child, "VmRSS"), 1),
        "peak_mb": round(resident_mb(child, "VmHWM"), 1),
        "sources": len(starts),
        "last_start_s": round(max(starts.values()), 1),
        "smallest_gap_ms": round(min(smallest_gaps(asked)) * 1000),
        "most_at_one_host": max(run.server.busiest.values()),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (
        ("sources", 40),
        ("articles", 20),
        ("rounds", 4),
        ("jobs", 8),
        ("delay-ms", 200),
        ("latency-ms", 50),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    world = busy_world(sources=wanted.sources, articles=wanted.articles)
    with (
        tempfile.TemporaryDirectory() as place,
        open_campaign(
            Path(place), world, delay_ms=wanted.delay_ms, jobs=wanted.jobs
        ) as run,
    ):
        run.server.seconds = wanted.latency_ms / 1000
        run.start()
        run.settle()  # the first round: every page is new
        for number in range(1, wanted.rounds + 1):
            row = measure(run, number)
            line = json.dumps(row) if wanted.json else in_words(row)
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        run.stop()


def in_words(row: dict[str, Any]) -> str:
    """One round in a line."""
    return "  ".join(f"{name} {value}" for name, value in row.items())


if __name__ == "__main__":
    main()
