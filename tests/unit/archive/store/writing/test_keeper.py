"""Services beside the writer: told of the newest checkpoint, never in its way."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from archive.errors import PeerUnavailable, WitnessRefused
from archive.log.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from archive.log.note import COSIGNATURE, NoteSignature, key_hash, parse_note
from archive.store.drafts import Draft
from archive.store.writing import keeper as keeper_module
from archive.store.writing import writer as writer_module
from archive.store.writing.keeper import Host
from archive.store.writing.settings import WriterSettings
from archive.store.writing.writer import ArchiveWriter
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, fill, make_archive
from tests.support.programs.waiting import wait_until

LINE = NoteSignature(
    name="w.example",
    key_hash=key_hash("w.example", COSIGNATURE, bytes(32)),
    signature=bytes(72),
)
INCIDENT = Draft(
    kind="incident",
    slice=None,
    facts=None,
    predicate={
        "cause": "refused-checkpoint",
        "file": None,
        "length": None,
        "offset": None,
        "sha256": None,
        "words": "said by a test",
    },
)


@dataclass
class Service:
    """Remembers what it was told; a test may make it wait, fail or want more."""

    started: int = 0
    sizes: list[tuple[int, bool]] = field(default_factory=list)
    wait: threading.Event = field(default_factory=threading.Event)
    error: PeerUnavailable | None = None
    left: int = 0
    states: bool = False
    attaches: bool = False

    def __post_init__(self) -> None:
        self.wait.set()

    def start(self, host: Host) -> None:
        self.wait.wait(10)
        self.started += 1

    def published(self, host: Host, checkpoint: Checkpoint, *, is_last: bool) -> bool:
        self.wait.wait(10)
        self.sizes.append((checkpoint.size, is_last))
        if self.error is not None:
            raise self.error
        if self.states and is_last:
            self.states = False
            host.state(INCIDENT).result()
        if self.attaches:
            assert host.attach(format_checkpoint(checkpoint), [LINE])
        self.left -= 1
        return self.left >= 0


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


def open_with(
    made: MadeArchive, *services: Service, heard: list[str] | None = None
) -> ArchiveWriter:
    said = [] if heard is None else heard
    return ArchiveWriter.open(
        made.root,
        keys=made.keys(),
        clock=made.clock,
        random_bytes=made.random_bytes,
        settings=WriterSettings(services=services, tell=said.append),
    )


def head(made: MadeArchive) -> Checkpoint:
    data = (made.root / "log" / "checkpoint").read_bytes()
    return parse_checkpoint(parse_note(data).body)


def test_the_last_checkpoint_is_looked_after_before_the_writer_ends(
    made: MadeArchive,
) -> None:
    service = Service()
    with open_with(made, service) as writer:
        fill(writer, made, 2)
    assert service.started == 1
    assert service.sizes[-1] == (head(made).size, True)


def test_what_a_service_states_at_the_end_is_logged_and_served_again(
    made: MadeArchive,
) -> None:
    service = Service(states=True)
    with open_with(made, service) as writer:
        fill(writer, made, 1)
    assert service.sizes[-2:] == [(head(made).size - 1, True), (head(made).size, True)]
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED


def test_lines_are_attached_to_the_stored_checkpoint_only(made: MadeArchive) -> None:
    with open_with(made, Service(attaches=True)) as writer:
        fill(writer, made, 1)
        other = Checkpoint(origin=made.identity.origin, size=1, root=bytes(32))
        assert not writer.attach(format_checkpoint(other), [LINE])
    stored = parse_note((made.root / "log" / "checkpoint").read_bytes())
    assert [line.name for line in stored.signatures] == [
        made.identity.origin,
        "w.example",
    ]
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED


def test_a_line_of_the_same_key_replaces_the_earlier_one(made: MadeArchive) -> None:
    with open_with(made) as writer:
        body = format_checkpoint(writer.checkpoint())
        newer = NoteSignature(
            name=LINE.name, key_hash=LINE.key_hash, signature=b"\1" * 72
        )
        assert writer.attach(body, [LINE])
        assert writer.attach(body, [newer])
    stored = parse_note((made.root / "log" / "checkpoint").read_bytes())
    assert stored.signatures[1:] == (newer,)


def test_captures_are_acknowledged_while_a_service_waits(made: MadeArchive) -> None:
    service = Service()
    service.wait.clear()
    writer = open_with(made, service)
    began = time.monotonic()
    fill(writer, made, 3)
    assert time.monotonic() - began < 5
    assert head(made).size == 1, "nothing is signed before the services have looked"
    service.wait.set()
    writer.close()
    assert head(made).size > 3


def test_a_service_that_fails_is_told_of_and_stops_nobody(made: MadeArchive) -> None:
    heard: list[str] = []
    bad, good = Service(error=PeerUnavailable("w gave no answer")), Service()
    with open_with(made, bad, good, heard=heard) as writer:
        fill(writer, made, 1)
    assert "w gave no answer" in heard
    assert good.sizes[-1] == (head(made).size, True)


def test_what_is_left_is_tried_again(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "RETRY_SECONDS", 0.05)
    service = Service(left=3)
    with open_with(made, service) as writer:
        fill(writer, made, 1)
        size = writer.checkpoint().size
        wait_until(lambda: len(service.sizes) >= 4)
    assert [told for told, _last in service.sizes[:4]] == [size] * 4


def test_only_the_newest_checkpoint_is_handed_on(made: MadeArchive) -> None:
    service = Service()
    with open_with(made, service) as writer:
        service.wait.clear()
        for _ in range(4):
            fill(writer, made, 1)
            size = writer.checkpoint().size
        service.wait.set()
    sizes = [told for told, _last in service.sizes]
    assert sizes[-1] == size
    assert len(sizes) <= 3


def test_checkpoints_come_by_themselves_and_wait_for_busy_services(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "CHECKPOINT_SECONDS", 0.05)
    monkeypatch.setattr(writer_module, "BUSY_CHECKPOINT_SECONDS", 60.0)
    service = Service()
    with open_with(made, service) as writer:
        fill(writer, made, 1)
        wait_until(lambda: bool(service.sizes))  # a checkpoint that comes by itself
        service.wait.clear()
        writer.checkpoint()
        size = head(made).size
        fill(writer, made, 1)
        time.sleep(0.3)
        assert head(made).size == size, "the services are still at work"
        service.wait.set()


def test_stopped_signing_stops_no_capture_and_is_told_at_the_end(
    made: MadeArchive,
) -> None:
    writer = open_with(made, Service())
    fill(writer, made, 1)
    size = writer.checkpoint().size
    writer.stop_signing("a witness refused")
    fill(writer, made, 1)
    with pytest.raises(WitnessRefused, match="a witness refused"):
        writer.checkpoint()
    with pytest.raises(WitnessRefused, match="a witness refused"):
        writer.close()
    assert head(made).size == size
    with made.open_writer() as again:  # the lock was given back, nothing is lost
        assert again.checkpoint().size > size + 1


def threads_beside(writer: ArchiveWriter, before: set[threading.Thread]) -> int:
    """How many run while it is open that did not before."""
    with writer:
        return len(set(threading.enumerate()) - before)


def test_without_services_there_is_no_thread_for_them(made: MadeArchive) -> None:
    before = set(threading.enumerate())
    without = threads_beside(open_with(made), before)
    assert threads_beside(open_with(made, Service()), before) == without + 1


@dataclass
class Odd(Service):
    """Fails twice in a way that nobody thought of, at the start and later."""

    failures: int = 2

    def start(self, host: Host) -> None:
        raise ValueError("start")

    def published(self, host: Host, checkpoint: Checkpoint, *, is_last: bool) -> bool:
        if self.failures:
            self.failures -= 1
            raise ValueError("an answer that nobody thought of")
        return super().published(host, checkpoint, is_last=is_last)


def test_A14_a_service_that_fails_in_any_way_is_told_and_asked_again(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "RETRY_SECONDS", 0.01)
    odd, other = Odd(), Service()
    heard: list[str] = []
    with open_with(made, odd, other, heard=heard) as writer:
        fill(writer, made, 1)
        writer.checkpoint()
        wait_until(lambda: bool(odd.sizes))  # nothing new: it was tried again
    assert odd.sizes[-1] == other.sizes[-1] == (head(made).size, True)
    assert any("ValueError: start" in line for line in heard)
    assert any("ValueError: an answer that nobody thought of" in one for one in heard)
