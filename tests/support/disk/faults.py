"""A disk that fails on demand: the n-th call, before its effect, after, or half way.

Kills end the process at once (`os._exit`), so a scenario runs in a child process; its
acknowledgements come back through a pipe, as a person's notes would.
"""

import contextlib
import errno
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from archive.errors import EvidenceError
from archive.files import Files, temporary_path

KILLED = 77
FAILED = 78
BUG = 79
ENDINGS = {0: "done", KILLED: "killed", FAILED: "failed"}

ERROR_BEFORE = "error-before"
ERROR_AFTER = "error-after"
KILL_BEFORE = "kill-before"
KILL_AFTER = "kill-after"
SHORT = "short-write"
TORN_ERROR = "torn-write-then-full"
TORN_KILL = "torn-write-then-kill"
FULL_FROM = "full-from-here-on"
POWER_LOST = "power-cut-unsynced-lost"
POWER_TORN = "power-cut-unsynced-torn"
MODES = (
    ERROR_BEFORE,
    ERROR_AFTER,
    KILL_BEFORE,
    KILL_AFTER,
    SHORT,
    TORN_ERROR,
    TORN_KILL,
    FULL_FROM,
    POWER_LOST,
    POWER_TORN,
)
_BEFORE = {
    ERROR_BEFORE: errno.EIO,
    FULL_FROM: errno.ENOSPC,
    TORN_ERROR: errno.ENOSPC,
}


@dataclass(slots=True)
class Unsynced:
    """What a power cut would undo: appended bytes by file, changed names by folder."""

    lengths: dict[Path, int] = field(default_factory=dict)
    names: list[tuple[Path, Callable[[], None]]] = field(default_factory=list)

    def cut(self, *, keep_half: bool) -> None:
        """Lose it: all of it, or all names but only half of the bytes."""
        for path, synced in self.lengths.items():
            with contextlib.suppress(FileNotFoundError):
                size = path.stat().st_size
                kept = (size - synced) // 2 if keep_half else 0
                os.truncate(path, min(size, synced + kept))
        if not keep_half:
            for _, undo in reversed(self.names):
                undo()


class FaultyFiles(Files):
    """Counts the calls; does what `mode` says at the call number `at` (from 1)."""

    def __init__(self, at: int = 0, mode: str = "") -> None:
        self.at, self.mode = at, mode
        self.calls: list[str] = []
        self.unsynced = Unsynced()
        self._source: Path | None = None

    def rename(self, source: Path, target: Path) -> None:
        self._source = source
        super().rename(source, target)
        self._source = None

    def step(self, name: str, path: Path, act: Callable[[], None]) -> None:
        hit = self._count(f"{name} {path.name}")
        if hit:
            self._before()
        self._note(name, path)
        if name not in ("sync", "sync-folder"):  # nothing here outlives the machine
            act()
        if hit:
            self._after()

    def write(self, path: Path, descriptor: int, data: memoryview) -> int:
        hit = self._count(f"write {path.name}")
        if hit and self.mode in (SHORT, TORN_ERROR, TORN_KILL):
            done = os.write(descriptor, data[: max(1, len(data) // 2)])
            if self.mode == TORN_ERROR:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if self.mode == TORN_KILL:
                os._exit(KILLED)
            return done
        if hit:
            self._before()
        self.unsynced.lengths.setdefault(path, os.fstat(descriptor).st_size)
        done = os.write(descriptor, data)
        if hit:
            self._after()
        return done

    def _count(self, call: str) -> bool:
        self.calls.append(call)
        number = len(self.calls)
        return number == self.at or (self.mode == FULL_FROM and 0 < self.at <= number)

    def _before(self) -> None:
        if self.mode in _BEFORE:
            raise OSError(_BEFORE[self.mode], os.strerror(_BEFORE[self.mode]))
        if self.mode in (KILL_BEFORE, TORN_KILL):
            os._exit(KILLED)
        if self.mode in (POWER_LOST, POWER_TORN):
            self.unsynced.cut(keep_half=self.mode == POWER_TORN)
            os._exit(KILLED)

    def _after(self) -> None:
        if self.mode == ERROR_AFTER:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if self.mode == KILL_AFTER:
            os._exit(KILLED)

    def _note(self, name: str, path: Path) -> None:
        """Remember how to undo a call until it is synced."""
        names = self.unsynced.names
        if name in ("sync", "sync-folder"):
            self.unsynced.lengths.pop(path, None)
            names[:] = [kept for kept in names if kept[0] != path]
        elif self.mode != POWER_LOST or path.is_dir():
            return
        elif name == "truncate":
            names.append((path, _restorer(path)))
        elif name == "rename":
            source = self._source or temporary_path(path)
            names += [(path.parent, _restorer(path)), (path.parent, _restorer(source))]
        elif name == "mkdir":
            names.append((path.parent, lambda: shutil.rmtree(path, ignore_errors=True)))
        elif name in ("create", "open", "unlink"):
            names.append((path.parent, _restorer(path)))


def _restorer(path: Path) -> Callable[[], None]:
    """What puts a name back as it is now; bytes a name still has are its own affair."""
    before = path.read_bytes() if path.is_file() else None

    def restore() -> None:
        if before is None:
            path.unlink(missing_ok=True)
        elif not path.exists() or path.read_bytes()[: len(before)] != before:
            path.unlink(missing_ok=True)
            path.write_bytes(before)

    return restore


def run_apart(
    scenario: Callable[[Callable[[str], None]], None],
) -> tuple[str, set[str]]:
    """Run a scenario in a child process; how it ended, and what it acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = BUG
        try:
            scenario(lambda line: _tell(writing, line))
            code = 0
        except EvidenceError:
            code = FAILED
        except BaseException:  # noqa: BLE001  the child must never run the parent's code
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as stream:
        told = {line.rstrip("\n") for line in stream}
    _, status = os.waitpid(child, 0)
    return ENDINGS[os.waitstatus_to_exitcode(status)], told


def _tell(descriptor: int, line: str) -> None:
    os.write(descriptor, f"{line}\n".encode())
