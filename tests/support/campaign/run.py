"""The made-up campaign played to the real command: its files, its clock, its kills."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.campaign.server import VirtualClock, WorldServer
from tests.support.campaign.world import COUNT, ELECTION, RESULT, START, World

REPOSITORY = Path(__file__).parents[3]
COMMAND = (sys.executable, "-c", "from archive.cli.root import main; main()")
SECONDS = 300
"""For anything one waits for; a machine may be crowded."""
LOOK_SECONDS = 0.02
"""Between two looks at what the server was asked."""
SOURCE_FILE = """\
id = "{name}"
title = "{name}"
publisher = "Simulator"
group = "{group}"
jurisdiction = "BY"
languages = ["be"]
confidence = "verified"
timezone = "Europe/Minsk"
parts = "none"

[[host]]
name = "{host}"
role = "main"
known = "made for the tests"

[[seed]]
url = "http://{host}/"
spider = "listing"
item = "li"

[[seed]]
url = "http://{host}/election"
spider = "page"

[[scope]]
path = '/(news/[0-9]+|election)?'
action = "fetch"

[schedule]
every = "{calm}"
jitter = "{jitter}"
recheck = ["{recheck}"]

[schedule.phases]
election-day = "{day}"
counting = "{night}"

[limits]
delay_ms = {delay_ms}
concurrency = 2
"""
CAMPAIGN_FILE = """\
title = "Simulated election"
sources = [{names}]

[[phase]]
name = "election-day"
from = {election}
until = {count}

[[phase]]
name = "counting"
from = {count}
until = {result}
"""


@dataclass(slots=True, kw_only=True)
class CampaignRun:
    """One archive, one watch over all sources of a world, one clock."""

    root: Path
    world: World
    server: WorldServer
    clock: VirtualClock
    calm: str = "1d"
    day: str = "2h"
    night: str = "10m"
    jitter: str = "10m"
    recheck: str = "3d"
    delay_ms: int = 0
    jobs: int = 8
    watch: "subprocess.Popen[str] | None" = None
    events: "queue.Queue[dict[str, Any] | None]" = field(default_factory=queue.Queue)
    crawled: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("EVIDENCE_")}
        clocked = REPOSITORY / "tests" / "support" / "clocked"
        return {
            **kept,
            "PYTHONPATH": f"{clocked}{os.pathsep}{REPOSITORY}",
            "TEST_CLOCK_FILE": str(self.clock.path),
            "EVIDENCE_TRUST_DIR": str(self.root / "trust"),
            "XDG_DATA_HOME": str(self.root / "data"),
        }

    def run(self, *verb: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*COMMAND, "--archive", str(self.archive), *verb],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    def prepare(self) -> None:
        """Write sources and campaign, make the archive, set the clock."""
        folder = self.root / "sources"
        folder.mkdir()
        for source in self.world.sources.values():
            text = SOURCE_FILE.format(
                name=source.name,
                host=source.host,
                group="official" if source.official else "independent",
                calm=self.calm,
                jitter=self.jitter,
                recheck=self.recheck,
                day=self.day,
                night=self.night if source.official else self.day,
                delay_ms=self.delay_ms,
            )
            (folder / f"{source.name}.toml").write_text(text)
        names = ", ".join(f'"{s.name}"' for s in self.world.sources.values())
        (self.root / "campaign.toml").write_text(
            CAMPAIGN_FILE.format(
                names=names,
                election=ELECTION.isoformat(),
                count=COUNT.isoformat(),
                result=RESULT.isoformat(),
            )
        )
        self.clock.set(START)
        done = self.run("init", "--name", "Simulated campaign")
        assert done.returncode == 0, done.stderr

    def choice(self) -> list[str]:
        """Arguments of `watch` and `crawl --due`: campaign, sources, hosts."""
        to = f"127.0.0.1:{self.server.port}"
        return [
            *("--campaign", str(self.root / "campaign.toml")),
            *("--sources", str(self.root / "sources")),
            *("--jobs", str(self.jobs)),
            *(f"--connect-to={host}:80={to}" for host in self.world.sources),
        ]

    def start(self) -> None:
        """Start the real command."""
        with self.words_path.open("a") as words:
            self.watch = subprocess.Popen(
                [
                    *(*COMMAND, "--archive", str(self.archive)),
                    *("watch", "--json", *self.choice()),
                ],
                env=self.environment(),
                stdout=subprocess.PIPE,
                stderr=words,
                text=True,
            )
        self.events = queue.Queue()
        threading.Thread(
            target=_read_events, args=(self.watch, self.events), daemon=True
        ).start()

    def kill(self, *, child_too: bool = False) -> None:
        """SIGKILL the command, and perhaps its crawling child; wait for the end."""
        watch = self.process()
        children = child_pids(watch.pid) if child_too else []
        assert children or not child_too, "there is no child to kill"
        watch.kill()
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        watch.wait(SECONDS)
        self.watch = None

    def kill_child(self) -> None:
        """SIGKILL the crawling child alone."""
        pids = child_pids(self.process().pid)
        assert pids, "there is no child to kill"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, as a service manager does it; what is being answered may end."""
        watch = self.process()
        watch.terminate()
        self.server.held = False
        code = watch.wait(SECONDS)
        self.watch = None
        return code

    def begin(self, instant: datetime) -> bool:
        """Set the clock, and hold the first answers back: the round is in its midst.

        False where nothing was due. Until `go_on` no job can end well.
        """
        self.server.held = True
        before = len(self.server.asked)
        self.set_clock(instant)
        began = self._listen(until=lambda: len(self.server.asked) > before)
        if not began:
            self.server.held = False
        return began

    def go_on(self) -> None:
        """Answer again, start the command again, and let it do what is due."""
        self.server.held = False
        self.start()
        self.settle()

    def process(self) -> "subprocess.Popen[str]":
        assert self.watch is not None, "no watch is running"
        return self.watch

    def go_to(self, instant: datetime) -> None:
        """Set the clock, and wait until all that is due then has been crawled."""
        self.set_clock(instant)
        self.settle()

    def set_clock(self, instant: datetime) -> None:
        """Set the clock to the right time of the world, and let the watch look."""
        self.drain()
        self.clock.set(instant + self.server.truth)
        self.process().send_signal(signal.SIGCONT)

    def settle(self) -> None:
        """Wait until the watch says that it waits, by the clock as it is now."""
        self._listen(until=lambda: False)

    def _listen(self, *, until: Callable[[], bool]) -> bool:
        """Hear the watch until something is so; False if it waits before that."""
        from_now = self.clock.now() - timedelta(seconds=SECONDS)
        deadline = time.monotonic() + SECONDS
        while not until():
            assert time.monotonic() < deadline, self.last_words()
            try:
                event = self.events.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                continue
            assert event is not None, self.last_words()
            self._note(event)
            at = datetime.fromisoformat(event["at"])
            if event["event"] == "waiting" and from_now <= at <= self.clock.now():
                return False
        return True

    @property
    def words_path(self) -> Path:
        """What the command says on standard error."""
        return self.root / "watch.err"

    def last_words(self) -> str:
        """The end of it."""
        return self.words_path.read_text()[-2000:]

    def drain(self) -> None:
        """Take in the events that came meanwhile."""
        with contextlib.suppress(queue.Empty):
            while (event := self.events.get_nowait()) is not None:
                self._note(event)

    def _note(self, event: dict[str, Any]) -> None:
        self.crawled += event["event"] == "crawled"
        if event["event"] == "problem":
            self.problems.append(event["message"])


def _read_events(
    process: "subprocess.Popen[str]", events: "queue.Queue[dict[str, Any] | None]"
) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            events.put(json.loads(line))
    events.put(None)


def child_pids(pid: int) -> list[int]:
    """The children of a process."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


@contextlib.contextmanager
def open_campaign(root: Path, world: World, **how: Any) -> Iterator[CampaignRun]:
    """A prepared run; whatever happens, no process is left."""
    clock = VirtualClock(root / "clock")
    clock.set(START)
    with WorldServer(world, clock) as server:
        made = CampaignRun(root=root, world=world, server=server, clock=clock, **how)
        made.prepare()
        try:
            yield made
        finally:
            if made.watch is not None:
                for pid in [*child_pids(made.watch.pid), made.watch.pid]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                made.watch.wait(SECONDS)
