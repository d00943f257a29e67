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

import pytest

from archive.attest.extract import ExtractLine, ExtractRun
from archive.attest.job import JobOpening
from archive.capture import Capture, Exchange, MemoryBytes
from archive.digest import Digest, format_short_id
from archive.files import Files
from archive.store.create import CreateRequest, create_archive
from archive.store.drafts import PageDraft
from archive.store.layout import read_identity
from archive.store.reader import ArchiveReader
from archive.store.texts import text_path, write_text
from archive.store.writer import ArchiveWriter
from archive.store.writing import WriterSettings
from archive.verify.folder import verify_archive
from archive.verify.report import Outcome
from archive.warc.member import Effort
from tests.support.archives import (
    SOFTWARE,
    FixedClock,
    FixedRandom,
    MadeArchive,
    close_of,
    make_archive,
    make_exchange,
)
from tests.support.faults import MODES, FaultyFiles, run_apart

Tell = Callable[[str], None]
EVERYDAY_MODES = 1
"""Ways in which each call fails in an everyday run; `slow` runs them all."""


@dataclass(slots=True, kw_only=True)
class Gate:
    """Response bytes that are not there before the gate is open."""

    source: MemoryBytes
    is_open: threading.Event = field(default_factory=threading.Event)

    @property
    def length_bytes(self) -> int:
        return self.source.length_bytes

    def open(self) -> object:
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


def open_writer(made: MadeArchive, files: FaultyFiles) -> ArchiveWriter:
    return ArchiveWriter.open(
        made.root,
        keys=made.keys(),
        clock=made.clock,
        random_bytes=made.random_bytes,
        settings=WriterSettings(software=SOFTWARE, effort=Effort.STORED, files=files),
    )


def write_everything(made: MadeArchive, files: FaultyFiles, tell: Tell) -> None:
    """One of each thing a writer writes; a group of three captures in one commit."""
    with open_writer(made, files) as writer:
        job_id = format_short_id(made.random_bytes(16))
        uris = tuple(f"http://a.example/{number}" for number in range(5))
        writer.open_job(
            JobOpening(
                job_id=job_id,
                opened_at=made.clock(),
                source_id=None,
                source={},
                vantage="test",
                settings_digest=Digest.of(b""),
                seeds=uris,
            )
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
    gate = Gate(source=exchanges[0].response)  # type: ignore[arg-type]
    first: Exchange = replace(exchanges[0], response=gate)  # type: ignore[arg-type]
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
    (path,) = (made.root / "segments").rglob("*.open")
    os.truncate(path, path.stat().st_size - 700)
    (made.root / "spool" / "raw-abc").write_bytes(b"half an answer")
    return made, told | more


Scenario = Callable[[MadeArchive, FaultyFiles, Tell], None]
Prepare = Callable[[Path], tuple[MadeArchive, set[str]]]
SCENARIOS: dict[str, tuple[Prepare, Scenario]] = {
    "writing": (prepare_closed, write_everything),
    "recovering": (prepare_torn, recover_and_capture),
}


def contents(root: Path) -> dict[str, tuple[int, bytes]]:
    """All files but the derived ones, with their modes."""
    return {
        path.relative_to(root).as_posix(): (path.stat().st_mode, path.read_bytes())
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith("catalog.sqlite")
    }


def check_recovered(made: MadeArchive, told: set[str], why: str) -> None:
    """Open and close a writer twice; judge what is there."""
    made.random_bytes = FixedRandom(seed="recovery")
    made.open_writer().close()
    before = contents(made.root)
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED, (why, list(report.of(Outcome.FAILED)))
    reader = ArchiveReader.open(made.root)
    try:
        visible = {capture.capture_id: capture for capture in reader.captures()}
        for capture_id, capture in visible.items():
            with reader.open_slice(capture) as stream:
                assert Digest.of_stream(stream).hex == capture_id, why
    finally:
        reader.close()
    assert told <= visible.keys(), f"acknowledged and lost: {why}"
    made.open_writer().close()
    assert contents(made.root) == before, f"a second recovery changed something: {why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A scenario, from a prepared archive that is copied for each run."""

    folder: Path
    made: MadeArchive
    told: set[str]
    scenario: Scenario

    def run(self, files: FaultyFiles) -> tuple[str, set[str], MadeArchive]:
        """Run with these files in a child process, on a fresh copy."""
        root = self.folder / "run"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.made.root, root)
        copy = replace(self.made, root=root, random_bytes=FixedRandom(seed="run"))
        ending, told = run_apart(lambda tell: self.scenario(copy, files, tell))
        return ending, told | self.told, copy

    def count(self) -> int:
        """How many calls a run makes where nothing fails."""
        calls = self.folder / "calls"

        def counted(made: MadeArchive, files: FaultyFiles, tell: Tell) -> None:
            self.scenario(made, files, tell)
            calls.write_text("\n".join(files.calls))

        sweep = replace(self, scenario=counted)
        ending, told, copy = sweep.run(FaultyFiles())
        assert ending == "done"
        assert told > self.told
        check_recovered(copy, told, "nothing failed")
        return len(calls.read_text().splitlines())

    def fail(self, number: int, mode: str) -> str:
        """Fail one call in one way and judge the archive."""
        ending, told, copy = self.run(FaultyFiles(number, mode))
        check_recovered(copy, told, f"call {number}, {mode}")
        return ending


@pytest.fixture(params=list(SCENARIOS))
def sweep(request: pytest.FixtureRequest, tmp_path: Path) -> Sweep:
    prepare, scenario = SCENARIOS[request.param]
    made, told = prepare(tmp_path)
    return Sweep(folder=tmp_path, made=made, told=told, scenario=scenario)


@pytest.mark.timeout(900)
def test_each_call_fails_and_nothing_acknowledged_is_lost(sweep: Sweep) -> None:
    count = sweep.count()
    assert count > 40
    endings = set()
    for number in range(1, count + 1):
        for turn in range(EVERYDAY_MODES):
            mode = MODES[(EVERYDAY_MODES * number + turn) % len(MODES)]
            endings.add(sweep.fail(number, mode))
    assert {"killed", "failed"} <= endings


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", MODES)
def test_each_call_fails_in_each_way(sweep: Sweep, mode: str) -> None:
    for number in range(1, sweep.count() + 1):
        sweep.fail(number, mode)


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
        for turn in range(EVERYDAY_MODES):
            mode = MODES[(EVERYDAY_MODES * number + turn) % len(MODES)]
            folder = tmp_path / f"{number}-{mode}"
            request = create_request(folder, FaultyFiles(number, mode))

            def init(_tell: Tell, request: CreateRequest = request) -> None:
                create_archive(request)

            run_apart(init)
            check_init(folder, f"init, call {number}, {mode}")
            shutil.rmtree(folder)
