"""Keep captures while no key is at hand: drafts on disk, unsigned and unstated.

A missing key must not stop the capturing: what a page said today cannot be asked
tomorrow. A `WaitingWriter` takes what an `ArchiveWriter` takes from crawls; whatever is
acknowledged is on disk (fsync) in a waiting file and nothing else of the archive is
touched. `archive.store.waiting.signing` states it when the key is back.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, TypeVar

from archive.attest.records.job import JobClosing, JobOpening
from archive.capture import Capture, Exchange, SliceLocation
from archive.digest import READ_BYTES, Digest
from archive.errors import EvidenceError, KeyProblem, LogError, StoreError
from archive.files import AppendFile
from archive.log.reader import LogReader
from archive.store.anchors.anchoring import LowerBounds
from archive.store.anchors.stated import StatedAnchors
from archive.store.drafts import (
    Draft,
    PageDraft,
    draft_exchange,
    draft_job_close,
    draft_job_open,
    draft_page,
    new_slice_file,
)
from archive.store.layout import ArchivePaths, hold_lock, read_identity
from archive.store.ledger import Committed, make_material
from archive.store.places import check_places
from archive.store.recovery.visits import remove_visits
from archive.store.space import Reserve, SpoolRoom
from archive.store.waiting.files import (
    MAGIC,
    WAITING_LEAF,
    WaitingFile,
    format_waiting_header,
    list_waiting,
    waiting_path,
)
from archive.store.writing.group import STATEMENT_ROOM_BYTES, remember_carriers
from archive.store.writing.results import captured, paged
from archive.store.writing.settings import DEFAULT_SETTINGS, WriterSettings
from archive.warc.slice import SliceMaterial

QUOTA_BYTES: Final = 16 << 30
"""All waiting files together: beyond it, capturing without a key ends."""
T = TypeVar("T")


class WaitingWriter:
    """Holds the archive lock from `open` to `close`; methods are thread-safe."""

    def __init__(
        self,
        paths: ArchivePaths,
        stack: ExitStack,
        *,
        reason: KeyProblem,
        random_bytes: Callable[[int], bytes],
        settings: WriterSettings,
    ) -> None:
        self._paths = paths
        self._reason = reason
        self._random_bytes = random_bytes
        self._stack = stack
        self._settings = settings
        self._bounds = LowerBounds()
        self._carriers: dict[Digest, str] = {}
        self._reserve = Reserve(
            folder=paths.root,
            files=settings.files,
            reserve_bytes=settings.reserve_bytes,
        )
        self.spool_room = SpoolRoom(self._reserve)
        self._broken: str | None = None
        self._file: AppendFile | None = None
        self._held_before = sum(one.path.stat().st_size for one in self._list())
        """Bytes of the files that are there already: nobody adds to those."""
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="waiting-writer")
        self.kept = 0
        """Drafts on disk since `open`."""

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        reason: KeyProblem,
        random_bytes: Callable[[int], bytes],
        settings: WriterSettings = DEFAULT_SETTINGS,
    ) -> Self:
        """Lock the archive; nothing is recovered, which takes the keys.

        `reason` is what `close` raises in the end: nothing of it is stated.
        """
        paths = ArchivePaths(root)
        with ExitStack() as stack:
            read_identity(root)
            check_places(paths)
            stack.enter_context(hold_lock(root))
            if not paths.spool.exists():
                settings.files.make_folder(paths.spool)
            remove_visits(paths.spool, settings.files, settings.tell)
            made = cls(
                paths,
                stack.pop_all(),
                reason=reason,
                random_bytes=random_bytes,
                settings=settings,
            )
        made._know_bounds()
        return made

    @property
    def spool_folder(self) -> Path:
        """Where the engine may keep raw spools while an exchange runs."""
        return self._paths.spool

    def capture(self, exchange: Exchange) -> "Future[Capture]":
        """Keep one exchange or failed attempt; its spool is given back when done."""

        def keep() -> Capture:
            try:
                draft, committed = self._keep(
                    lambda out: draft_exchange(
                        exchange,
                        out,
                        material=self._material(self._carriers),
                        not_before=self._bounds.field_at(exchange.started_at),
                    )
                )
            finally:
                with suppress(OSError):
                    exchange.response.close()
            return captured(exchange, draft, committed)

        return self._submit(keep)

    def page(self, page: PageDraft) -> "Future[Capture]":
        """Keep which captures a page is made of."""

        def keep() -> Capture:
            draft, committed = self._keep(
                lambda out: draft_page(
                    page,
                    out,
                    material=self._material(),
                    not_before=self._bounds.field_at(page.main.captured_at),
                )
            )
            return paged(page, draft, committed)

        return self._submit(keep)

    def open_job(self, opening: JobOpening) -> "Future[Committed]":
        """Keep what a job promises, before its first fetch."""
        salts = [self._random_bytes(32).hex() for _ in opening.seeds]
        return self._submit(
            lambda: self._keep(
                lambda out: draft_job_open(
                    opening, out, material=self._material(), salts=salts
                )
            )[1]
        )

    def close_job(self, closing: JobClosing) -> "Future[Committed]":
        """Keep how each promised seed ended."""
        return self._submit(
            lambda: self._keep(
                lambda out: draft_job_close(closing, out, material=self._material())
            )[1]
        )

    def close(self) -> None:
        """Finish what is queued and give the lock back."""
        self._disk.shutdown(wait=True)
        if self._file is not None:
            self._file.close()
        self._stack.close()

    def problem(self) -> KeyProblem:
        """What to tell whoever captured: how much waits, why, and what to do."""
        return KeyProblem(
            f"{self._reason}. Nothing is lost: {self.kept} entries wait unsigned in "
            f"{self._paths.spool}; when the key is at hand, `evidence sign` states them"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if value is None:
            raise self.problem()

    def _submit(self, keep: Callable[[], T]) -> "Future[T]":
        return self._disk.submit(keep)

    def _keep(self, build: Callable[[BinaryIO], Draft]) -> tuple[Draft, Committed]:
        """Write one draft and wait for the disk."""
        if self._broken is not None:
            raise StoreError(self._broken)
        salt = self._random_bytes(32).hex()
        with new_slice_file(self._paths.spool) as out:
            draft = build(out)
            header = format_waiting_header(draft, salt)
            self._check_room(draft)
            try:
                self._append(header, out)
            except (OSError, EvidenceError) as error:
                self._broken = f"writing to the spool failed ({error})"
                raise StoreError(self._broken) from error
        remember_carriers(self._carriers, draft)
        self.kept += 1
        return draft, self._committed(draft, salt)

    def _append(self, header: bytes, out: BinaryIO) -> None:
        file = self._file or self._begin()
        file.append(header)
        out.seek(0)
        while piece := out.read(READ_BYTES):
            file.append(piece)
        file.sync()

    def _begin(self) -> AppendFile:
        """A new file: an older one may end in bytes that are not on disk."""
        number = max((one.number for one in self._list()), default=-1) + 1
        path = waiting_path(self._paths.spool, number)
        self._file = self._settings.files.append_to(path)
        self._file.append(MAGIC)
        return self._file

    def _check_room(self, draft: Draft) -> None:
        room = STATEMENT_ROOM_BYTES + (draft.facts.length_bytes if draft.facts else 0)
        self._reserve.check(room)
        held = self._held_before + (self._file.length_bytes if self._file else 0)
        if held + room > QUOTA_BYTES:
            raise StoreError(
                f"{held} bytes wait unsigned in {self._paths.spool}, and {QUOTA_BYTES} "
                "are the most: sign them with `evidence sign`"
            )

    def _list(self) -> list[WaitingFile]:
        return list_waiting(self._paths.spool)

    def _committed(self, draft: Draft, salt: str) -> Committed:
        length = draft.facts.length_bytes if draft.facts else 0
        return Committed(
            leaf=WAITING_LEAF,
            kind=draft.kind,
            digest=Digest(salt),
            location=SliceLocation(segment="", offset_bytes=0, length_bytes=length),
        )

    def _material(self, carriers: dict[Digest, str] | None = None) -> SliceMaterial:
        return make_material(
            self._random_bytes,
            software=self._settings.software,
            effort=self._settings.effort,
            carriers=carriers,
        )

    def _know_bounds(self) -> None:
        """Find the newest token: later captures may name it, if it is logged."""
        log = LogReader(self._paths.log, self._settings.files)
        with suppress(LogError, StoreError):  # damaged: then nothing bounds from below
            self._bounds.find(
                self._paths.anchors,
                StatedAnchors(self._paths.segments, log),
                files=self._settings.files,
                tell=self._settings.tell,
            )
