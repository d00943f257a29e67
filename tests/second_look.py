"""Run pytest; run the few tests that failed once more, alone, and name them.

usage: python -m tests.second_look PYTEST-ARGUMENT...

Thousands of tests with real servers, browsers and kills share a machine with others. A
test that fails in the crowd and passes alone is a defect of that test, or a race of the
product: it is named, and looked for, but it does not hide what the others prove. More
than a few failures are no accident: nothing is run again.

Exit codes: those of pytest; 0 also if all that failed passed alone.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

FEW = 3
"""Of more failures than this none is run again."""
TESTS_FAILED = 1
"""pytest: it ran, and tests failed; any other code is not about single tests."""

PASSED_ALONE = "failed once, passed alone:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each of the two runs may take, in seconds, and their environment."""

    seconds: float | None = None
    environ: dict[str, str] | None = None


def run_pytest(arguments: list[str], limits: Limits) -> tuple[int, list[str]]:
    """Run pytest; returns its exit code and the node ids that failed."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}"]
        done = subprocess.run(
            [*command, *arguments],
            timeout=limits.seconds,
            env=limits.environ,
            check=False,
        )
        failed = Path(cache, "v/cache/lastfailed")
        names = sorted(json.loads(failed.read_bytes())) if failed.exists() else []
    return done.returncode, names


def look_twice(arguments: list[str], limits: Limits) -> int:
    """Run, and run the few that failed again; returns the exit code.

    Raises subprocess.TimeoutExpired where one of the two runs takes too long.
    """
    code, failed = run_pytest(arguments, limits)
    if code != TESTS_FAILED or not 0 < len(failed) <= FEW:
        return code
    print(f"run again, alone: {len(failed)} that failed", flush=True)
    again, still = run_pytest(failed, limits)
    if again in (0, TESTS_FAILED):
        for name in failed:
            print("failed twice:" if name in still else PASSED_ALONE, name)
    return again


if __name__ == "__main__":
    sys.exit(look_twice(sys.argv[1:], Limits()))
