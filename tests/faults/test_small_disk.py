"""A disk that is really full: a clean end, nothing lost, and on when there is room."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
ALARM_SECONDS = 10.0
"""From the beginning of the run, which fills the disk in less than that."""
PAGES = 48


@pytest.mark.parametrize("reserve_bytes", ["1000000", "0"], ids=["reserve", "none"])
def test_R2_a_full_disk_ends_the_run_and_costs_nothing_that_was_told(
    tmp_path: Path, require_program: Callable[[str], Path], reserve_bytes: str
) -> None:
    unshare, _mount = require_program("unshare"), require_program("mount")
    own = [str(unshare), "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if subprocess.run([*own, "true"], capture_output=True, check=False).returncode:
        pytest.skip("permission: no mount namespace may be made here")
    script = [sys.executable, "-m", "tests.faults.on_small_disk"]
    done = subprocess.run(
        [*own, *script, str(tmp_path), reserve_bytes],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["codes"] == [6, 0], seen["said"]
    assert len(seen["said"].strip().splitlines()) == 1
    assert "Traceback" not in seen["said"]
    assert 0 < seen["told"] < PAGES
    assert seen["lost"] == []
    assert seen["captured"] == PAGES
    assert seen["seconds"] <= ALARM_SECONDS
    assert seen["outcomes"][-1] == "VERIFIED"
