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


def run_there(
    require_program: Callable[[str], Path], *module_and_words: str
) -> "subprocess.CompletedProcess[str]":
    """Run a module where it may mount a disk of its own; a skip where nobody may."""
    unshare, _mount = require_program("unshare"), require_program("mount")
    own = [str(unshare), "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if subprocess.run([*own, "true"], capture_output=True, check=False).returncode:
        pytest.skip("permission: no mount namespace may be made here")
    return subprocess.run(
        [*own, sys.executable, "-m", *module_and_words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.mark.parametrize("reserve_bytes", ["1000000", "0"], ids=["reserve", "none"])
def test_R2_a_full_disk_ends_the_run_and_costs_nothing_that_was_told(
    tmp_path: Path, require_program: Callable[[str], Path], reserve_bytes: str
) -> None:
    script = ("tests.faults.on_small_disk", str(tmp_path), reserve_bytes)
    done = run_there(require_program, *script)
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


def test_R2_bodies_without_end_are_stopped_before_they_touch_the_reserve(
    tmp_path: Path, require_program: Callable[[str], Path]
) -> None:
    reserve = 40 << 20
    script = ("tests.faults.on_endless_bodies", str(tmp_path), str(reserve))
    done = run_there(require_program, *script)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["least"] >= reserve, "at no moment"
    assert seen["codes"] == [5, 0], seen["said"]
    assert "Traceback" not in seen["said"]
    assert seen["outcomes"] == ["stopped"] * 8, "each is stated, with what came of it"
    assert min(seen["lengths"]) > 1 << 20
    assert sum(seen["lengths"]) > 16 << 20, "of the room there was much was used"
    assert {"disk-reserve": 8} in seen["signals"]
    assert seen["unclosed"] == 0
    assert [name for name in seen["spool"] if name.startswith("raw-")] == []
    assert seen["verified"] == "VERIFIED"
