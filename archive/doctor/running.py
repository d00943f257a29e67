"""Run all checks at once, within a time; whatever goes wrong is a finding."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path

from archive.doctor.finding import Finding, Outcome, weaker
from archive.doctor.machine import Check, Machine
from archive.errors import EvidenceError

SECONDS = 8.0
"""For all checks together: a dead network share or a sick program holds nobody up."""


def examine(
    machine: Machine, checks: Mapping[str, Check], seconds: float = SECONDS
) -> list[Finding]:
    """What all checks found, the most harmful first; never raises for one of them.

    `checks`: by name, the more harmful first. One that has no answer in time is named
    so; its thread is left behind and ends with the process.
    """
    found: dict[str, list[Finding]] = {}

    def run(name: str, check: Check) -> None:
        found[name] = _run_one(name, check, machine)

    threads = [
        threading.Thread(target=run, args=one, daemon=True) for one in checks.items()
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    told = [one for name in checks for one in found.get(name, [_late(name, seconds)])]
    return sorted(told, key=_rank)


def exit_code(findings: list[Finding]) -> int:
    """3 something is unsafe, 1 something needed is missing, 0 neither."""
    if any(one.outcome is Outcome.UNSAFE for one in findings):
        return 3
    return 1 if any(one.is_needed for one in findings) else 0


def _run_one(name: str, check: Check, machine: Machine) -> list[Finding]:
    try:
        return list(check(machine))
    except (EvidenceError, OSError) as error:
        why = _place(error) if isinstance(error, OSError) else f"{error}"
    except Exception as error:  # noqa: BLE001  the other checks are worth more than this
        why = f"{type(error).__name__}, a fault of this program: please report it"
    return [
        weaker(
            name,
            f"cannot be looked at ({why})",
            without="it may be well or not",
            step="mend what is named, then run `evidence doctor` again",
        )
    ]


def _place(error: OSError) -> str:
    """Where it went wrong; of a key its folder alone."""
    if not isinstance(error.filename, str):
        return f"{error.strerror}"
    path = Path(error.filename)
    return f"{path.parent if path.suffix == '.pem' else path}: {error.strerror}"


def _late(name: str, seconds: float) -> Finding:
    return weaker(
        name,
        f"gave no answer within {seconds:g} seconds",
        without="a disk, a share or a program hangs",
        step="run `evidence doctor` again; if it stays so, look at disks and shares",
    )


def _rank(finding: Finding) -> tuple[int, bool]:
    return list(Outcome).index(finding.outcome), not finding.is_needed
