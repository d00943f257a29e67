"""Two verifiers without shared code give one verdict on every bundle, good or broken.

The everyday run takes every n-th case of the list; the slow one takes all of them.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from archive.errors import EvidenceError
from archive.verify.reporting.report import Outcome
from tests.support.archives.bundles import (
    World,
    ask_program,
    ask_script,
    write_folder,
)
from tests.support.spoiling.case import Case
from tests.support.spoiling.cases import all_cases
from tests.support.spoiling.files import flipped_bits
from tests.support.spoiling.tokens import changed_certificates

EVERY = 36
"""One of so many cases runs each day: some 30."""
CASES = 1000
PARTS = 4
"""The slow run is cut into so many tests, for two workers to share."""

RequireProgram = Callable[[str], Path]


@pytest.fixture(scope="module")
def cases(world: World) -> list[Case]:
    """Every case."""
    return all_cases(world)


def judge(case: Case, world: World, folder: Path, shell: str) -> str | None:
    """Ask both; None if they agree and are right, else what they said."""
    place = write_folder(folder / "bundle", case.files)
    if case.after is not None:
        case.after(place)
    try:
        program = ask_program(place, case.trust).outcome
    except EvidenceError:  # refused with a message: not even a bundle
        program = Outcome.NOT_CHECKED
    script = ask_script(place, case.trust, origin=world.trust.origin, shell=shell)
    right = case.good in (None, program is Outcome.VERIFIED)
    if right and script.startswith(program):
        return None
    return f"{case.name}: program {program}, script {script}"


def test_there_are_a_thousand_cases_good_and_broken(cases: list[Case]) -> None:
    assert len(cases) >= CASES
    assert sum(case.good is True for case in cases) >= 50
    assert sum(case.good is False for case in cases) >= 800


def test_program_and_script_agree_on_a_part_of_the_corpus(
    world: World, cases: list[Case], tmp_path: Path
) -> None:
    chosen = [case for case in cases if not case.name.startswith("good several")]
    said = [judge(case, world, tmp_path, "sh") for case in chosen[::EVERY]]
    assert [line for line in said if line] == []


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_script_runs_in_more_than_one_shell(
    shell: str, world: World, tmp_path: Path, require_program: RequireProgram
) -> None:
    require_program(shell)
    for name, good in (("bounded", True), ("page", True), ("revisit", False)):
        files = dict(world.bundles[name])
        if not good:
            files["leaf.txt"] += b"\n"
        case = Case(
            name=name, files=files, trust=world.trust_folder(world.trust, "good"),
            good=good,
        )  # fmt: skip
        assert judge(case, world, tmp_path, shell) is None


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_program_and_script_agree_on_the_whole_corpus(
    part: int, world: World, cases: list[Case], tmp_path: Path
) -> None:
    said = [judge(case, world, tmp_path, "sh") for case in cases[part::PARTS]]
    assert [line for line in said if line] == []


def test_no_flipped_bit_of_a_bundle_is_accepted(world: World, tmp_path: Path) -> None:
    accepted, played = [], 0
    for case in flipped_bits(world, count=150):
        played += 1
        place = write_folder(tmp_path / "bundle", case.files)
        report = ask_program(place, case.trust)
        if report.outcome is Outcome.VERIFIED:
            accepted.append(case.name)
    assert accepted == []
    assert played >= 150


def test_no_changed_certificate_is_accepted(world: World, tmp_path: Path) -> None:
    """All by the program, every n-th by the script, too."""
    cases = list(changed_certificates(world))
    assert len(cases) > EVERY
    for number, case in enumerate(cases):
        place = write_folder(tmp_path / "bundle", case.files)
        assert ask_program(place, case.trust).outcome is Outcome.FAILED, case.name
        if number % EVERY == 0:
            assert judge(case, world, tmp_path, "sh") is None
