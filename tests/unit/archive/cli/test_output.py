"""Standard output in any locale, and where nobody reads it any more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = "решение суда, Łódź, é, \U0001f5f3, \udcff"
SPEAK = f"""
from archive.cli.output import print_json, print_table, speak_any_locale
speak_any_locale()
print_table(("words",), [({TEXT!r},)])
print_json({{"words": {TEXT!r}}})
"""
WATCH = """
import sys
from archive.cli.output import echo_if_read, end_output
sys.stdin.readline()
for number in range(2000):
    echo_if_read(f"line {number} of a watch that goes on")
end_output()
print("done", file=sys.stderr)
"""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1251", "koi8-r", "utf-8"])
def test_text_that_a_locale_cannot_write_is_escaped_and_an_object_stays_one(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    done = subprocess.run(
        [sys.executable, "-c", SPEAK], capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")
    try:
        said = done.stdout.decode(encoding)
    except UnicodeDecodeError:  # click writes UTF-8 where it is told of ASCII alone
        said = done.stdout.decode("utf-8", "surrogateescape")
    table, line = said.splitlines()
    assert table.startswith(("решение", "\\u0440"))
    told = json.loads(line)["words"]
    assert told.replace("\ufffd", "\udcff").replace("?", "\udcff") == TEXT


def test_lines_that_nobody_reads_any_more_end_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WATCH],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as watching:
        assert watching.stdout is not None
        watching.stdout.close()
        _out, err = watching.communicate(b"\n", timeout=60)
    assert (watching.returncode, err) == (0, b"done\n")


def test_a_full_disk_below_the_log_ends_nothing() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", WATCH],
            input=b"\n",
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (0, b"done\n")
