"""Judge the tests of the verifier by mutants: which small changes do they not notice?

usage: python -m tests.mutation.judge [OPTION]... PATH...

`make coverage` must have run: it files which test reaches which line. A mutant is tried
with every test that reaches the changed statement, three of each file first, the narrow
ones and the files that noticed a change of the same module before, until one fails.
With `--budget` the tests end after that many seconds of computing, as coverage found
them; what is then alive counts as survived, so the figure may only be worse than true.
Each verdict is a line of build/mutation/verdicts.tsv at once.

Exit codes: 0, 1 (more survive than may), 2 (no coverage, or a test fails as it is).
"""

import argparse
import fnmatch
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from time import monotonic

import pytest
from coverage import CoverageData

from tests.mutation.mutants import Mutant, draw, make_mutants
from tests.mutation.reach import SECONDS, Costs, file_of, read_costs
from tests.mutation.trial import Trial, Verdict, attempt

VERDICTS = SECONDS.with_name("verdicts.tsv")
FIRST_OF_FILE = 3
"""Tests of each file that are tried before the rest of any."""
CONTROL = 40
"""Tests, the cheapest, that must pass in the way mutants are tried."""
MAY_SURVIVE = 0.05
Z = 1.96
"""Of the normal distribution: 95 % lie within so many deviations."""
PYTEST = ("-q", "-s", "-p", "no:xdist", "-p", "no:cacheprovider", "-m", "not slow")


def wilson(bad: int, judged: int) -> tuple[float, float]:
    """Between which shares the true one lies with 95 %, after this sample."""
    if not judged:
        return 0.0, 1.0
    share, weight = bad / judged, Z * Z / judged
    middle = (share + weight / 2) / (1 + weight)
    reach = Z * math.sqrt(share * (1 - share) / judged + weight / judged / 4)
    return middle - reach / (1 + weight), middle + reach / (1 + weight)


class Judge:
    """A plugin that takes the place of the run: tries mutants on what was collected."""

    def __init__(
        self,
        mutants: Sequence[Mutant],
        reached: Mapping[Path, Mapping[int, Iterable[str]]],
        costs: Costs,
        budget: float,
    ) -> None:
        self._mutants = mutants
        self._reached = reached
        self._costs = costs
        self._budget = budget
        self._width = Counter(
            test
            for by_line in reached.values()
            for tests in by_line.values()
            for test in tests
        )
        """How many lines a test reaches: the narrow ones look at these closely."""
        self._noticing: dict[str, Counter[str]] = defaultdict(Counter)
        """How often a file of tests noticed, by module."""
        self.trials: list[tuple[Mutant, Trial]] = []
        self.problem = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all mutants; True: nothing else is to be run."""
        items = {item.nodeid: item for item in session.items}
        cheap = sorted(items, key=self._costs.of)[:CONTROL]
        control = attempt(None, [items[test] for test in cheap], self._costs)
        if control.verdict is not Verdict.SURVIVED:
            self.problem = f"fails without any change: {control.test}"
            return True
        with VERDICTS.open("w", encoding="utf-8") as lines:
            for mutant in self._mutants:
                begun = monotonic()
                tests = [items[test] for test in self._order(mutant) if test in items]
                trial = attempt(mutant, tests, self._costs)
                self._noticing[mutant.module][file_of(trial.test)] += 1
                self.trials.append((mutant, trial))
                took = f"{monotonic() - begun:.1f}"
                row = (mutant.name, trial.verdict, took, len(tests), trial.test)
                print(*row, sep="\t", file=lines, flush=True)
        return True

    def _order(self, mutant: Mutant) -> list[str]:
        """The tests that reach its statement, those first that will soon tell."""
        by_line = self._reached.get(mutant.path.resolve(), {})
        tests = set(chain.from_iterable(by_line.get(n, ()) for n in mutant.lines))
        by_file: dict[str, list[str]] = defaultdict(list)
        for test in sorted(tests, key=lambda test: (self._width[test], test)):
            by_file[file_of(test)].append(test)
        noticed = self._noticing[mutant.module]
        files = sorted(by_file, key=lambda file: -noticed[file])
        first = [by_file[file][:FIRST_OF_FILE] for file in files]
        rest = [by_file[file][FIRST_OF_FILE:] for file in files]
        return list(self._within(chain.from_iterable([*first, *rest])))

    def _within(self, tests: Iterable[str]) -> Iterator[str]:
        """These tests as long as the budget lasts; one at least."""
        spent, file = 0.0, ""
        for test in tests:
            if spent > self._budget:
                return
            yield test
            spent += self._costs.tests.get(test, 0)
            if file_of(test) != file:
                file = file_of(test)
                spent += self._costs.files.get(file, 0)


def read_reached() -> dict[Path, dict[int, list[str]]]:
    """Which tests reach each line of each module, as `make coverage` filed it."""
    data = CoverageData()
    data.read()
    return {
        Path(file): {
            line: [test for test in tests if "::" in test]
            for line, tests in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }


def tell(trials: Sequence[tuple[Mutant, Trial]], *, existing: int) -> bool:
    """Print each survivor, the modules, the whole; True if not too many survived."""
    judged, bad = Counter[str](), Counter[str]()
    for mutant, trial in trials:
        judged[mutant.module] += 1
        if trial.verdict in (Verdict.SURVIVED, Verdict.UNREACHED):
            bad[mutant.module] += 1
            print(f"{trial.verdict}: {mutant.name}, line {mutant.lines.start}")
            print(f"    {mutant.change()}")
    for module in sorted(judged):
        print(f"{bad[module]:5} of {judged[module]:5} survived in {module}")
    survived, of = bad.total(), judged.total()
    low, high = wilson(survived, of)
    stopped = sum(trial.verdict is Verdict.STOPPED for _mutant, trial in trials)
    print(
        f"{survived} of {of} judged survived, {survived / max(of, 1):.1%} "
        f"(95 %: {low:.1%} to {high:.1%}); {existing} exist; "
        f"{stopped} of the noticed ran too long or ended the tests"
    )
    return survived <= MAY_SURVIVE * of


def main() -> int:
    """Make, draw, judge, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.judge")
    parser.add_argument("--sample", type=int, help="how many, about; all without it")
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument("--only", action="append", help="names of mutants, with *")
    parser.add_argument(
        "--budget", type=float, default=math.inf, help="seconds of tests for each"
    )
    parser.add_argument("paths", nargs="+", type=Path)
    asked = parser.parse_args()
    if not SECONDS.exists():
        print("run make coverage first: it finds out which tests to run")
        return 2
    by_module = {str(path): make_mutants(path) for path in asked.paths}
    mutants = list(chain.from_iterable(by_module.values()))
    existing = len(mutants)
    if asked.sample is not None:
        mutants = draw(by_module, count=asked.sample, seed=asked.seed)
    if asked.only:
        mutants = [
            mutant
            for mutant in mutants
            if any(fnmatch.fnmatchcase(mutant.name, one) for one in asked.only)
        ]
    reached = read_reached()
    costs = read_costs()
    judge = Judge(mutants, reached, costs, asked.budget)
    files = sorted({file_of(test) for test in costs.tests})
    pytest.main([*PYTEST, *files], plugins=[judge])
    if judge.problem or not judge.trials:
        print(judge.problem or "nothing was judged")
        return 2
    return 0 if tell(judge.trials, existing=existing) else 1


if __name__ == "__main__":
    sys.exit(main())
