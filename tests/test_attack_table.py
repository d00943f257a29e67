"""docs/attacks.md maps each attack to tests that exist and play it."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from archive.verify.reporting.steps import STEPS

ROOT = Path(__file__).parent.parent
SUITE = ROOT / "tests" / "tamper" / "rows"
PAGE = (ROOT / "docs" / "attacks.md").read_text("utf-8")
NAME = re.compile(r"`(tests/[a-zA-Z0-9_/]+\.py)::(test_[a-zA-Z0-9_]+)`")


def table() -> list[list[str]]:
    """The cells of each row: attack, steps, how often, tests."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines][
        1:
    ]


ROWS = table()


@cache
def functions_of(name: str) -> frozenset[str]:
    """The test functions of a module."""
    path = ROOT / name
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_every_row_names_tests_that_exist(row: list[str]) -> None:
    assert len(row) == 4, row
    named = NAME.findall(row[3])
    assert named, row[0]
    assert [one for one in named if one[1] not in functions_of(one[0])] == []
    assert NAME.sub("", row[3]).replace(", ", "") == "", "nothing but tests"


def test_every_step_of_the_procedure_fires_somewhere() -> None:
    fired: set[int] = set()
    for row in ROWS:
        for low, high in re.findall(r"\b(\d+)(?:-(\d+))?\b", row[1]):
            fired.update(range(int(low), int(high or low) + 1))
    assert set(STEPS) - fired == set()


def test_every_attack_of_the_row_suite_stands_in_the_table() -> None:
    named = {test for row in ROWS for name, test in NAME.findall(row[3])}
    others = {"test_outcomes_dropped_are_each_named"}
    modules = [path.relative_to(ROOT).as_posix() for path in SUITE.glob("test_*.py")]
    tests = {
        name
        for module in modules
        for name in functions_of(module)
        if name.startswith("test_")
    }
    assert len(tests) > len(modules) > 0
    assert tests - named - others == set()
