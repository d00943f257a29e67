"""The command `evidence` in a process of its own, with folders of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.attest.trust.folder import read_trust
from archive.store.layout import read_identity
from archive.store.reading.reader import ArchiveReader
from archive.verify.whole.folder import verify_archive

REPOSITORY = Path(__file__).parents[3]
COMMAND = (sys.executable, "-c", "from archive.cli.root import main; main()")
SECONDS = 200
"""No test waits longer for one command; pytest's own limit is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
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

    def arguments(self, *verb: str) -> list[str]:
        """What is run for a verb."""
        return [*COMMAND, "--archive", str(self.archive), *verb]

    def run(self, *verb: str) -> "subprocess.CompletedProcess[str]":
        """Run one verb to its end; a traceback fails the test."""
        done = subprocess.run(
            self.arguments(*verb),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def start(self, *verb: str) -> "subprocess.Popen[str]":
        """Begin a verb; the test ends it."""
        return subprocess.Popen(
            self.arguments(*verb),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Program):
    """For tests that say which exit code a verb must have."""

    def rows(self, *verb: str, code: int = 0) -> list[dict[str, Any]]:
        """Run a verb that prints JSON lines and must end with that code."""
        done = self.run(*verb)
        assert done.returncode == code, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Program):
    """For tests of crawls, which look at exit codes and at what was kept."""

    @property
    def root(self) -> Path:
        """Where everything of the test lies."""
        return self.home

    def rows(self, *verb: str) -> tuple[int, list[dict[str, Any]]]:
        """Exit code of a verb, and the JSON lines that it printed."""
        done = self.run(*verb)
        lines = done.stdout.splitlines()
        return done.returncode, [json.loads(line) for line in lines]

    def verified(self) -> str:
        """What `evidence verify` would find, without a start of the command."""
        trust = read_trust(self.home / "trust", read_identity(self.archive).origin)
        return str(verify_archive(self.archive, trust=trust).outcome)

    def blocks(self) -> list[tuple[bytes, bytes]]:
        """Request and response blocks of every capture, in order."""
        reader = ArchiveReader.open(self.archive)
        reader.catch_up()
        found = []
        for capture in reader.captures():
            if capture.kind == "capture":
                recorded = reader.read_exchange(capture)
                found.append((recorded.request, recorded.response or b""))
        reader.close()
        return found
