"""Small archives for tests: fixed clock, fixed randomness, no network."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive.attest.keys.keyfolder import KeyFolder, sealing
from archive.attest.records.job import JobClosing, SeedOutcome
from archive.attest.trust.folder import TrustSet, read_trust, replace_trust
from archive.capture import Capture, Exchange, ExchangeContext, MemoryBytes
from archive.digest import format_short_id
from archive.log.headnote import HEAD_FILE
from archive.log.note import parse_note
from archive.store.create import CreateRequest, create_archive
from archive.store.drafts import PageDraft
from archive.store.keychange import KeyChanger
from archive.store.layout import ArchiveIdentity, ArchivePaths, read_identity
from archive.store.ledger import LedgerTools
from archive.store.reading.reader import ArchiveReader
from archive.store.writing.settings import WriterSettings
from archive.store.writing.sink import CaptureSink
from archive.store.writing.writer import ArchiveWriter
from archive.warc.member import Effort
from archive.warc.slice import ResourceBlock
from tests.support.archives.exchanges import answered
from tests.support.archives.values import opening_of

SOFTWARE = "election-evidence-archive/test"
START = datetime(2025, 1, 26, 8, 0, tzinfo=UTC)


@dataclass(slots=True)
class FixedClock:
    """A clock that goes on by a second each time it is read."""

    now: datetime = START

    def __call__(self) -> datetime:
        """The next second."""
        self.now += timedelta(seconds=1)
        return self.now


@dataclass(slots=True)
class FixedRandom:
    """Bytes that look random and are the same in every run."""

    seed: str = "fixed"
    count: int = 0

    def __call__(self, length: int) -> bytes:
        """The next `length` bytes."""
        out = b""
        while len(out) < length:
            out += hashlib.sha256(f"{self.seed}/{self.count}".encode()).digest()
            self.count += 1
        return out[:length]


@dataclass(slots=True, kw_only=True)
class MadeArchive:
    """An archive in a temporary folder, with its keys and its maker's trust."""

    root: Path
    keys_folder: Path
    trust_folder: Path
    identity: ArchiveIdentity
    clock: FixedClock = field(default_factory=FixedClock)
    random_bytes: Callable[[int], bytes] = field(default_factory=FixedRandom)

    def keys(self) -> KeyFolder:
        """Its private keys."""
        return KeyFolder.load(self.keys_folder, self.identity)

    def trust(self) -> TrustSet | None:
        """What its maker believes."""
        return read_trust(self.trust_folder, self.identity.origin)

    def captures(self) -> list[Capture]:
        """All captures in it, in the order of its log."""
        reader = ArchiveReader.open(self.root)
        try:
            return list(reader.captures())
        finally:
            reader.close()

    def tools(self, **changes: Any) -> LedgerTools:
        """What a ledger of it works with; `changes` are fields that differ."""
        tools = LedgerTools(
            paths=ArchivePaths(self.root),
            identity=self.identity,
            keys=KeyFolder.load(self.keys_folder, self.identity, changing=True),
            clock=self.clock,
            random_bytes=self.random_bytes,
            software=SOFTWARE,
        )
        return replace(tools, **changes)

    def key_changer(
        self, keep: Callable[[TrustSet], object] | None = None
    ) -> KeyChanger:
        """Changes its keys; its maker's trust follows, unless `keep` takes it."""
        trust = self.trust()
        assert trust is not None
        return KeyChanger(
            tools=self.tools(),
            folder=self.keys_folder,
            trust=trust,
            seal=sealing(None, self.random_bytes),
            keep=keep or (lambda new: replace_trust(self.trust_folder, new)),
        )

    def open_writer(self) -> ArchiveWriter:
        """Open it for writing."""
        return ArchiveWriter.open(
            self.root,
            keys=self.keys(),
            clock=self.clock,
            random_bytes=self.random_bytes,
            settings=WriterSettings(software=SOFTWARE, effort=Effort.STORED),
        )

    def fill(self, count: int, *, job: bool = True) -> list[Capture]:
        """Capture `count` small pages as one job, close the writer, give them back."""
        with self.open_writer() as writer:
            return fill(writer, self, count, job=job)


def copy_archive(made: MadeArchive, root: Path) -> MadeArchive:
    """The archive once more, its keys too: what one signs is unknown to the other."""
    keys = root.with_name(f"{root.name}-keys")
    shutil.copytree(made.root, root)
    shutil.copytree(made.keys_folder, keys)
    return replace(made, root=root, keys_folder=keys)


def put_back_head(keys_folder: Path, root: Path) -> None:
    """Let an archive put back on purpose be the newest for its keys, as it once was."""
    note = parse_note((root / "log" / "checkpoint").read_bytes())
    (keys_folder / HEAD_FILE).write_text(note.body)


def make_archive(
    folder: Path,
    *,
    keys: Callable[[str], KeyFolder] | None = None,
    name: str = "Observers of a test",
    seed: str = "fixed",
) -> MadeArchive:
    """Create an archive below `folder`: `archive`, `keys`, `trust`.

    Another seed gives another archive id, and so another log.
    """
    clock, random_bytes = FixedClock(), FixedRandom(seed=seed)
    root = folder / "archive"
    create_archive(
        CreateRequest(
            root=root,
            name=name,
            keys_folder=lambda _archive_id: folder / "keys",
            trust_folder=folder / "trust",
            software=SOFTWARE,
            clock=clock,
            random_bytes=random_bytes,
            keys=keys,
            effort=Effort.STORED,
        )
    )
    return MadeArchive(
        root=root,
        keys_folder=folder / "keys",
        trust_folder=folder / "trust",
        identity=read_identity(root),
        clock=clock,
        random_bytes=random_bytes,
    )


def fill(
    writer: CaptureSink, made: MadeArchive, count: int, *, job: bool = True
) -> list[Capture]:
    """Capture `count` small pages, as a job with one seed each."""
    job_id = format_short_id(made.random_bytes(16)) if job else None
    uris = tuple(f"http://a.example/{number}" for number in range(count))
    if job_id:
        writer.open_job(
            opening_of(uris, job_id=job_id, opened_at=made.clock())
        ).result()
    captures = [
        writer.capture(
            make_exchange(uri, f"<p>page {uri}</p>".encode() * 20, made, job_id=job_id)
        ).result()
        for uri in uris
    ]
    if job_id:
        writer.close_job(close_of(job_id, captures, made)).result()
    return captures


def close_of(job_id: str, captures: list[Capture], made: MadeArchive) -> JobClosing:
    """The closing of a job in which every seed was captured."""
    return JobClosing(
        job_id=job_id,
        closed_at=made.clock(),
        outcomes=tuple(
            SeedOutcome(
                n=n, state="captured", captures=(capture.capture_id,), reason=""
            )
            for n, capture in enumerate(captures)
        ),
        signals={},
        expectations=(),
    )


def make_exchange(
    uri: str, body: bytes, made: MadeArchive, *, job_id: str | None = None
) -> Exchange:
    """A page as an engine would hand it in."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    context = ExchangeContext(job_id=job_id)
    return answered(uri, head + body, at=made.clock(), context=context)


def make_page(made: MadeArchive, *resources: ResourceBlock) -> Capture:
    """Capture a page with one part and one gap; `resources` are a browser's."""
    with made.open_writer() as writer:
        main, style = (
            writer.capture(make_exchange(uri, uri.encode() * 9, made)).result()
            for uri in ("http://a.example/", "http://a.example/style.css")
        )
        parts = [part_row(style.target_uri, "style", style.capture_id)]
        parts.append(part_row("http://a.example/gone.png", "image", None))
        draft = PageDraft(
            target_uri="http://a.example/",
            main=main,
            captures=(main, style),
            rendering="browser" if resources else "static",
            page_info={"parts": parts},
            job_id=None,
            source_id=None,
            resources=resources,
        )
        return writer.page(draft).result()


def part_row(uri: str, kind: str, capture_id: str | None) -> dict[str, object]:
    """One line of a page's list of parts."""
    return {
        "as_given": uri.rpartition("/")[2],
        "capture": capture_id,
        "kind": kind,
        "outcome": "complete" if capture_id else "skipped",
        "reason": "" if capture_id else "too many parts",
        "uri": uri,
    }


def artifact(name: str, data: bytes, media_type: str) -> ResourceBlock:
    """What a browser made of the page `http://a.example/`."""
    return ResourceBlock(
        type="resource",
        target_uri=f"urn:{name}:http://a.example/",
        content_type=media_type,
        block=MemoryBytes(data),
    )
