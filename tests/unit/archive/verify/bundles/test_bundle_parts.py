"""What is said first of a bundle of several parts holds for each of them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from archive.attest.trust.folder import TrustSet
from archive.capture import MemoryBytes
from archive.export.judge import PlannedFiles
from archive.instant import format_instant
from archive.verify.bundles.bundle import verify_files
from archive.verify.bundles.bundlefiles import prefix_of
from archive.verify.bundles.bundletimes import weakest
from archive.verify.reporting.report import NO_BRACKET, ONE_WITNESS, Bracket, Report
from tests.support.archives.bundles import Files_, World, resum
from tests.support.judging.sound import assert_sound

pytestmark = pytest.mark.usefixtures("whole_reports")


ASKED = "2 of 2 witnesses, 2 authorities asked for: "


def judge(world: World, files: Files_, trust: TrustSet | None = None) -> Report:
    planned = PlannedFiles({name: MemoryBytes(data) for name, data in files.items()})
    believed = world.trust if trust is None else trust
    return assert_sound(
        verify_files(planned, subject="x", trust_of=lambda _origin: believed)
    )


def parts_of(files: Files_) -> dict[str, Files_]:
    """Each part as a bundle of its own."""
    found: dict[str, Files_] = {}
    for name, data in files.items():
        prefix = prefix_of(name)
        if prefix is not None:
            found.setdefault(prefix, {})[name.removeprefix(prefix)] = data
    return {prefix: resum(part) for prefix, part in found.items()}


def without(files: Files_, prefix: str, begin: str) -> Files_:
    return resum({k: v for k, v in files.items() if not k.startswith(prefix + begin)})


def test_the_latest_time_of_all_parts_is_said_first(world: World) -> None:
    several = world.bundles["several"]
    times = [judge(world, part).bracket for part in parts_of(several).values()]
    upper = [time.existed_by for time in times if time.existed_by is not None]
    assert len(upper) == len(times) == 6
    report = judge(world, several)
    last = format_instant(max(upper))
    assert report.headline == f"{ASKED}existed by {last}, each of the 6 parts"
    assert report.bracket == Bracket(not_before=None, existed_by=max(upper))


def test_a_bundle_of_one_part_says_its_own_times(world: World) -> None:
    report = judge(world, world.bundles["bounded"])
    after, before = report.bracket.not_before, report.bracket.existed_by
    assert after is not None
    assert before is not None
    words = f"made between {format_instant(after)} and {format_instant(before)}"
    assert report.headline == ASKED + words


def test_parts_that_nobody_stamped_are_counted_first(world: World) -> None:
    several = world.bundles["several"]
    first = next(prefix for prefix in parts_of(several) if prefix.startswith("also/"))
    (view,) = (name for name in several if name.endswith("view/text.txt"))
    second = view.removesuffix("view/text.txt")
    files = without(several, first, "anchor")
    report = judge(world, files)
    assert report.headline == f"{ASKED}no independent time for 1 of the 6 parts"
    assert report.bracket == NO_BRACKET
    report = judge(world, without(files, second, "anchor2.tsr"))
    assert report.headline == f"{ASKED}no independent time for 2 of the 6 parts"


def test_a_part_without_proof_has_neither_time_nor_witness(world: World) -> None:
    several = world.bundles["several"]
    report = judge(world, without(several, min(parts_of(several)), "proof"))
    assert report.headline == (
        "0 of 2 witnesses, 2 authorities asked for: "
        "no independent time for 1 of the 6 parts"
    )
    assert report.bracket == NO_BRACKET


def test_of_parts_without_a_policy_no_time_is_promised(world: World) -> None:
    trust = replace(world.trust, witness_quorum=0, token_quorum=0)
    assert judge(world, world.bundles["several"], trust).headline == ONE_WITNESS


def day(number: int) -> datetime:
    return datetime(2025, 1, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("parts", "together"),
    [
        ([(1, 4)], (1, 4)),
        ([(1, 4), (2, 5)], (1, 5)),
        ([(2, 5), (1, 4)], (1, 5)),
        ([(1, 4), (None, 5)], (None, 5)),
        ([(1, 4), (2, None)], (1, None)),
        ([(None, None)], (None, None)),
        ([], (None, None)),
    ],
)
def test_together_parts_are_bounded_as_the_weakest_of_them(
    parts: list[tuple[int | None, int | None]],
    together: tuple[int | None, int | None],
) -> None:
    def bracket(days: tuple[int | None, int | None]) -> Bracket:
        after, before = (None if one is None else day(one) for one in days)
        return Bracket(not_before=after, existed_by=before)

    assert weakest([bracket(days) for days in parts]) == bracket(together)
