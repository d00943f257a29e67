"""Killed at a write, sync or rename, a run loses nothing that it told, and goes on.

The command runs under strace over a copy of a fresh archive; the second run is not
killed, and must bring what is left. `FULL_SWEEPS=1` makes all 150 kills of each verb.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Protocol

import pytest

from archive.attest.trust.folder import read_trust
from archive.capture import CaptureOutcome
from archive.digest import Digest
from archive.store.layout import read_identity
from archive.store.reading.reader import ArchiveReader
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.capturing.sources import IGNORE_ROBOTS, host_tables, source_head
from tests.support.disk.strace import (
    Kill,
    assert_nearly_all,
    counted,
    has_hit,
    most_calls,
    run,
    spread,
    traced,
)
from tests.support.judging.sweeps import rounds
from tests.support.programs.command import COMMAND, Command
from tests.support.servers.pages import Pages, serve_pages

SECONDS = 60
WORKERS = 2
HOSTS = [f"h{number}.example" for number in range(4)]
SOURCE = (
    source_head()
    + """parts = "none"

{hosts}

[[seed]]
url = "http://h0.example/links/{count}"
spider = "page"

[[scope]]
path = '/links/.*'
action = "follow"

[[scope]]
path = '/page/.*'
action = "fetch"

[limits]
delay_ms = 0
concurrency = 4
"""
    + IGNORE_ROBOTS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a run said of itself before it ended."""

    code: int
    ids: dict[str, str]
    """Capture ids by address, where the verb prints them."""
    captured: int
    """Captures that it counted aloud."""
    said: str
    """On standard error."""


class Verb(Protocol):
    """One way to capture so many pages, again and again until they are there."""

    def command(self, over: Command, left: list[str]) -> list[str]:
        """The command line for the addresses that are left."""
        ...

    def read(self, code: int, out: bytes, err: bytes) -> Told:
        """Understand what it printed."""
        ...


class ByList:
    """`evidence capture --from`: each acknowledged capture is a line."""

    def command(self, over: Command, left: list[str]) -> list[str]:
        listed = over.archive.with_suffix(".urls")
        listed.write_text("\n".join(left))
        return ["capture", "--from", str(listed), "--json", "--parts", "none"]

    def read(self, code: int, out: bytes, err: bytes) -> Told:
        whole = out.rpartition(b"\n")[0].splitlines()
        rows = [json.loads(line) for line in whole]
        return Told(
            code=code,
            ids={row["uri"]: row["id"] for row in rows},
            captured=len(rows),
            said=err.decode(),
        )


class BySource:
    """`evidence crawl`: what is acknowledged is counted in its lines of progress."""

    def __init__(self, count: int) -> None:
        self.count = count

    def command(self, over: Command, left: list[str]) -> list[str]:
        folder = over.home / "sources"
        folder.mkdir(exist_ok=True)
        text = SOURCE.format(hosts=host_tables(HOSTS), count=self.count)
        (folder / "outlet.toml").write_text(text)
        return ["crawl", "outlet", "--sources", str(folder)]

    def read(self, code: int, out: bytes, err: bytes) -> Told:
        counts = [
            int(line.split()[1])
            for line in err.decode().splitlines()
            if line.startswith("outlet: ") and " captured, " in line
        ]
        return Told(
            code=code, ids={}, captured=max(counts, default=0), said=err.decode()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Killing:
    """A verb under strace, over copies of an archive that was just made."""

    command: Command
    strace: Path
    pages: Pages
    urls: list[str]
    verb: Verb

    def run(self, over: Command, left: list[str], *under: str) -> Told:
        """Run the verb for what is left, beneath a tracer if one is given."""
        leads = [
            argument
            for host in HOSTS
            for argument in ("--connect-to", f"{host}:80=127.0.0.1:{self.pages.port}")
        ]
        done = run(
            [
                *(*under, *COMMAND, "--archive", str(over.archive)),
                *(*self.verb.command(over, left), *leads),
            ],
            environ=over.environment(),
            seconds=SECONDS,
        )
        return self.verb.read(done.returncode, done.stdout, done.stderr)

    def copy(self, name: str) -> Command:
        """A fresh archive under that name."""
        root = self.command.home / "runs" / name
        shutil.copytree(self.command.archive, root)
        home = root.with_suffix(".home")
        for folder in self.command.home.iterdir():
            if folder.name not in ("archive", "runs") and folder.is_dir():
                shutil.copytree(folder, home / folder.name)
        return replace(self.command, home=home, archive=root)

    def count(self) -> dict[str, int]:
        """Calls of a run that nobody kills."""
        log = self.command.home / "calls"
        over = self.copy("counted")
        told = self.run(over, self.urls, *counted(self.strace, log))
        assert told.code == 0, told.said
        shutil.rmtree(over.archive)
        shutil.rmtree(over.home)
        return most_calls(log)

    def kill_once(self, place: int, kill: Kill) -> int:
        """Kill at that call, or earlier in a run that comes to fewer calls.

        How many there are depends on which captures came together in a group. Returns
        at how many percent of the call's number the kill hit, 0 if it never did.
        """
        for percent in (100, 75, 50):
            nearer = replace(kill, number=max(1, kill.number * percent // 100))
            if self.kill_and_resume(f"{place}-{percent}", nearer):
                return percent
        return 0

    def kill_and_resume(self, name: str, kill: Kill) -> bool:
        """Kill a run, go on, judge; whether the kill hit."""
        over = self.copy(name)
        log = over.archive.with_suffix(".calls")
        killed = self.run(over, self.urls, *traced(self.strace, kill, log))
        before = self.seen_after(over, killed, kill)
        left = [url for url in self.urls if url not in killed.ids]
        if left:
            again = self.run(over, left)
            assert again.code == 0, (kill, again.said)
        else:  # all was told: only what stands behind it is left to be logged
            logged = over.run("checkpoint")
            assert logged.returncode == 0, (kill, logged.stderr)
        trust = read_trust(over.home / "trust", read_identity(over.archive).origin)
        report = verify_archive(over.archive, trust=trust)
        assert report.outcome is Outcome.VERIFIED, (kill, [*report.of(Outcome.FAILED)])
        found = whole_captures(over.archive, killed, kill)
        assert before.items() <= found.items(), kill
        assert set(self.urls) <= set(found.values()), kill
        shutil.rmtree(over.archive)
        hit = has_hit(log)
        shutil.rmtree(over.home)
        return hit

    def seen_after(self, over: Command, killed: Told, kill: Kill) -> dict[str, str]:
        """What a reader sees that comes before any recovery; it reads a copy."""
        root = over.archive.with_suffix(".seen")
        shutil.copytree(over.archive, root)
        found = whole_captures(root, killed, kill)
        shutil.rmtree(root)
        return found


def whole_captures(root: Path, told: Told, kill: Kill) -> dict[str, str]:
    """Address by capture id; all that was told must be there, byte for byte."""
    reader = ArchiveReader.open(root)
    try:
        found = {
            capture.capture_id: capture
            for capture in reader.captures()
            if capture.outcome is CaptureOutcome.COMPLETE
        }
        assert len(found) >= told.captured, kill
        for uri, capture_id in told.ids.items():
            assert found[capture_id].target_uri == uri, kill
            with reader.open_slice(found[capture_id]) as stream:
                assert Digest.of_stream(stream).hex == capture_id, kill
    finally:
        reader.close()
    return {capture_id: capture.target_uri for capture_id, capture in found.items()}


@pytest.fixture(scope="module")
def killing(
    tmp_path_factory: pytest.TempPathFactory, require_program: Callable[[str], Path]
) -> Iterator[Callable[..., Killing]]:
    strace = require_program("strace")
    home = tmp_path_factory.mktemp("killed")
    command = Command(home=home, archive=home / "archive")
    assert command.run("init", "--name", "Observers of a test").returncode == 0

    def make(verb: str, count: int) -> Killing:
        """A run of so many addresses, over several hosts at once."""
        paths = [f"http://{HOSTS[n % len(HOSTS)]}/page/{n}" for n in range(count - 1)]
        urls = [f"http://{HOSTS[0]}/links/{count}", *paths]
        verbs: dict[str, Verb] = {"capture": ByList(), "crawl": BySource(count)}
        return Killing(
            command=command, strace=strace, pages=pages, urls=urls, verb=verbs[verb]
        )

    with serve_pages(HOSTS) as pages:
        yield make


def sweep(killing: Killing, *, kills: int) -> None:
    """Each kill over an archive of its own: nearly all hit, half where they should.

    A run that makes fewer calls than that is killed at some of them again: which
    captures stand at a call differs from run to run.
    """
    points = list(islice(cycle(spread(killing.count(), kills)), kills))
    with ThreadPoolExecutor(WORKERS) as pool:
        hits = list(pool.map(killing.kill_once, range(kills), points))
    assert len(hits) == kills
    assert_nearly_all([percent > 0 for percent in hits])
    assert 2 * hits.count(100) >= kills, hits


@pytest.mark.parametrize(("verb", "kills"), [("capture", 4), ("crawl", 2)])
def test_R1_a_killed_run_over_60_pages_goes_on(
    killing: Callable[..., Killing], verb: str, kills: int
) -> None:
    sweep(killing(verb, 60), kills=kills)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("verb", ["capture", "crawl"])
def test_R1_a_run_over_200_pages_is_killed_all_along(
    killing: Callable[..., Killing], verb: str
) -> None:
    sweep(killing(verb, 200), kills=rounds(sampled=20, full=150))
