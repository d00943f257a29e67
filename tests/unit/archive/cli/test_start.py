"""Ctrl-C before anything is imported: one line, the documented code, no traceback."""

import sqlite3
import subprocess
import sys

import pytest

from archive.cli.root import _derived_words

SCRIPT = """
import runpy, sys

class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, CtrlC())
runpy.run_module({start!r}, run_name="__main__")
"""


@pytest.mark.parametrize(
    ("start", "module", "said"),
    [
        ("archive.cli.start", "archive.cli.root", "evidence: interrupted\n"),
        ("crawlers.crawl.children.start", "crawlers.crawl.children.child", ""),
    ],
)
def test_ctrl_c_while_the_rest_is_imported_leaves_no_traceback(
    start: str, module: str, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(start=start, module=module)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", said)


def test_the_command_is_the_one_that_is_started() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "archive.cli.start", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "Usage: evidence" in done.stdout


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (sqlite3.SQLITE_FULL, "no space"),
        (sqlite3.SQLITE_BUSY, "in use"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "in use"),
        (sqlite3.SQLITE_CORRUPT, "damaged"),
        (None, "damaged"),
    ],
)
def test_what_keeps_a_derived_database_from_use_is_told_apart(
    code: int | None, said: str
) -> None:
    error = sqlite3.OperationalError("as SQLite says it")
    if code is not None:
        error.sqlite_errorcode = code
    assert said in _derived_words(error)
