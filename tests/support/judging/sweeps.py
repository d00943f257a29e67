"""How long the long sweeps are: sampled on a build server, whole where it is asked for.

`FULL_SWEEPS=1 pytest -m slow FILE` makes every round that the bars name.
"""

import os


def rounds(*, sampled: int, full: int) -> int:
    """How many rounds to make now."""
    return full if os.environ.get("FULL_SWEEPS") else sampled
