"""A test run hides nothing: skips are named, on a build server they fail."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.second_look import Limits, look_twice
from tests.support.judging.examples import examples

TESTS = Path(__file__).parent
SKIPPING = """
import pytest

def test_program(require_program):
    require_program("no-such-program")

def test_material(corpus_dir):
    assert corpus_dir

def test_runs():
    pass
"""


@pytest.fixture(autouse=True)
def _few_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs in here start in a third of the time without all that is installed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_timeout")


def run_pytest(folder: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    shutil.copy(TESTS / "conftest.py", folder)
    (folder / "test_it.py").write_text(SKIPPING)
    keep = {k: v for k, v in os.environ.items() if k not in ("CI", "CORPUS_DIR")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        env={
            **keep,
            "PYTHONPATH": str(TESTS.parent),
            "CORPUS_DIR": str(folder / "absent"),
            **environ,
        },
        check=False,
    )


def test_skips_are_named_with_what_they_cost(tmp_path: Path) -> None:
    done = run_pytest(tmp_path)
    assert done.returncode == 0
    assert "1 tests ran, 2 were not run" in done.stdout
    for line in (
        "not run, program: no-such-program is not installed:",
        "not run, corpus: CORPUS_DIR not found:",
        "test_it.py::test_program",
    ):
        assert line in done.stdout


def test_a_build_server_fails_for_everything_but_test_material(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, CI="true")
    assert done.returncode == 1
    assert "FAILED test_it.py::test_program" in done.stdout
    assert "1 failed, 1 passed, 1 skipped" in done.stdout


@pytest.fixture
def slow() -> dict[str, Any]:
    return runpy.run_path(str(TESTS / "run_slow.py"))


def suite(slow: dict[str, Any], path: Path, minutes: float, body: str) -> Any:
    path.write_text(f"import pytest\n@pytest.mark.slow\ndef test_it():\n    {body}\n")
    return slow["parse_suite"](str(minutes), str(path), slow["ALONE"])


def test_what_does_not_fit_the_budget_is_named_and_the_rest_runs(
    slow: dict[str, Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    long = suite(slow, tmp_path / "test_long.py", 99, "assert False")
    short = suite(slow, tmp_path / "test_short.py", 0.1, "pass")
    assert slow["run_suites"]([long, short], budget_minutes=5) == 0
    said = capfd.readouterr().out
    assert f"not run: {long.target}: did not fit, 99 minutes" in said
    assert "1 of 2 ran, 0 failed" in said


def test_patient_suites_are_named_where_somebody_waits_and_run_elsewhere(
    slow: dict[str, Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = suite(slow, tmp_path / "test_long.py", 0.1, "assert False")
    patient = slow["parse_suite"]("1", made.target, "patient")
    assert slow["run_suites"]([patient], budget_minutes=5, is_patient=False) == 0
    assert f"not run: {made.target}: is run by hand" in capfd.readouterr().out
    assert slow["run_suites"]([patient], budget_minutes=5) == 1


def test_the_budget_shrinks_so_that_the_whole_run_ends_in_time(
    slow: dict[str, Any],
) -> None:
    left = slow["budget_minutes"]
    assert left(None, 0.0) == left("0", 0.0) == slow["BUDGET_MINUTES"]
    assert left("0", 20 * 60.0) == slow["RUN_MINUTES"] - 20
    assert left("0", 100 * 60.0) == 0.0


def test_a_failing_slow_suite_fails_the_run_by_name(
    slow: dict[str, Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = suite(slow, tmp_path / "test_bad.py", 0.1, "assert False")
    assert slow["run_suites"]([bad], budget_minutes=5) == 1
    assert f"failed: {bad.target}" in capfd.readouterr().out


CROWDED = """
import os
import pytest

@pytest.mark.parametrize("at", range({failing}))
def test_crowded(at):
    assert os.path.exists(f"{folder}/ran-{{at}}") or os.mkdir(f"{folder}/ran-{{at}}")

def test_broken():
    assert {broken}
"""


@pytest.mark.parametrize(
    ("failing", "broken", "code", "said"),
    [
        (2, True, 0, "failed once, passed alone: "),
        (2, False, 1, "failed twice: "),
        (4, True, 1, "4 failed"),
    ],
)
def test_few_failures_are_run_again_alone_and_named_and_many_are_not(
    failing: int,
    broken: bool,
    *,
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    test = tmp_path / "test_crowd.py"
    test.write_text(CROWDED.format(failing=failing, folder=tmp_path, broken=broken))
    (tmp_path / "pytest.ini").touch()
    monkeypatch.chdir(tmp_path)
    assert look_twice(["-q", test.name], Limits()) == code
    out = capfd.readouterr().out
    assert said in out
    assert ("run again, alone" in out) == (failing < 4)


@pytest.mark.parametrize("line", ["soon tests/faults", "3", "3 tests/unit together"])
def test_a_line_that_is_not_minutes_and_target_is_refused(
    slow: dict[str, Any], line: str
) -> None:
    with pytest.raises(ValueError, match=r"could not convert|not MINUTES TARGET"):
        slow["read_suites"](f"{line}\n")


def test_a_suite_runs_its_slow_tests_on_two_cores_unless_words_say_else(
    slow: dict[str, Any],
) -> None:
    usual, alone, full = slow["read_suites"]("1 a\n2 b alone\n3 c all\n")
    both = ["-n", "2", "--dist", "worksteal"]
    assert slow["arguments_for"](usual)[2:] == ["-m", "slow", *both, "a"]
    assert slow["arguments_for"](alone)[2:] == ["-m", "slow", "b"]
    assert slow["arguments_for"](full)[2:] == [*both, "c"]
    assert slow["environ_for"](full)["EXAMPLES"] == "all"
    assert slow["environ_for"](usual) == dict(os.environ)


def test_a_property_has_all_examples_only_where_all_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("EXAMPLES", raising=False)
    assert examples(2000) == 250
    monkeypatch.setenv("EXAMPLES", "all")
    assert examples(2000) == 2000


def test_files_that_share_a_server_stay_with_one_worker() -> None:
    by_file = runpy.run_path(str(TESTS / "conftest.py"))["ByFile"]
    scope_of = by_file.__new__(by_file)._split_scope
    assert scope_of("tests/contract/test_a.py::test_it[x/y::z]") == "tests/contract"
    assert scope_of("tests/unit/test_a.py::test_it[x/y::z]") == "tests/unit/test_a.py"


def test_the_committed_list_can_be_read(slow: dict[str, Any]) -> None:
    suites = slow["read_suites"]((TESTS / "slow_suites.txt").read_text("utf-8"))
    assert all((TESTS.parent / one.target).exists() for one in suites)
    patient = slow["PATIENT"]
    minutes = sum(one.minutes for one in suites if patient not in one.words)
    assert minutes <= slow["BUDGET_MINUTES"], "else the last of them never run"


@pytest.mark.parametrize("update", ["true", "false"])
def test_lists_of_packages_are_fetched_before_one_is_installed(
    update: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    scripts = {
        "apt-get": f'echo "$@" >>{log}; case "$1" in update) {update};; esac',
        "id": "echo 0",
    }
    for name, body in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "dirname").symlink_to(str(shutil.which("dirname")))
    done = subprocess.run(
        ["/bin/sh", str(TESTS / "system_packages.sh")],
        capture_output=True,
        text=True,
        timeout=20,
        env={"PATH": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0
    first, second = log.read_text().splitlines()
    assert first.startswith("update")
    assert second.startswith("install")
    assert "openssl" in second
    assert ("apt-get update failed" in done.stderr) == (update == "false")
