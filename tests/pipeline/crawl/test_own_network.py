"""In a network of its own: with a proxy set, no SYN and no DNS query goes past it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CASES = Path(__file__).with_name("in_own_network.py")
REPOSITORY = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("chosen", "passed", "programs"),
    [("not browser", 5, ()), ("browser", 1, ("chromium",))],
)
def test_with_a_proxy_nothing_goes_past_it_in_a_network_of_its_own(
    chosen: str,
    passed: int,
    programs: tuple[str, ...],
    *,
    require_program: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    unshare, _ip = require_program("unshare"), require_program("ip")
    for name in programs:
        require_program(name)
    # Root needs no user namespace; others get one in which they may do as they like.
    own = [str(unshare), "--net"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if subprocess.run([*own, "true"], capture_output=True, check=False).returncode:
        pytest.skip("permission: no network namespace may be made here")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        pytest.skip("device: there is no /dev/net/tun")
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-k", chosen]
    pytest_here = [sys.executable, "-m", "pytest", *options]
    done = subprocess.run(
        [*own, *pytest_here, f"--basetemp={tmp_path / 'inner'}", CASES],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout
    assert f"{passed} passed" in done.stdout
