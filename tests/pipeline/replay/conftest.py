"""Runs the rig in a network namespace of its own, once a browser and task."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs.command import REPOSITORY

SECONDS = 1_500
BROWSERS = {"chromium": "chromium", "firefox": "firefox-esr"}


@pytest.fixture(scope="session")
def rig(
    require_program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], dict[str, Any]]:
    """`rig(browser, task)`: what was seen."""

    @cache
    def run(browser: str, task: str) -> dict[str, Any]:
        for program in ("unshare", "ip", BROWSERS[browser]):
            require_program(program)
        folder = tmp_path_factory.mktemp("rig")
        done = subprocess.run(
            [
                *("unshare", "--net", "--mount"),
                *(sys.executable, "-m", "tests.support.rig"),
                *(str(folder), browser, task),
            ],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if "Operation not permitted" in done.stderr:
            pytest.skip("system: no network namespace may be made here")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run
