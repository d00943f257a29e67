"""How long a child has said nothing, and whether that is too long (pure).

A parent that was stopped itself, or whose machine slept, has heard nothing either: the
time between two looks counts for little more than the looks are apart.
"""

from dataclasses import dataclass
from typing import Final

LOOK_SECONDS: Final = 1.0
"""Between two looks at the clock, which may have been set meanwhile."""
LOOK_MOST_SECONDS: Final = 2 * LOOK_SECONDS
"""What one look counts for at most."""
STUCK_SECONDS: Final = 180.0
"""A child that gives no sign of life for so long is stuck: no page that a spider reads,
and no disk that is merely slow, keeps its loop for so long."""
ASKED_SECONDS: Final = 10.0
"""The same once it was asked to end: five beats. A person waits for it, perhaps in
danger, and nothing acknowledged is lost where it was only slow."""
CUT_SECONDS: Final = 5.0
"""Asked twice, it has so long to keep what it received so far, alive or not."""


@dataclass(slots=True)
class Silence:
    """Counts by the monotonic clock, from one look to the next."""

    looked_at: float
    seconds: float = 0.0
    """Since the last sign of life, or since it was asked to end."""
    asked: int = 0
    """How often it was asked to end."""
    since_asked: float = 0.0

    def look(self, now: float, *, heard: bool) -> None:
        """Look once more; whether anything was heard since."""
        passed = min(max(0.0, now - self.looked_at), LOOK_MOST_SECONDS)
        self.looked_at = now
        self.seconds = 0.0 if heard else self.seconds + passed
        self.since_asked += passed

    def ask(self) -> None:
        """It is asked to end, once more."""
        self.asked += 1
        self.seconds = self.since_asked = 0.0

    def is_too_long(self) -> bool:
        """Whether nobody waits for it any more."""
        if self.asked < 2:
            return self.seconds >= (ASKED_SECONDS if self.asked else STUCK_SECONDS)
        return self.asked > 2 or self.since_asked >= CUT_SECONDS
