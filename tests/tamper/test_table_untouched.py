"""What is told of evidence that nobody touched, word for word."""

from collections.abc import Callable
from pathlib import Path

import pytest

from archive.verify.reporting.report import Outcome
from tests.support.archives.bundles import World, ask_program, make_world, write_folder
from tests.support.attacks.tamper import Victim
from tests.support.judging.told import GoldenReports, tell, without_names


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory,
    require_program: Callable[[str], Path],
) -> World:
    require_program("openssl")
    return make_world(tmp_path_factory.mktemp("world"))


def test_of_the_golden_archive_everything_is_told_and_counted(
    tmp_path: Path, golden_reports: GoldenReports
) -> None:
    victim = Victim.copy(tmp_path)
    report = victim.verify()
    assert report.outcome is Outcome.VERIFIED
    told = tell(report, victim.root)
    golden_reports.assert_told(told, module=__name__, part="golden archive")


@pytest.mark.parametrize(
    "bundle", ["one", "bounded", "page", "revisit", "chained", "several"]
)
def test_of_a_bundle_everything_is_told_and_counted(
    bundle: str, world: World, tmp_path: Path, golden_reports: GoldenReports
) -> None:
    folder = write_folder(tmp_path / "bundle", world.bundles[bundle])
    report = ask_program(folder, world.trust_folder(world.trust, "good"))
    assert report.outcome is Outcome.VERIFIED
    told = without_names(tell(report, folder))
    golden_reports.assert_told(told, module=__name__, part=f"bundle {bundle}")
