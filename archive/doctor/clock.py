"""The clock: against what the archive knows, and what the kernel says of it."""

import ctypes
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from archive.doctor.finding import Finding, good, unsafe, untold, weaker
from archive.doctor.machine import Machine
from archive.errors import EvidenceError
from archive.files import DISK
from archive.instant import format_instant
from archive.log.check import CHECKPOINT_NAME
from archive.store.anchors.anchoring import lower_bound
from archive.store.anchors.folder import list_sizes, read_anchor

SLACK = timedelta(minutes=2)
"""A clock that is behind by less is that of a laptop without a line."""
TIMEX_BYTES = 1024
"""More than `struct timex` has anywhere; all zero asks and sets nothing."""
TIME_ERROR = 5
"""What adjtimex(2) answers where the clock is not synchronised."""


def check_clock(machine: Machine) -> Iterator[Finding]:
    """A clock behind what was stamped or signed already is wrong."""
    now = machine.clock()
    known = max(_known_times(machine), default=None)
    if known is not None and known[0] - now > SLACK:
        yield unsafe(
            "clock",
            f"the clock says {format_instant(now)}, which is before {known[1]}"
            f" ({format_instant(known[0])})",
            without="one of the two clocks was wrong: captures state a wrong time, and"
            " look back-dated",
            step="set this clock, best by a time service: timedatectl set-ntp true",
        )
        return
    is_synchronised = read_kernel_clock()
    if is_synchronised is None:
        yield untold("clock", "whether a time service sets the clock")
    elif is_synchronised:
        yield good("clock", f"{format_instant(now)}, set by a time service")
    else:
        yield weaker(
            "clock",
            f"{format_instant(now)}, and the kernel says that no time service sets it",
            without="captures state the time of this clock, right or wrong",
            step="timedatectl set-ntp true, or compare it with another clock now",
        )


def _known_times(machine: Machine) -> Iterator[tuple[datetime, str]]:
    """Instants that have certainly passed, and what they are of."""
    if machine.identity is None:
        return
    yield machine.identity.created, "this archive was made"
    checkpoint = machine.paths.log / CHECKPOINT_NAME
    try:
        written = datetime.fromtimestamp(checkpoint.stat().st_mtime, UTC)
        yield written, "the newest checkpoint was written"
    except OSError:
        pass  # none yet
    try:
        sizes = list_sizes(machine.paths.anchors, DISK)
        if sizes:
            anchor = read_anchor(machine.paths.anchors, sizes[-1], DISK)
            bound = lower_bound(anchor, machine.clock())
            if bound is not None:
                yield bound.gen_time, "the newest time stamp"
    except EvidenceError:
        pass  # a damaged anchor says nothing; `verify` names it


def read_kernel_clock() -> bool | None:
    """Whether the kernel says that the clock is synchronised; None: it does not say."""
    try:
        answer = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    except (OSError, AttributeError, TypeError):
        return None
    return None if answer < 0 else answer != TIME_ERROR
