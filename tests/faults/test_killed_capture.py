"""A capture killed at a write, sync or rename loses nothing that it had printed."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from archive.attest.trust import read_trust
from archive.digest import Digest
from archive.store.layout import read_identity
from archive.store.reader import ArchiveReader
from archive.verify.folder import verify_archive
from archive.verify.report import Outcome
from tests.support.command import COMMAND, Command
from tests.support.pages import Pages, serve_pages

KILLED = -9
SECONDS = 60
RENAMES = 6
"""Files that get their name at the end of a capture: entries, tile, checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """SIGKILL when a thread enters that system call for that time."""

    call: str
    number: int


def spread(calls: int, kills: int) -> list[Kill]:
    """Kills at writes, syncs and renames, evenly over a run that makes so many."""
    points = [
        Kill(call="rename", number=n + 1) for n in range(min(RENAMES, kills // 4))
    ]
    each = (kills - len(points)) // 2
    for call in ("fsync", "write"):
        points += [Kill(call=call, number=1 + n * calls // each) for n in range(each)]
    return points


@dataclass(frozen=True, slots=True, kw_only=True)
class Killing:
    """The command under strace, over a copy of an archive that was just made."""

    command: Command
    strace: Path
    pages: Pages

    def run(self, urls: list[str], kill: Kill | None) -> tuple[int, dict[str, str]]:
        """Capture; exit code, and capture ids by address as printed in whole lines."""
        listed = self.command.home / "urls"
        listed.write_text("\n".join(urls))
        inject = f"{kill.call}:signal=SIGKILL:when={kill.number}" if kill else ""
        traced = (
            [
                *(str(self.strace), "-f", "-qq", "-o", "/dev/null", "--kill-on-exit"),
                *("-e", f"trace={kill.call}", "-e", f"inject={inject}"),
            ]
            if kill
            else []
        )
        done = subprocess.run(
            [
                *(*traced, *COMMAND, "--archive", str(self.command.archive)),
                *("capture", "--from", str(listed), "--json", "--parts", "none"),
                *("--allow-network", "127.0.0.0/8"),
            ],
            env=self.command.environment(),
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
        whole = done.stdout.rpartition(b"\n")[0].splitlines()
        rows: list[dict[str, Any]] = [json.loads(line) for line in whole]
        return done.returncode, {row["uri"]: row["id"] for row in rows}

    def kill_and_resume(self, kill: Kill, urls: list[str]) -> int:
        """Kill a run over a fresh copy, resume it, judge; how the killed one ended."""
        root = self.command.home / "run"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.command.archive, root)
        over = replace(self, command=replace(self.command, archive=root))
        code, told = over.run(urls, kill)
        left = [url for url in urls if url not in told]
        if left:
            resumed, more = over.run(left, None)
            assert resumed == 0, kill
            told |= more
        assert told.keys() == set(urls), kill
        judge(root, self.command, told, kill)
        return code


def judge(root: Path, command: Command, told: dict[str, str], kill: Kill) -> None:
    """VERIFIED, and each printed capture is there, byte for byte."""
    trust = read_trust(command.home / "trust", read_identity(root).origin)
    report = verify_archive(root, trust=trust)
    assert report.outcome is Outcome.VERIFIED, (kill, list(report.of(Outcome.FAILED)))
    reader = ArchiveReader.open(root)
    try:
        for uri, capture_id in told.items():
            capture = reader.get_capture(capture_id)
            assert capture.target_uri == uri
            with reader.open_slice(capture) as stream:
                assert Digest.of_stream(stream).hex == capture_id, kill
    finally:
        reader.close()


@pytest.fixture
def killing(
    tmp_path: Path, require_program: Callable[[str], Path]
) -> Iterator[Killing]:
    strace = require_program("strace")
    command = Command(home=tmp_path, archive=tmp_path / "archive")
    assert command.run("init", "--name", "Observers of a test").returncode == 0
    with serve_pages() as pages:
        yield Killing(command=command, strace=strace, pages=pages)


def sweep(killing: Killing, *, urls: int, kills: int) -> None:
    """Each kill over an archive of its own; nearly all of them must have hit."""
    codes = [
        killing.kill_and_resume(kill, killing.pages.urls(urls))
        for kill in spread(2 * urls, kills)
    ]
    assert len(codes) - codes.count(0) >= kills - 2


def test_R1_a_killed_capture_of_60_pages_is_resumed(killing: Killing) -> None:
    sweep(killing, urls=60, kills=8)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_R1_a_capture_of_200_pages_is_killed_150_times(killing: Killing) -> None:
    sweep(killing, urls=200, kills=150)
