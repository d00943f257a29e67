"""W2: a hostile page reaches no outside host, framed or opened directly.

The same page without protection is the control: a rig that sees nothing proves nothing.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.rig.hostile import CHANNELS

Rig = Callable[[str, str], dict[str, Any]]
BOTH = pytest.mark.parametrize("browser", ["chromium", "firefox"])
CONTROL_HOSTS = 20
"""Hosts an unprotected page must reach, or the rig is broken."""
NOTHING: dict[str, list[str]] = {"http": [], "dns": [], "tcp": []}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_600)]


@BOTH
def test_the_rig_sees_what_an_unprotected_page_reaches(rig: Rig, browser: str) -> None:
    assert len(CHANNELS) >= 38
    control = rig(browser, "leaks")["control"]
    for kind in NOTHING:
        assert len(control[kind]) >= CONTROL_HOSTS, (kind, control[kind])


@BOTH
@pytest.mark.parametrize("case", ["framed", "direct", "pages"])
def test_W2_no_outside_host_is_reached(rig: Rig, browser: str, case: str) -> None:
    found = rig(browser, "leaks")
    assert found[case] == NOTHING
    if case != "pages":
        assert found[f"{case}-shown"], "the page was not shown: nothing is proved"
