"""The made-up campaign played to the real command: server, clock, kills, questions."""

import asyncio
import contextlib
import hashlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from tests.support.campaign_world import COUNT, ELECTION, RESULT, START, World

REPOSITORY = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from archive.cli.root import main; main()")
SECONDS = 300
"""For anything one waits for; a machine may be crowded."""
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


@dataclass(slots=True)
class VirtualClock:
    """The clock of this machine plus what a file says."""

    path: Path
    offset: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def set(self, to: datetime) -> None:
        """Set the clock of the command and its children."""
        self.offset = to - datetime.now(UTC)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(str(self.offset.total_seconds()))
        fresh.rename(self.path)


class WorldServer:
    """Serves the world as it is at the instant of a clock; one thread."""

    def __init__(self, world: World, clock: Any) -> None:
        self.world, self.clock = world, clock
        self.truth: timedelta = timedelta()
        """What the command's clock is wrong by: the world goes on by the right one."""
        self.asked: list[tuple[float, str, str]] = []
        """Steady time, host, path of each request."""
        self.served: dict[tuple[str, str, str], datetime] = {}
        """By host, path and digest of the body: when it was served first."""
        self.busiest: Counter[str] = Counter()
        self._talking: Counter[str] = Counter()
        """By host: requests being answered now; the most there ever were."""
        self.seconds = 0.0
        """Of each answer."""
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def now(self) -> datetime:
        return self.clock.now() - self.truth

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        async def main() -> None:
            server = await asyncio.start_server(self._talk, sock=self._listening)
            await self._stop.wait()
            server.close()
            talks = asyncio.all_tasks() - {asyncio.current_task()}
            for talk in talks:
                talk.cancel()
            await asyncio.gather(*talks, return_exceptions=True)
            await asyncio.sleep(0)  # sockets are closed in the next turn

        self._loop.run_until_complete(main())
        self._loop.close()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                    reply = await self._answer(head)
                    if reply is None:
                        break
                    writer.write(reply)
                    await writer.drain()
        finally:
            writer.close()

    async def _answer(self, head: str) -> bytes | None:
        line, *fields = head.split("\r\n")
        values = {k.lower(): v for k, _, v in (f.partition(": ") for f in fields)}
        host, path = values["host"], line.split(" ")[1]
        self.asked.append((time.monotonic(), host, path))
        self._talking[host] += 1
        self.busiest[host] = max(self.busiest[host], self._talking[host])
        try:
            await asyncio.sleep(self.seconds)
            return self._reply(host, path, values)
        finally:
            self._talking[host] -= 1

    def _reply(self, host: str, path: str, values: dict[str, str]) -> bytes | None:
        now = self.now()
        answer = self.world.answer(host, path, now)
        digest = hashlib.sha256(answer.body).hexdigest()
        self.served.setdefault((host, path, digest), now)
        if answer.status is None:
            return None
        lines = [f"Content-Type: {answer.media_type}", f"ETag: {answer.etag}"]
        status, body = answer.status, answer.body
        if status == 200 and values.get("if-none-match") == answer.etag:
            status, body = 304, b""
        lines.append(f"Content-Length: {len(body)}")
        text = "\r\n".join([f"HTTP/1.1 {status} X", *lines, "", ""])
        return text.encode("latin-1") + body


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
        watch.kill()
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        watch.wait(SECONDS)
        self.watch = None

    def kill_child(self) -> bool:
        """SIGKILL the crawling child alone; False where there is none."""
        pids = child_pids(self.process().pid)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(pids)

    def stop(self) -> int:
        """SIGTERM, as a service manager does it."""
        watch = self.process()
        watch.terminate()
        code = watch.wait(SECONDS)
        self.watch = None
        return code

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
        from_now = self.clock.now() - timedelta(seconds=SECONDS)
        deadline = time.monotonic() + SECONDS
        while True:
            event = self.events.get(timeout=max(0.1, deadline - time.monotonic()))
            assert event is not None, self.last_words()
            self._note(event)
            at = datetime.fromisoformat(event["at"])
            if event["event"] == "waiting" and from_now <= at <= self.clock.now():
                return

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
