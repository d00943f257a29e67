"""The browser on this machine: where it is, what it is called, what runs of it."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archive.errors import SettingsError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
VERSION_SECONDS = 20
"""For a program to say its version; a cold disk takes a few."""
_VERSION = re.compile(r"\b([0-9]{2,4})(?:\.[0-9]+){1,3}\b")
_PLATFORMS = {"darwin": "Macintosh; Intel Mac OS X 10_15_7"}
_OTHER_PLATFORM = "X11; Linux x86_64"
"""Browsers name these two whatever the machine really is."""
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH")
"""Of the environment, all that a browser needs; none of it names the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A Chromium of this machine."""

    path: Path
    user_agent: str


def find_program(environ: Mapping[str, str]) -> Program:
    """Find Chromium and its driver; SettingsError naming what to install."""
    if importlib.util.find_spec("playwright") is None:
        raise SettingsError(
            "pages need the Python package playwright; install it:"
            " pip install --require-hashes -r requirements/browser.txt"
        )
    search = environ.get("PATH", os.defpath)
    found = [path for name in PROGRAMS if (path := shutil.which(name, path=search))]
    if not found:
        raise SettingsError(
            f"pages need a browser and none of {', '.join(PROGRAMS)} is on PATH;"
            " install one: on Debian the package chromium"
        )
    return Program(path=Path(found[0]), user_agent=read_user_agent(found[0], environ))


def read_user_agent(program: str, environ: Mapping[str, str]) -> str:
    """The name this very browser gives itself with a window, see ADR 0008."""
    try:
        done = subprocess.run(  # noqa: S603 - a program found on PATH, no argument of ours
            [program, "--version"],
            env=clean_environment(environ, home=os.devnull),
            capture_output=True,
            timeout=VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SettingsError(f"{program} does not start: {error}") from error
    version = _VERSION.search(done.stdout.decode("utf-8", "replace"))
    if version is None:
        raise SettingsError(f"{program} --version names no version; is it Chromium?")
    platform = _PLATFORMS.get(sys.platform, _OTHER_PLATFORM)
    return (
        f"Mozilla/5.0 ({platform}) AppleWebKit/537.36 (KHTML, like Gecko)"
        f" Chrome/{version[1]}.0.0.0 Safari/537.36"
    )


def clean_environment(environ: Mapping[str, str], *, home: str) -> dict[str, str]:
    """An environment that tells a page nothing of this machine and its user."""
    kept = {name: environ[name] for name in PASSED_ON if name in environ}
    return {**kept, "HOME": home, "TMPDIR": home, "TZ": "UTC", "LANG": "C.UTF-8"}
