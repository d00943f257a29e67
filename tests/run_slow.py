"""Run the slow suites in the committed order within a time budget; name what is left.

usage: python -m tests.run_slow [MINUTES]

Exit codes: 0 all that ran passed, 1 a suite failed, 2 the list is wrong.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.second_look import Limits, look_twice

BUDGET_MINUTES = 70.0
"""What a build server grants to everything that is not everyday."""
RUN_MINUTES = 82.0
"""And to the whole run since `make` began, which is ended after 90."""
STARTED_VARIABLE = "MAKE_STARTED"
"""When `make` began, seconds since 1970; absent where nobody waits for the end."""
SUITES_FILE = Path(__file__).parent / "slow_suites.txt"
PATIENCE = 2
"""One test may take this many times what its whole suite is said to take."""
NOTHING_COLLECTED = 5
"""pytest: no test of that mark in there; a stale line of the list, which must go."""


ALONE = "alone"
"""After a target: its tests measure time or memory, so they run one after the other."""
ALL = "all"
"""After a target: not only its slow tests, and with all examples of each property."""
PATIENT = "patient"
"""After a target: many browsers or a whole campaign; not run where somebody waits."""
WORDS = frozenset((ALONE, ALL, PATIENT))
TOGETHER = ("-n", "2", "--dist", "worksteal")
"""All other suites run on both cores, test by test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One line of the list."""

    minutes: float
    target: str
    words: frozenset[str] = frozenset()


def read_suites(text: str) -> list[Suite]:
    """Parse the list; ValueError for a line that is not `MINUTES TARGET [WORD...]`."""
    lines = [line.partition("#")[0].split() for line in text.splitlines()]
    return [parse_suite(*words) for words in lines if words]


def parse_suite(minutes: str, target: str = "", *rest: str) -> Suite:
    """Parse the words of one line; ValueError if they are not as `read_suites` says."""
    if not target or not WORDS.issuperset(rest):
        raise ValueError(f"not MINUTES TARGET {[*WORDS]}: {minutes} {target} {rest}")
    return Suite(minutes=float(minutes), target=target, words=frozenset(rest))


def arguments_for(suite: Suite) -> list[str]:
    """What pytest is given for one suite."""
    arguments = ["-q", f"--timeout={suite.minutes * 60 * PATIENCE:.0f}"]
    arguments += [] if ALL in suite.words else ["-m", "slow"]
    arguments += [] if ALONE in suite.words else TOGETHER
    return [*arguments, suite.target]


def environ_for(suite: Suite) -> dict[str, str]:
    """In which environment; tests/support/judging/examples.py reads it."""
    return {**os.environ, **({"EXAMPLES": "all"} if ALL in suite.words else {})}


def run_suites(
    suites: list[Suite], *, budget_minutes: float, is_patient: bool = True
) -> int:
    """Run what fits, one after the other; returns the exit code."""
    end = time.monotonic() + budget_minutes * 60
    failed, left_out = [], []
    for suite in suites:
        if PATIENT in suite.words and not is_patient:
            left_out.append(f"{suite.target}: is run by hand, with make test-slow")
            continue
        left_seconds = end - time.monotonic()
        if suite.minutes * 60 > left_seconds:
            left_out.append(f"{suite.target}: did not fit, {suite.minutes:g} minutes")
            continue
        print("slow suite:", suite.target, flush=True)
        try:
            limits = Limits(seconds=left_seconds, environ=environ_for(suite))
            code = look_twice(arguments_for(suite), limits)
        except subprocess.TimeoutExpired:
            left_out.append(f"{suite.target}: was stopped at the end of the budget")
            continue
        if code == NOTHING_COLLECTED:
            print(f"{suite.target} holds no slow test; correct {SUITES_FILE.name}")
        if code != 0:
            failed.append(suite.target)
    ran = len(suites) - len(left_out)
    print(f"slow suites: {ran} of {len(suites)} ran, {len(failed)} failed")
    for name in left_out:
        print("not run:", name)
    for name in failed:
        print("failed:", name)
    return 1 if failed else 0


def budget_minutes(started: str | None, now: float) -> float:
    """What is left for slow suites of a run that began at `started`."""
    if started is None:
        return BUDGET_MINUTES
    return max(0.0, min(BUDGET_MINUTES, RUN_MINUTES - (now - float(started)) / 60))


def main() -> int:
    """Read the list and run it."""
    left = budget_minutes(os.environ.get(STARTED_VARIABLE), time.time())
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else left
    try:
        suites = read_suites(SUITES_FILE.read_text("utf-8"))
    except ValueError as error:
        print(f"{SUITES_FILE.name}: {error}", file=sys.stderr)
        return 2
    return run_suites(
        suites,
        budget_minutes=minutes,
        is_patient=STARTED_VARIABLE not in os.environ,
    )


if __name__ == "__main__":
    sys.exit(main())
