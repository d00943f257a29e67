"""Ctrl-C before anything is imported: one line, the documented code, no traceback."""

import subprocess
import sys

import pytest

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
        ("crawlers.crawl.start", "crawlers.crawl.child", ""),
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
