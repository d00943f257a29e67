"""A child that hangs is noticed, ended, told of; other sources go on, jobs say so."""

import asyncio
import re
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.digest import format_short_id
from archive.errors import FetchFailed
from archive.store.reading.reader import ArchiveReader
from archive.store.recovery.stuck import note_stuck, stuck_jobs
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from crawlers.crawl import kept, process, run, silence
from crawlers.crawl.children import pulse as pulses
from crawlers.crawl.children.pulse import Pulse
from crawlers.crawl.order import CrawlOrder
from crawlers.crawl.roster import Roster
from crawlers.crawl.silence import LOOK_MOST_SECONDS, Silence
from crawlers.crawl.watch import Tools, Watch, WatchPlan
from crawlers.sources.campaign import NO_CAMPAIGN
from crawlers.sources.registry import read_registry
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.archives.values import opening_of

NOW = datetime(2030, 1, 10, 12, tzinfo=UTC)
REGISTRY = read_registry()
JOB = format_short_id(bytes(range(16)))
RESULT = {
    "job_id": JOB,
    **dict.fromkeys(("captures", "failures", "items", "taken_over"), 0),
    "received_bytes": 0,
    "seeds": [],
    "signals": {},
    "classes": {},
    "expectations": [],
}
CHILD = f"""
import json, sys, time
result = {RESULT!r}
def say(**message):
    print(json.dumps(message), flush=True)
for line in sys.stdin:
    if line == "end\\n":
        break
    order = json.loads(line)
    if order["closes_only"]:
        say(opened=True)
        continue
    source_id = order["source_id"]
    say(beat=True)
    say(job_id={JOB!r}, source_id=source_id)
    if source_id == "baj":
        time.sleep(60)
    say(result={{**result, "source_id": source_id}})
"""
"""A child that hangs in one source; the others that were sent before it are lost."""
IDLE_BEATS = """
import threading
def beat():
    while True:
        time.sleep(0.05)
        say(beat=True)
threading.Thread(target=beat, daemon=True).start()
"""
"""What has it beat all the time."""


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child of three lines of Python, which a crowded machine starts in a second."""
    monkeypatch.setattr(
        process, "python_command", lambda *_: [sys.executable, "-IS", "-c", CHILD]
    )
    monkeypatch.setattr(silence, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(silence, "STUCK_SECONDS", 4.0)


def order_of(made: MadeArchive, source_id: str) -> CrawlOrder:
    return CrawlOrder(archive=made.root, keys_folder=None, source_id=source_id)


def test_a_crawl_that_hangs_is_ended_and_named(made: MadeArchive) -> None:
    with pytest.raises(FetchFailed, match="crawl of baj gave no sign of life"):
        run.run_crawl(order_of(made, "baj"))
    assert stuck_jobs(made.root / "spool") == {JOB}
    assert run.run_crawl(order_of(made, "viasna")).source_id == "viasna"


def test_a_watch_goes_on_with_the_others_and_leaves_what_hangs_by_itself(
    made: MadeArchive,
) -> None:
    told: list[dict[str, Any]] = []
    names = ("baj", "belta", "viasna")
    plan = WatchPlan(
        order=order_of(made, ""), reload=lambda: ({}, NO_CAMPAIGN), once=True
    )
    tools = Tools(clock=lambda: NOW, random_bytes=bytes, tell=told.append)
    roster = Roster(sources={n: REGISTRY[n] for n in names}, standings={})
    one = Watch(plan, roster, tools)
    one.run()
    assert sorted(r.source_id for r in one.results) == ["belta", "viasna"]
    (failure,) = one.failures
    assert isinstance(failure, FetchFailed)
    assert "baj" in str(failure)
    first, second = [m["message"] for m in told if m["event"] == "problem"]
    assert "patterns of baj, belta, viasna" in first
    assert second.endswith("of baj; its job is closed, and each goes on by itself")


def test_a_child_with_nothing_to_do_is_let_go_though_it_beats(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else `crawl --due` would never end, nor a watch give the archive back."""
    monkeypatch.setattr(kept, "IDLE_SECONDS", 0.2)
    code = CHILD.replace("for line", IDLE_BEATS + "for line", 1)
    command = [sys.executable, "-IS", "-c", code]
    monkeypatch.setattr(process, "python_command", lambda *_: command)
    plan = WatchPlan(
        order=order_of(made, ""), reload=lambda: ({}, NO_CAMPAIGN), once=True
    )
    tools = Tools(clock=lambda: NOW, random_bytes=bytes, tell=lambda _message: None)
    one = Watch(plan, make_roster("viasna"), tools)
    began = time.monotonic()
    one.run()
    assert [result.source_id for result in one.results] == ["viasna"]
    assert time.monotonic() - began < 20


def test_one_round_ends_with_its_last_crawl(made: MadeArchive) -> None:
    """A child is kept for what comes next: in one round nothing does."""
    plan = WatchPlan(
        order=order_of(made, ""), reload=lambda: ({}, NO_CAMPAIGN), once=True
    )
    tools = Tools(clock=lambda: NOW, random_bytes=bytes, tell=lambda _message: None)
    one = Watch(plan, make_roster("viasna", "belta"), tools)
    began = time.monotonic()
    one.run()
    assert len(one.results) == 2
    assert time.monotonic() - began < kept.IDLE_SECONDS


def make_roster(*names: str) -> Roster:
    return Roster(sources={n: REGISTRY[n] for n in names}, standings={})


def begun(roster: Roster, now: datetime = NOW) -> list[str]:
    return [start.source_id for start in roster.begin(now)]


def end(roster: Roster, source_id: str, *, cut: bool = False) -> None:
    roster.end(source_id, cut=cut, chance=0.0, recheck_at=None)


def test_what_was_under_way_when_a_child_hung_runs_by_itself_until_it_ends_well() -> (
    None
):
    roster = make_roster("baj", "belta", "viasna")
    assert begun(roster) == ["baj", "belta", "viasna"]
    for name in ("baj", "belta"):
        end(roster, name, cut=True)
        roster.apart.add(name)
    assert begun(roster) == [], "another one is at it still"
    end(roster, "viasna")
    assert begun(roster) == ["baj"]
    assert begun(roster) == [], "beside it nobody begins"
    end(roster, "baj", cut=True)
    assert begun(roster) == ["belta"]
    end(roster, "belta")
    assert roster.apart == {"baj"}
    assert begun(roster, NOW + timedelta(days=9)) == ["baj"]


def test_time_in_which_nobody_listened_is_not_silence() -> None:
    silence = Silence(0.0)
    silence.look(1.0, heard=False)
    assert silence.seconds == 1.0
    silence.look(9_000.0, heard=False)  # the machine slept, or the parent was stopped
    assert silence.seconds == 1.0 + LOOK_MOST_SECONDS
    silence.look(8_000.0, heard=False)
    assert silence.seconds == 1.0 + LOOK_MOST_SECONDS
    silence.look(8_001.0, heard=True)
    assert silence.seconds == 0.0


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    monkeypatch.setattr(pulses, "BEAT_SECONDS", 0.02)
    return []


def test_a_loop_that_turns_beats_and_one_that_does_not_is_silent(
    beats: list[float],
) -> None:
    pulse = Pulse(lambda: beats.append(time.monotonic()))

    async def work() -> tuple[int, int]:
        turning = asyncio.create_task(pulse.follow())
        while len(beats) < 3:
            await asyncio.sleep(0.01)
        turning.cancel()
        time.sleep(0.06)  # what it was about to say is said
        before = len(beats)
        threading.Event().wait(0.15)  # as a selector: others may run, the loop not
        return before, len(beats)

    with pulse.beating():
        before, after = asyncio.run(work())
    assert after == before


def test_announced_work_beats_unless_the_interpreter_is_held(
    beats: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse = Pulse(lambda: beats.append(time.monotonic()))
    with pulse.beating(), pulse.busy():
        time.sleep(0.1)
        assert len(beats) >= 2
        before = len(beats)
        # A pattern holds the interpreter: what it takes time for says nothing.
        assert re.fullmatch("(a|a)*b", "a" * 18) is None
        assert len(beats) - before <= 2
        with pulse.turning():
            time.sleep(0.06)
            before = len(beats)
            time.sleep(0.1)
            assert len(beats) == before
        monkeypatch.setattr(pulses, "BUSY_SECONDS", 0.0)
        time.sleep(0.06)
        before = len(beats)
        time.sleep(0.1)
        assert len(beats) == before, "no work is announced for ever"


def test_the_job_of_a_child_that_hung_is_closed_as_such(made: MadeArchive) -> None:
    opening = opening_of(
        ("http://a.example/",), job_id=JOB, opened_at=NOW, source_id="baj"
    )
    writer = made.open_writer()
    writer.open_job(opening).result()
    writer.close()
    note_stuck(made.root / "spool", JOB)
    note_stuck(made.root / "spool", "../../outside")
    assert stuck_jobs(made.root / "spool") == {JOB}
    codes = {
        f.code for f in verify_archive(made.root, trust=made.trust()).of(Outcome.FAILED)
    }
    assert "file-unknown" not in codes
    made.open_writer().close()
    reader = ArchiveReader.open(made.root)
    try:
        last = reader.jobs.last("baj")
    finally:
        reader.close()
    assert last is not None
    closing = last[1]
    assert closing.signals == {"killed": 1, "stuck": 1}
    assert "gave no sign of life" in closing.outcomes[0].reason
    assert stuck_jobs(made.root / "spool") == frozenset()
    assert verify_archive(made.root, trust=made.trust()).outcome is Outcome.VERIFIED
