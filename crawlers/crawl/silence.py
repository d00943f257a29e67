"""How long a child has said nothing, as far as its parent was there to hear it (pure).

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


@dataclass(slots=True)
class Silence:
    """Counts by the monotonic clock, from one look to the next."""

    looked_at: float
    seconds: float = 0.0

    def look(self, now: float, *, heard: bool) -> None:
        """Look once more; whether anything was heard since."""
        passed = min(max(0.0, now - self.looked_at), LOOK_MOST_SECONDS)
        self.looked_at = now
        self.seconds = 0.0 if heard else self.seconds + passed
