"""Work that waits: unsigned captures, jobs that were never closed; the settings."""

from collections.abc import Iterator

from archive.doctor.finding import Finding, good, untold, weaker
from archive.doctor.lookup import FAR_BEHIND, open_lookup
from archive.doctor.machine import Machine
from archive.store.waiting.files import list_waiting


def check_settings(machine: Machine) -> Iterator[Finding]:
    """Settings file and environment, as every command reads them."""
    if machine.settings_problem is None:
        yield good("settings", "sound")
        return
    yield weaker(
        "settings",
        machine.settings_problem,
        without="no other command runs",
        step="correct what is named (docs/settings.md)",
        is_needed=True,
    )


def check_waiting(machine: Machine) -> Iterator[Finding]:
    """Captures that were made without a key."""
    if machine.identity is None:
        return
    if not machine.can_list(machine.paths.spool):
        yield untold("unsigned", "the spool of the archive cannot be read")
        return
    if not list_waiting(machine.paths.spool):
        yield good("unsigned", "nothing waits to be signed")
        return
    yield weaker(
        "unsigned",
        "captures wait unsigned in the spool",
        without="nobody vouches for them, and they are not found",
        step="`evidence list --waiting`, then `evidence sign`",
    )


def check_jobs(machine: Machine) -> Iterator[Finding]:
    """Jobs that were opened and not closed."""
    if machine.identity is None:
        return
    if machine.is_written:
        yield good("jobs", "a command writes to the archive right now")
        return
    with open_lookup(machine) as catalog:
        if catalog is None:
            yield untold("jobs", FAR_BEHIND)
            return
        unclosed = len(catalog.jobs.unclosed())
    if unclosed:
        yield weaker(
            "jobs",
            f"{unclosed} jobs were killed and never closed",
            without="what they did not reach is not stated",
            step="`evidence checkpoint` closes them",
        )
    else:
        yield good("jobs", "every job was closed")
