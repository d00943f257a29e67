"""The command `evidence` inside this process: fast, its errors and exit codes real."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from unittest.mock import patch

import pytest

from archive.cli.root import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


def call(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> Done:
    """Run the command line; whatever is no SystemExit would be a traceback: it fails.

    The umask that the command sets is put back.
    """
    capsys.readouterr()
    umask = os.umask(0o077)
    try:
        with (
            patch.object(sys, "argv", ["evidence", *arguments]),
            pytest.raises(SystemExit) as ended,
        ):
            main()
    finally:
        os.umask(umask)
    captured = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    return Done(code=code, out=captured.out, err=captured.err)
