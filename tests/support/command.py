"""The command `evidence` in a process of its own, with folders of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from archive.cli.root import main; main()")
SECONDS = 200
"""No test waits longer for one command; pytest's own limit is 300 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """The command over one archive; keys, trust and settings below `home`."""

    home: Path
    archive: Path
    trust: Path | None = None
    """Trust folder, where it is not the one `init` fills."""

    def environment(self) -> dict[str, str]:
        """The one of the test, without its own folders and settings of ours."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("EVIDENCE_")}
        folders = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HOME")
        return {
            **kept,
            **{name: str(self.home / name.lower()) for name in folders},
            "PYTHONPATH": str(REPOSITORY),
            "EVIDENCE_TRUST_DIR": str(self.trust or self.home / "trust"),
        }

    def run(self, *verb: str) -> "subprocess.CompletedProcess[str]":
        """Run one verb to its end; a traceback fails the test."""
        done = subprocess.run(
            [*COMMAND, "--archive", str(self.archive), *verb],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def rows(self, *verb: str, code: int = 0) -> list[dict[str, Any]]:
        """Run a verb that prints JSON lines and must end with that code."""
        done = self.run(*verb)
        assert done.returncode == code, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]
