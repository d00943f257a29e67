"""Every call that changes the disk fails, in each way: nothing acknowledged is lost.

A scenario is run once to count its calls, then again and again with call n failing:
before its effect, after it, a short write, a full disk, a kill, a power cut. After each
run the archive is recovered and must hold all that was acknowledged, nothing half, be
VERIFIED, and not be changed by a second recovery.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import pytest

from archive.attest.records.extract import ExtractLine, ExtractRun
from archive.capture import ByteSource, Capture
from archive.digest import Digest, format_short_id
from archive.files import Files
from archive.store.create import CreateRequest, create_archive
from archive.store.drafts import PageDraft
from archive.store.layout import read_identity
from archive.store.texts import text_path
from archive.store.writing.writer import ArchiveWriter
from archive.warc.member import Effort
from tests.support.archives.archives import (
    SOFTWARE,
    FixedClock,
    FixedRandom,
    MadeArchive,
    close_of,
    make_archive,
    make_exchange,
)
from tests.support.archives.texts import write_text
from tests.support.archives.values import opening_of
from tests.support.disk.call_sweep import (
    Scenario,
    Sweep,
    Tell,
    check_recovered,
    open_writer,
)
from tests.support.disk.faults import MODES, FaultyFiles, run_apart
from tests.support.disk.folders import open_segment


@dataclass(slots=True, kw_only=True)
class Gate:
    """Response bytes that are not there before the gate is open."""

    source: ByteSource
    is_open: threading.Event = field(default_factory=threading.Event)

    @property
    def length_bytes(self) -> int:
        return self.source.length_bytes

    def open(self) -> BinaryIO:
        self.is_open.wait(10)
        return self.source.open()

    def close(self) -> None:
        self.source.close()


def create_request(folder: Path, files: Files, *, seed: str = "init") -> CreateRequest:
    """An archive below `folder`, like those of `make_archive`."""
    return CreateRequest(
        root=folder / "archive",
        name="Observers of a test",
        keys_folder=lambda _archive_id: folder / "keys",
        trust_folder=folder / "trust",
        software=SOFTWARE,
        clock=FixedClock(),
        random_bytes=FixedRandom(seed=seed),
        effort=Effort.STORED,
        files=files,
    )


def write_everything(made: MadeArchive, files: FaultyFiles, tell: Tell) -> None:
    """One of each thing a writer writes; a group of three captures in one commit."""
    with open_writer(made, files) as writer:
        job_id = format_short_id(made.random_bytes(16))
        uris = tuple(f"http://a.example/{number}" for number in range(5))
        writer.open_job(
            opening_of(uris, job_id=job_id, opened_at=made.clock())
        ).result()
        captures = list(capture_in_groups(writer, made, uris[:4], job_id=job_id))
        for capture in captures:
            tell(capture.capture_id)
        page = writer.page(page_of(captures)).result()
        tell(page.capture_id)
        writer.checkpoint()
        writer.state_extract(extract_of(made, captures[0], files)).result()
        writer.rotate()
        exchange = make_exchange(uris[4], b"after" * 9, made, job_id=job_id)
        captures.append(writer.capture(exchange).result())
        tell(captures[-1].capture_id)
        writer.close_job(close_of(job_id, captures, made)).result()


def capture_in_groups(
    writer: ArchiveWriter, made: MadeArchive, uris: tuple[str, ...], *, job_id: str
) -> Iterator[Capture]:
    """The first alone; while it is built the others gather into one group."""
    exchanges = [
        make_exchange(uri, uri.encode() * 20, made, job_id=job_id) for uri in uris
    ]
    gate = Gate(source=exchanges[0].response)
    first = replace(exchanges[0], response=gate)
    futures = [writer.capture(first)]
    futures += [writer.capture(exchange) for exchange in exchanges[1:]]
    gate.is_open.set()
    for future in futures:
        yield future.result()


def page_of(captures: list[Capture]) -> PageDraft:
    return PageDraft(
        target_uri=captures[0].target_uri,
        main=captures[0],
        captures=tuple(captures[:2]),
        rendering="static",
        page_info={"parts": []},
        job_id=None,
        source_id=None,
    )


def extract_of(made: MadeArchive, capture: Capture, files: FaultyFiles) -> ExtractRun:
    digest = write_text(made.root, "Выбары\n", files=files)
    with text_path(made.root, digest).open("rb") as stream:
        file = Digest.of_stream(stream)
    line = ExtractLine(
        capture=capture.capture_id, extractor="html/1", text=digest, file=file
    )
    return ExtractRun(
        run_id=format_short_id(made.random_bytes(16)),
        finished_at=made.clock(),
        extractor="html/1",
        lines=(line,),
    )


def recover_and_capture(made: MadeArchive, files: FaultyFiles, tell: Tell) -> None:
    """Recovery of a torn archive is itself a scenario."""
    with open_writer(made, files) as writer:
        exchange = make_exchange("http://a.example/new", b"new", made)
        tell(writer.capture(exchange).result().capture_id)


def prepare_closed(folder: Path) -> tuple[MadeArchive, set[str]]:
    """Two captures, closed cleanly."""
    made = make_archive(folder)
    return made, {capture.capture_id for capture in made.fill(2)}


def prepare_torn(folder: Path) -> tuple[MadeArchive, set[str]]:
    """Entries no checkpoint covers, the last of them cut; a raw spool left over."""
    made, told = prepare_closed(folder)

    def killed(tell: Tell) -> None:
        with open_writer(made, FaultyFiles()) as writer:
            for number in range(2):
                uri = f"http://b.example/{number}"
                exchange = make_exchange(uri, b"unlogged" * 50, made)
                tell(writer.capture(exchange).result().capture_id)
            os._exit(77)

    _, more = run_apart(killed)
    made.random_bytes = FixedRandom(seed="later")
    path = open_segment(made.root)
    os.truncate(path, path.stat().st_size - 700)
    (made.root / "spool" / "raw-abc").write_bytes(b"half an answer")
    return made, told | more


Prepare = Callable[[Path], tuple[MadeArchive, set[str]]]
SCENARIOS: dict[str, tuple[Prepare, Scenario]] = {
    "writing": (prepare_closed, write_everything),
    "recovering": (prepare_torn, recover_and_capture),
}


@pytest.fixture(params=list(SCENARIOS))
def sweep(request: pytest.FixtureRequest, tmp_path: Path) -> Sweep:
    prepare, scenario = SCENARIOS[request.param]
    made, told = prepare(tmp_path)
    return Sweep(folder=tmp_path, made=made, told=told, scenario=scenario)


@pytest.mark.timeout(900)
def test_one_call_of_two_fails_and_nothing_acknowledged_is_lost(sweep: Sweep) -> None:
    count = sweep.count()
    assert count > 40
    assert {"killed", "failed"} <= sweep.fail_every_other(count)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", MODES)
def test_each_call_fails_in_each_way(sweep: Sweep, mode: str) -> None:
    sweep.fail_each(mode)


def check_init(folder: Path, why: str) -> None:
    """A whole archive with its keys and trust, or room to make one."""
    root = folder / "archive"
    if not root.exists():
        shutil.rmtree(folder / "keys", ignore_errors=True)
        create_archive(create_request(folder, Files(), seed="again"))
    made = MadeArchive(
        root=root,
        keys_folder=folder / "keys",
        trust_folder=folder / "trust",
        identity=read_identity(root),
    )
    check_recovered(made, set(), why)


def test_init_leaves_no_archive_or_a_whole_one(tmp_path: Path) -> None:
    counting = FaultyFiles()
    create_archive(create_request(tmp_path / "count", counting))
    assert len(counting.calls) > 20
    for number in range(1, len(counting.calls) + 1):
        mode = MODES[number % len(MODES)]
        folder = tmp_path / f"{number}-{mode}"
        request = create_request(folder, FaultyFiles(number, mode))

        def init(_tell: Tell, request: CreateRequest = request) -> None:
            create_archive(request)

        run_apart(init)
        check_init(folder, f"init, call {number}, {mode}")
        shutil.rmtree(folder)
