"""A scenario over copies of one archive: one call to the disk after another fails."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from archive.digest import Digest
from archive.files import Files
from archive.store.reading.reader import ArchiveReader
from archive.store.writing.settings import WriterSettings
from archive.store.writing.writer import ArchiveWriter
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from archive.warc.member import Effort
from tests.support.archives.archives import (
    SOFTWARE,
    FixedRandom,
    MadeArchive,
    copy_archive,
)
from tests.support.disk.faults import MODES, FaultyFiles, run_apart

Tell = Callable[[str], None]
Scenario = Callable[[MadeArchive, FaultyFiles, Tell], None]


def open_writer(
    made: MadeArchive,
    files: Files,
    tell: Tell | None = None,
    *,
    reserve_bytes: int | None = None,
) -> ArchiveWriter:
    """The archive's writer over these files; it tells what it promises."""
    return ArchiveWriter.open(
        made.root,
        keys=made.keys(),
        clock=made.clock,
        random_bytes=made.random_bytes,
        settings=WriterSettings(
            software=SOFTWARE,
            effort=Effort.STORED,
            files=files,
            reserve_bytes=reserve_bytes,
            tell=(lambda _line: None) if tell is None else tell,
        ),
    )


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
        for folder in (root, root.with_name("run-keys")):
            shutil.rmtree(folder, ignore_errors=True)
        copy = replace(
            copy_archive(self.made, root), random_bytes=FixedRandom(seed="run")
        )
        ending, told = run_apart(lambda tell: self.scenario(copy, files, tell))
        return ending, told | self.told, copy

    def judge(self, made: MadeArchive, told: set[str], why: str) -> None:
        """See that nothing told is lost; other sweeps judge otherwise."""
        check_recovered(made, told, why)

    def keep(self, copy: MadeArchive, name: str) -> MadeArchive:
        """Keep what a run left, its keys too, where the next run does not come."""
        keys = copy.keys_folder.rename(self.folder / f"{name}-keys")
        root = copy.root.rename(self.folder / name)
        return replace(self.made, root=root, keys_folder=keys)

    def count(self) -> int:
        """How many calls a run makes where nothing fails."""
        calls = self.folder / "calls"

        def counted(made: MadeArchive, files: FaultyFiles, tell: Tell) -> None:
            self.scenario(made, files, tell)
            calls.write_text("\n".join(files.calls))

        ending, told, copy = replace(self, scenario=counted).run(FaultyFiles())
        assert ending == "done"
        assert told > self.told
        self.judge(copy, told, "nothing failed")
        return len(calls.read_text().splitlines())

    def fail(self, number: int, mode: str) -> str:
        """Fail one call in one way and judge the archive."""
        ending, told, copy = self.run(FaultyFiles(number, mode))
        self.judge(copy, told, f"call {number}, {mode}")
        return ending

    def fail_every_other(self, count: int) -> set[str]:
        """Fail one call of two, each in the next way; how the runs ended."""
        return {
            self.fail(number, MODES[turn % len(MODES)])
            for turn, number in enumerate(range(1, count + 1, 2))
        }

    def fail_each(self, mode: str) -> None:
        """Fail every call in one way."""
        for number in range(1, self.count() + 1):
            self.fail(number, mode)
