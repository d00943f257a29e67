"""Children run our modules alone, whatever lies in the folder at hand."""

import ast
import subprocess
from pathlib import Path

import pytest

from archive.child import ROOT, python_command, python_path

PACKAGES = ("archive", "crawlers", "search", "web")


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        python_command(*arguments),
        cwd=folder,
        env={"PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("module", ["pickle", "json", "archive"])
def test_a_file_in_the_folder_at_hand_never_runs(module: str, tmp_path: Path) -> None:
    trap = tmp_path / f"{module}.py"
    trap.write_text("print('taken over')")
    say = f"import {module}; print({module}.__file__)"
    assert str(tmp_path) not in run(tmp_path, "-c", say)
    # The trap is one: without our way to begin a child it runs.
    plain = [part for part in python_command("-c", say) if part != "-P"]
    done = subprocess.run(plain, cwd=tmp_path, capture_output=True, check=False)
    assert b"taken over" in done.stdout


def test_relative_folders_of_the_path_are_not_handed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.path", ["", ".", "beside", "/usr/lib/python3"])
    assert python_path() == f"{ROOT}:/usr/lib/python3"


def test_no_module_begins_an_interpreter_in_another_way() -> None:
    found = [
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr == "executable"
        and isinstance(node.value, ast.Name)
        and node.value.id == "sys"
    ]
    assert found == ["archive/child.py"]
