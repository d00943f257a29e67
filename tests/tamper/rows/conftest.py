"""Rows of the attack table: how many attacks are played, on what, by what choices.

`docs/attacks.md` maps rows to tests. An everyday run plays a tenth of each, the slow
suite all; every attack is played on a copy of the golden archive, in this process.
"""

import random
from collections.abc import Iterator

import pytest

from archive.verify.reporting.report import Outcome
from tests.support.attacks.bench import Bench
from tests.support.attacks.tamper import (
    Victim,
)


@pytest.fixture(params=["tenth", pytest.param("all", marks=pytest.mark.slow)])
def share(request: pytest.FixtureRequest) -> int:
    """Every so many attacks of a row are played."""
    return 10 if request.param == "tenth" else 1


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    """A copy of the golden archive; every attack on it is undone."""
    return Victim.copy(tmp_path_factory.mktemp("rows"))


@pytest.fixture(scope="module")
def bench(victim: Victim) -> Iterator[Bench]:
    """The same, to change files and judge; sound before and after all attacks."""
    made = Bench(root=victim.root, trust=victim.trust)
    assert made.judge().outcome is Outcome.VERIFIED
    yield made
    assert made.judge().outcome is Outcome.VERIFIED, "an attack was not undone"


@pytest.fixture
def choice(request: pytest.FixtureRequest) -> random.Random:
    """The same choices in every run of a test."""
    return random.Random(request.node.name)
