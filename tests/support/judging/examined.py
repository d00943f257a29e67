"""A machine on which all is well, for tests of `doctor` that then spoil one thing."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.doctor.finding import Finding, Outcome
from archive.doctor.machine import Machine
from tests.support.archives.archives import MadeArchive, make_archive

GOOD, WEAKER, UNSAFE = Outcome.GOOD, Outcome.WEAKER, Outcome.UNSAFE


def sound_machine(folder: Path) -> tuple[MadeArchive, Machine]:
    """An archive with keys and trust below `folder`, closed to others."""
    made = make_archive(folder)
    made.trust_folder.chmod(0o700)
    temporary = folder / "tmp"
    temporary.mkdir(mode=0o700)
    machine = Machine(
        archive=made.root,
        keys_folder_of=lambda _archive_id: made.keys_folder,
        trust=lambda: made.trust_folder,
        clock=lambda: datetime.now(UTC),
        environ={"PATH": "/usr/bin:/bin", "TMPDIR": str(temporary)},
    )
    return made, machine


def changed(machine: Machine, **fields: Any) -> Machine:
    """The same machine but for these fields."""
    return replace(machine, **fields)


def outcomes(findings: Iterable[Finding]) -> list[tuple[str, Outcome]]:
    """What was looked at, and how it is."""
    return [(one.check, one.outcome) for one in findings]


def only(findings: Iterable[Finding], outcome: Outcome) -> Finding:
    """The one finding of that outcome; each that is not good says what to do."""
    (found,) = [one for one in findings if one.outcome is outcome]
    assert outcome is GOOD or (found.without and found.step)
    return found
