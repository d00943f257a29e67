"""W1, W7: no archived script runs, framed or opened directly; five classic attacks."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.rig.hostile import ATTACKS, odd_files, payloads

Rig = Callable[[str, str], dict[str, Any]]
BOTH = pytest.mark.parametrize("browser", ["chromium", "firefox"])
CONTROL_RUNS = 50
"""Payloads that must run unprotected, or the rig sees no script at all."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_600)]


def test_the_tables_hold_what_the_bar_asks_for() -> None:
    assert len(payloads("http://a")) - len(ATTACKS) >= 60 + 25
    assert len(ATTACKS) == 5
    assert len(odd_files()) >= 30 + 29


@BOTH
def test_W1_no_archived_script_runs(rig: Rig, browser: str) -> None:
    found = rig(browser, "scripts")
    assert len(found["control"]) >= CONTROL_RUNS
    assert found["framed"] == []
    assert found["direct"] == []
    assert "unseen" not in found
