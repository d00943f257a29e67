"""`watch` and `crawl --due` as they are used: alone, stopped, reloaded, refused."""

import json
import queue
import signal
import subprocess
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.store.reading.reader import ArchiveReader
from tests.support.campaign.run import COMMAND, SECONDS, CampaignRun, open_campaign
from tests.support.campaign.world import (
    START,
    Outage,
    SimSource,
    State,
    World,
    build_world,
)


def wait_for(run: CampaignRun, event: str) -> dict[str, Any]:
    """The next event of that name."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            found = run.events.get(timeout=max(0.1, deadline - time.monotonic()))
        except queue.Empty:
            pytest.fail(f"no {event} came")
        assert found is not None, run.last_words()
        if found["event"] == event:
            return found


def signals_of(run: CampaignRun, source_id: str) -> list[set[str]]:
    """The signals of each job of a source, the newest job first."""
    reader = ArchiveReader.open(run.archive)
    try:
        jobs, read = reader.jobs.newest(source_id, 9), reader.jobs.read_closing
        return [
            set(read(job.closing).signals) if job.closing else {"open"} for job in jobs
        ]
    finally:
        reader.close()


def is_crawled(run: CampaignRun, source_id: str) -> bool:
    """Whether a job of a source is there, and closed."""
    found = signals_of(run, source_id)
    return bool(found) and "open" not in found[0]


def test_a_watch_is_alone_reloads_stops_and_goes_on(tmp_path: Path) -> None:
    world = build_world(sources=3)
    with open_campaign(tmp_path, world) as run:
        run.start()
        run.settle()
        for verb in (["watch"], ["crawl", "--due"]):
            second = run.run(*verb, *run.choice())
            assert second.returncode == 6
            assert "watches sources" in second.stderr
            assert "Traceback" not in second.stderr

        file = tmp_path / "sources" / "sim-00.toml"
        sound = file.read_text()
        file.write_text(sound + "\ncolour = 1\n")
        run.process().send_signal(signal.SIGHUP)
        assert "colour" in wait_for(run, "problem")["message"]
        campaign = tmp_path / "campaign.toml"
        names = '["sim-00", "sim-01", "sim-02"]'
        text = campaign.read_text()
        assert names in text
        file.write_text(sound)
        campaign.write_text(text.replace(names, '["sim-00"]'))
        run.process().send_signal(signal.SIGHUP)
        while wait_for(run, "waiting")["source_id"] != "sim-00":
            pass  # of the moment before
        assert run.stop() == 0

        campaign.write_text(text)
        run.clock.set(START + timedelta(days=3))
        due = run.run("crawl", "--due", "--json", *run.choice())
        assert due.returncode == 0, due.stderr
        rows = [json.loads(line) for line in due.stdout.splitlines()]
        assert sorted(row["source_id"] for row in rows) == [
            *("sim-00", "sim-01", "sim-02")
        ]
        again = run.run("crawl", "--due", "--json", *run.choice())
        assert (again.returncode, again.stdout) == (0, "")


def test_a_stop_in_the_midst_closes_every_job_and_is_gone_on_with(
    tmp_path: Path,
) -> None:
    world = build_world(sources=2)
    with open_campaign(tmp_path, world) as run:
        run.server.seconds = 0.4
        run.start()
        while len(run.server.asked) < 2:  # both are at it
            time.sleep(0.01)
        assert run.stop() == 0
        assert signals_of(run, "sim-00")[0] >= {"stopped"}
        run.server.seconds = 0.0
        run.start()
        run.settle()
        assert run.stop() == 0
        newest, before = signals_of(run, "sim-00")[:2]
        assert "stopped" not in newest
        assert "stopped" in before


def test_a_watch_whose_lines_nobody_takes_crawls_on_and_stops_well(
    tmp_path: Path,
) -> None:
    """The disk of its log is full from the start, and stays so."""
    with open_campaign(tmp_path, build_world(sources=2)) as run:
        with Path("/dev/full").open("wb") as full:
            watch = subprocess.Popen(
                [*COMMAND, "--archive", str(run.archive), "watch", *run.choice()],
                env=run.environment(),
                stdout=full,
                stderr=subprocess.PIPE,
            )
            deadline = time.monotonic() + SECONDS
            while not all(is_crawled(run, name) for name in ("sim-00", "sim-01")):
                assert watch.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            watch.terminate()
            _out, err = watch.communicate(timeout=SECONDS)
        assert (watch.returncode, b"Traceback" in err) == (0, False)


def test_a_clock_set_forwards_and_back_leaves_a_sound_archive(tmp_path: Path) -> None:
    """What was captured in the future is never what a later capture repeats."""
    with open_campaign(tmp_path, build_world(sources=1)) as run:
        run.start()
        run.settle()
        for wrong in (timedelta(days=400), timedelta(days=-20), timedelta()):
            run.server.truth = wrong
            run.go_to(START + timedelta(hours=1))
        assert run.crawled == 4
        assert run.stop() == 0
        done = run.run("verify", "--json")
        assert json.loads(done.stdout)["outcome"] == "VERIFIED"


def test_R16_a_watch_without_a_key_goes_on_and_what_it_captured_is_signed_later(
    tmp_path: Path,
) -> None:
    with open_campaign(tmp_path, build_world(sources=1)) as run:
        (key,) = tmp_path.glob("data/**/operator.pem")
        away = key.rename(key.with_name("operator.away"))
        run.start()
        run.settle()
        run.process().send_signal(signal.SIGHUP)  # the child is replaced by the next
        assert "wait unsigned" in wait_for(run, "problem")["message"]
        run.go_to(START + timedelta(days=2))
        assert run.crawled >= 2
        assert run.stop() == 7
        assert "wait unsigned" in run.last_words()

        away.rename(key)
        assert run.run("sign", "--yes").returncode == 0
        done = run.run("verify", "--json")
        assert json.loads(done.stdout)["outcome"] == "VERIFIED"


@pytest.mark.parametrize("hours", [12, 72])
def test_a_recheck_that_met_an_outage_is_made_up_for(
    tmp_path: Path, hours: int
) -> None:
    """The article went while its host was down at the only age it is looked at."""
    source = SimSource(name="sim-00", official=False)
    gone = START + timedelta(days=2, hours=20)
    source.pages = {
        "/election": [State(since=START, mark="a page")],
        "/news/1": [
            State(since=START, mark="an article"),
            State(since=gone, mark=None),
        ],
    }
    outage = Outage(since=gone, until=gone + timedelta(hours=hours), kind="down")
    source.outages.append(outage)
    with open_campaign(tmp_path, World(sources={source.host: source})) as run:
        run.start()
        run.settle()
        run.go_to(START + timedelta(days=3, hours=1))
        assert run.server.refused["down"]
        run.go_to(outage.until + timedelta(hours=26))
        assert run.stop() == 0
        reader = ArchiveReader.open(run.archive)
        reader.catch_up()
        found = reader.find_captures(f"http://{source.host}/news/1")
        reader.close()
    statuses = [capture.http_status for capture in found]
    assert statuses[0] == 200
    assert None in statuses
    assert statuses[-1] == 404


def test_a_wrong_choice_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with open_campaign(tmp_path, build_world(sources=1)) as run:
        for arguments, word in (
            (["watch"], "nothing to watch"),
            (["watch", "--shard", "3/2", "viasna"], "--shard"),
            (["crawl", "--all"], "--due"),
        ):
            done = run.run(*arguments)
            assert done.returncode == 2, arguments
            assert word in done.stderr
            assert "Traceback" not in done.stderr
        assert run.server.asked == []
