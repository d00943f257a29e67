"""Order, time and faults of the checks: none of them keeps the others from speaking."""

import threading
from collections.abc import Iterator

import pytest

from archive.doctor.finding import Finding, good, unsafe, untold, weaker
from archive.doctor.machine import Machine
from archive.doctor.running import examine, exit_code
from archive.errors import StoreError
from tests.support.judging.examined import GOOD, UNSAFE, WEAKER

MISSING = weaker("c", "gone", without="stops", step="bring it", is_needed=True)
OPTIONAL = weaker("b", "weak", without="less", step="add it")
HARM = unsafe("d", "open", without="read", step="close it")


def test_the_most_harmful_stands_first(machine: Machine) -> None:
    given = [good("a", "well"), OPTIONAL, MISSING, HARM]
    checks = {one.check: lambda _, one=one: [one] for one in given}
    assert [one.check for one in examine(machine, checks)] == ["d", "c", "b", "a"]


def test_a_check_that_fails_is_a_finding_and_the_others_speak(machine: Machine) -> None:
    def broken(_: Machine) -> Iterator[Finding]:
        raise KeyError("secret words")
        yield good("never", "")

    def refused(_: Machine) -> Iterator[Finding]:
        raise StoreError("the disk says no")
        yield good("never", "")

    checks = {
        "broken": broken,
        "refused": refused,
        "fine": lambda _: [good("fine", "well")],
    }
    found = {one.check: one for one in examine(machine, checks)}
    assert {name: one.outcome for name, one in found.items()} == {
        "broken": WEAKER,
        "refused": WEAKER,
        "fine": GOOD,
    }
    assert "KeyError" in found["broken"].says
    assert "secret" not in found["broken"].line
    assert "the disk says no" in found["refused"].line


def test_a_refusal_names_its_place_and_of_a_key_the_folder_alone(
    machine: Machine,
) -> None:
    def refused(path: str) -> Iterator[Finding]:
        raise PermissionError(13, "Permission denied", path)
        yield good("never", "")

    checks = {
        "key": lambda _: refused("/keys/of/me/log.pem"),
        "folder": lambda _: refused("/some/folder"),
    }
    said = {one.check: one.says for one in examine(machine, checks)}
    assert "(/keys/of/me: Permission denied)" in said["key"]
    assert "(/some/folder: Permission denied)" in said["folder"]


def test_a_check_that_hangs_is_named_and_the_others_speak(machine: Machine) -> None:
    ended = threading.Event()

    def hang(_: Machine) -> list[Finding]:
        ended.wait(60)
        return []

    checks = {"hangs": hang, "fine": lambda _: [good("fine", "well")]}
    found = examine(machine, checks, seconds=0.3)
    ended.set()
    assert [(one.check, one.outcome) for one in found] == [
        ("hangs", WEAKER),
        ("fine", GOOD),
    ]
    assert "no answer" in found[0].says


def test_a_check_without_anything_to_say_says_nothing(machine: Machine) -> None:
    assert examine(machine, {"none": lambda _: []}) == []


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([], 0),
        ([good("a", "well"), OPTIONAL], 0),
        ([untold("a", "whether")], 0),
        ([OPTIONAL, MISSING], 1),
        ([HARM, MISSING], 3),
    ],
)
def test_the_exit_code_is_that_of_the_worst(findings: list[Finding], code: int) -> None:
    assert exit_code(findings) == code


def test_a_finding_is_one_line_with_the_next_step() -> None:
    assert HARM.line == "open: read. Do: close it"
    assert good("a", "well").line == "well"
    assert untold("a", "whether").outcome is WEAKER
    assert HARM.outcome is UNSAFE
