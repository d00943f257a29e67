"""Python, the packages of this program, and openssl for whoever checks a bundle."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from archive.doctor.finding import Finding, good, weaker
from archive.doctor.machine import Machine
from archive.version import SOFTWARE, VERSION

DISTRIBUTION = SOFTWARE.partition("/")[0]
INSTALL = "install it again, whole: make setup"
OPENSSL_SECONDS = 5
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_AT_LEAST = re.compile(r">=\s*([0-9.]+)")
_OPENSSL = re.compile(r"OpenSSL [3-9]")
"""As verify.sh demands it."""


def check_python(_: Machine) -> Iterator[Finding]:
    """The version that runs, against the one that is asked for."""
    wanted = _AT_LEAST.search(metadata(DISTRIBUTION)["Requires-Python"] or "")
    runs = sys.version_info[:3]
    says = f"Python {'.'.join(map(str, runs))}, version {VERSION} of this program"
    if wanted is None or runs >= _numbers(wanted[1]):
        yield good("python", says)
        return
    yield weaker(
        "python",
        says,
        without=f"{wanted[1]} or newer is needed",
        step=f"install Python {wanted[1]}, then make setup",
        is_needed=True,
    )


def check_packages(_: Machine) -> Iterator[Finding]:
    """Every package that is needed, in a version that is new enough."""
    wanted = _wanted()
    missing = [name for name in wanted if _find_version(name) is None]
    old = [
        f"{name} {found}"
        for name, least in wanted.items()
        if (found := _find_version(name)) is not None and _numbers(found) < least
    ]
    if not missing and not old:
        yield good("packages", f"all {len(wanted)} Python packages are there")
        return
    yield weaker(
        "packages",
        "Python packages are missing or too old: " + ", ".join([*missing, *old]),
        without="some commands will stop in the middle",
        step=INSTALL,
        is_needed=True,
    )


def check_openssl(machine: Machine) -> Iterator[Finding]:
    """The one program that whoever checks a bundle without us needs."""
    says = _openssl_version(machine.environ)
    if says is not None and _OPENSSL.match(says):
        yield good("openssl", says)
        return
    yield weaker(
        "openssl",
        "there is no openssl" if says is None else f"{says or 'openssl'} is too old",
        without="verify.sh of a bundle does not run here; its readers need it",
        step="install OpenSSL 3.0 or newer: on Debian the package openssl",
    )


def _openssl_version(environ: Mapping[str, str]) -> str | None:
    program = shutil.which("openssl", path=environ.get("PATH"))
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603  a program found by its name
            [program, "version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=OPENSSL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return " ".join(done.stdout.decode("ascii", "replace").split()[:2])


def _wanted() -> dict[str, tuple[int, ...]]:
    """Names and least versions of what is needed, without the extras."""
    found = {}
    for line in requires(DISTRIBUTION) or ():
        name, least = _NAME.match(line), _AT_LEAST.search(line)
        if name is not None and "extra ==" not in line:
            found[name[0]] = _numbers(least[1]) if least else ()
    return found


def _find_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _numbers(written: str) -> tuple[int, ...]:
    """The leading numbers of a version: 3.1.3 of "3.1.3rc1"."""
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", written)
    return tuple(map(int, found[0].split("."))) if found else ()
