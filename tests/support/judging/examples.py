"""How many examples a property is tried with: a share every day, all in the slow run.

`EXAMPLES=all pytest tests/property` is what `tests/slow_suites.txt` runs with `all`.
"""

import os

VARIABLE = "EXAMPLES"
ALL = "all"
EVERYDAY_SHARE = 8
"""One of so many: enough to find a broken format, seconds instead of minutes."""


def examples(count: int) -> int:
    """How many of `count` examples this run tries."""
    return count if os.environ.get(VARIABLE) == ALL else count // EVERYDAY_SHARE
