"""First in PYTHONPATH: the command and its children take their clock from a file.

The file holds seconds to add to this machine's clock; whoever replaces it sets the
clock of all of them. Entry points read the clock in `archive.cli.root` alone.
"""

import os
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

CLOCK_VARIABLE = "TEST_CLOCK_FILE"


class SetClock(datetime):
    """`datetime` whose `now` is that of the file."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        offset = float(Path(os.environ[CLOCK_VARIABLE]).read_text())
        return datetime.now(tz or UTC) + timedelta(seconds=offset)


if CLOCK_VARIABLE in os.environ:
    from archive.cli import root

    vars(root)["datetime"] = SetClock
