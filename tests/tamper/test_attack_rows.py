"""The rows of the attack table, each with as many attacks as the row promises.

`docs/attacks.md` maps rows to tests. An everyday run plays a tenth of each, the slow
suite all; every attack is played on a copy of the golden archive, in this process.
"""

import gzip
import random
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from archive.attest.envelope import (
    Envelope,
    format_statement_record,
    parse_statement_record,
)
from archive.attest.extract import ExtractLine, ExtractRun
from archive.attest.job import (
    JobClosing,
    JobOpening,
    SeedOutcome,
    format_job_close,
    format_job_open,
)
from archive.attest.keys import Ed25519Signer, verify_ed25519
from archive.attest.statement import pae
from archive.capture import MemoryBytes
from archive.digest import Digest, format_short_id
from archive.errors import EvidenceError
from archive.files import Files
from archive.log.checkpoint import open_checkpoint
from archive.log.leaf import parse_leaf
from archive.log.log import TiledLog
from archive.log.note import NoteSignature, format_note, parse_note
from archive.store.reader import ArchiveReader
from archive.store.texts import text_path
from archive.verify.capture import verify_capture
from archive.verify.report import ONE_WITNESS, Outcome
from archive.warc.slice import ResourceBlock
from tests.support.archives import START, MadeArchive, make_archive
from tests.support.bench import Bench, bad, fires, names, relative
from tests.support.tamper import (
    CAPTURE,
    CAPTURE_2,
    FIRST,
    INCIDENT,
    SECOND,
    Entry,
    Victim,
)
from tests.support.texts import write_text

pytestmark = pytest.mark.timeout(600)
JOB = "c" * 25 + "a"
Members = list[bytes]


@pytest.fixture(params=["tenth", pytest.param("all", marks=pytest.mark.slow)])
def share(request: pytest.FixtureRequest) -> int:
    """Every so many attacks of a row are played."""
    return 10 if request.param == "tenth" else 1


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    """A copy of the golden archive; every attack on it is undone."""
    return Victim.copy(tmp_path_factory.mktemp("rows"))


@pytest.fixture(scope="module")
def bench(victim: Victim) -> Bench:
    """The same, to change files and judge."""
    return Bench(root=victim.root, trust=victim.trust)


@pytest.fixture
def choice(request: pytest.FixtureRequest) -> random.Random:
    """The same choices in every run of a test."""
    return random.Random(request.node.name)


def segment_with(victim: Victim, place: int, change: Callable[[Entry], bytes]) -> bytes:
    """The first segment with one entry in another form."""
    entries = victim.entries(FIRST)
    return b"".join(
        change(entry) if index == place else entry.data
        for index, entry in enumerate(entries)
    )


def with_member(entry: Entry, number: int, plain: bytes) -> bytes:
    """An entry with another record in place of one of its own."""
    members = list(entry.members)
    members[number] = gzip.compress(plain, mtime=0)
    return replace(entry, members=tuple(members)).data


# Row: WARC-Date or Target-URI changed, digest headers removed, header repeated


def date_changed(plain: bytes, choice: random.Random) -> tuple[bytes, str]:
    digit = b"%d" % choice.randrange(1, 10)
    start = plain.index(b"WARC-Date: ") + len("WARC-Date: 2025-01-26T08:00:00.00000")
    if plain[start : start + 1] == digit:
        digit = b"0"
    return plain[:start] + digit + plain[start + 1 :], "date"


def uri_changed(plain: bytes, choice: random.Random) -> tuple[bytes, str]:
    match = re.search(rb"WARC-Target-URI: http://(\S+)", plain)
    assert match is not None
    at = choice.randrange(*match.span(1))
    letter = b"%c" % (plain[at] ^ 1 if plain[at : at + 1].isalnum() else 0x2D)
    return plain[:at] + letter + plain[at + 1 :], "arget"


def digest_removed(plain: bytes, choice: random.Random) -> tuple[bytes, str]:
    names_ = [b"Block"] + [b"Payload"] * (b"WARC-Payload-Digest" in plain)
    name = choice.choice(names_)
    cut = re.sub(rb"WARC-%s-Digest: \S+\r\n" % name, b"", plain, count=1)
    return cut, name.decode().lower()


def header_repeated(plain: bytes, choice: random.Random) -> tuple[bytes, str]:
    head, _, rest = plain.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    line = choice.choice(lines[1:])
    name, _, value = line.partition(b": ")
    lines.insert(choice.randrange(1, len(lines) + 1), name + b": " + value[::-1])
    return b"\r\n".join(lines) + b"\r\n\r\n" + rest, name.decode()


HEADER_ATTACKS = (date_changed, uri_changed, digest_removed, header_repeated)


@pytest.mark.parametrize("attack", HEADER_ATTACKS, ids=lambda a: a.__name__)
def test_warc_date_or_target_uri_changed_digests_removed_header_repeated(
    victim: Victim,
    bench: Bench,
    choice: random.Random,
    share: int,
    attack: Callable[[bytes, random.Random], tuple[bytes, str]],
) -> None:
    path, entries = victim.segments[FIRST], victim.entries(FIRST)
    for _ in range(200 // share):
        place = choice.choice((CAPTURE, CAPTURE_2))
        number = choice.randrange(2)
        plain = gzip.decompress(entries[place].members[number])
        changed, field = attack(plain, choice)
        data = segment_with(
            victim, place, lambda e, n=number, c=changed: with_member(e, n, c)
        )
        report = bench.judge_with(path, data)
        fires(report, 5, 6, 16)
        shown = " ".join(f.detail for f in bad(report)).lower()
        assert field.lower() in shown, (attack.__name__, field, shown)


# Row: record replaced, digests recomputed


def test_record_replaced_and_digests_recomputed(
    victim: Victim, bench: Bench, choice: random.Random, share: int
) -> None:
    path, entries = victim.segments[FIRST], victim.entries(FIRST)
    for _ in range(1000 // share):
        place = choice.choice((CAPTURE, CAPTURE_2))
        plain = gzip.decompress(entries[place].members[0])
        head, _, block = plain.partition(b"\r\n\r\n")
        body = bytearray(block)
        start = body.index(b"\r\n\r\n") + 4
        body[choice.randrange(start, len(body) - 4)] ^= 1 << choice.randrange(7)
        payload = bytes(body[start:-4])
        for name, content in ((b"Block", bytes(body[:-4])), (b"Payload", payload)):
            line = b"WARC-%s-Digest: %s" % (name, str(Digest.of(content)).encode())
            head = re.sub(rb"WARC-%s-Digest: \S+" % name, line, head)
        changed = head + b"\r\n\r\n" + bytes(body)
        data = segment_with(victim, place, lambda e, c=changed: with_member(e, 0, c))
        fires(bench.judge_with(path, data), 5)


# Row: records reordered, doubled, added; gzip comment; junk between or behind


def reordered(members: Members, choice: random.Random) -> bytes:
    before = list(members)
    while members == before:
        choice.shuffle(members)
    return b"".join(members)


def doubled(members: Members, choice: random.Random) -> bytes:
    members.insert(choice.randrange(len(members) + 1), choice.choice(members))
    return b"".join(members)


def added(members: Members, choice: random.Random) -> bytes:
    record = b"WARC/1.0\r\nWARC-Type: metadata\r\nX: %d\r\n\r\n" % choice.randrange(
        9999
    )
    foreign = gzip.compress(record, mtime=0)
    members.insert(choice.randrange(len(members) + 1), foreign)
    return b"".join(members)


def commented(members: Members, choice: random.Random) -> bytes:
    number = choice.randrange(len(members))
    member = bytearray(members[number])
    member[3] |= 0x10
    member[10:10] = b"comment %d\0" % choice.randrange(9999)
    members[number] = bytes(member)
    return b"".join(members)


def junk_between(members: Members, choice: random.Random) -> bytes:
    members.insert(
        choice.randrange(1, len(members)), choice.randbytes(1 + choice.randrange(40))
    )
    return b"".join(members)


ORDER_ATTACKS = (reordered, doubled, added, commented, junk_between)


@pytest.mark.parametrize("attack", ORDER_ATTACKS, ids=lambda a: a.__name__)
def test_records_reordered_doubled_added_commented_or_with_junk_between(
    victim: Victim,
    bench: Bench,
    choice: random.Random,
    share: int,
    attack: Callable[[Members, random.Random], bytes],
) -> None:
    path = victim.segments[FIRST]
    for _ in range(100 // share):
        place = choice.choice((CAPTURE, CAPTURE_2))
        data = segment_with(
            victim, place, lambda e: attack(list(e.members), choice) + e.record
        )
        fires(bench.judge_with(path, data), 5, 16, 17)


def test_junk_behind_the_members_of_a_segment(
    victim: Victim, bench: Bench, choice: random.Random, share: int
) -> None:
    for _ in range(100 // share):
        path = choice.choice(victim.segments)
        junk = choice.randbytes(1 + choice.randrange(40))
        fires(bench.judge_with(path, path.read_bytes() + junk), 16, 17)


# Row: file, record, statement or tail removed; no tombstone


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """An archive of more than 200 files: segments, tiles, texts."""
    made = make_archive(tmp_path_factory.mktemp("wide"))
    captures = made.fill(1)
    for _ in range(6):
        with made.open_writer() as writer:
            writer.rotate()
        captures += made.fill(1)
    lines = []
    for number in range(190):
        text = write_text(made.root, f"text {number}")
        file = Digest.of(text_path(made.root, text).read_bytes())
        capture = captures[number % len(captures)].capture_id
        lines.append(
            ExtractLine(capture=capture, extractor="x/1", text=text, file=file)
        )
    with made.open_writer() as writer:
        writer.state_extract(run_of(made, lines)).result()
    bench = Bench(root=made.root, trust=made.trust())
    assert bench.judge().outcome is Outcome.VERIFIED
    return bench


def run_of(made: MadeArchive, lines: Sequence[ExtractLine]) -> ExtractRun:
    return ExtractRun(
        run_id=format_short_id(made.random_bytes(16)),
        finished_at=made.clock(),
        extractor="x/1",
        lines=tuple(lines),
    )


def test_file_removed(wide: Bench, share: int) -> None:
    files = wide.files()
    assert len(files) >= 200
    # Its seal comes with the next one: until then it is known by its entries alone.
    newest = max(path.name for path in files if "segments" in path.parts)
    for path in files[::share]:
        if path.name == "archive.toml":
            continue  # then there is no archive: the command says so, exit 6
        report = wide.judge_with(path, None)
        if is_superseded(path):
            continue  # nothing was in it that is not in the wider file beside it
        fires(report, 7, 8, 15, 16, 17)
        name = relative(wide.root, path)
        serial = name.rpartition("/")[2][:8]
        words = (name, serial, *(["entries "] if path.name == newest else []))
        assert any(names(report, word) for word in words) or "tile" in name, name


def is_superseded(path: Path) -> bool:
    """A partial tile or entry bundle beside a wider one."""
    if not path.parent.name.endswith(".p"):
        return False
    return any(int(other.name) > int(path.name) for other in path.parent.iterdir())


@pytest.mark.parametrize("what", ["record", "statement", "entry"])
def test_record_statement_or_entry_removed(
    victim: Victim, bench: Bench, what: str
) -> None:
    for number, path in enumerate(victim.segments):
        entries = victim.entries(number)
        for place, entry in enumerate(entries):
            for data in without(entry, what):
                pieces = [one.data for one in entries]
                pieces[place] = data
                fires(bench.judge_with(path, b"".join(pieces)), 5, 7, 16, 17, 19)


def without(entry: Entry, what: str) -> Iterator[bytes]:
    """The entry without each of its records, its statement, or all of it."""
    if what == "entry":
        yield b""
    elif what == "statement" and entry.members:
        yield b"".join(entry.members)
    elif what == "record":
        for number in range(len(entry.members)):
            left = [m for place, m in enumerate(entry.members) if place != number]
            yield b"".join(left) + entry.record


def test_tail_removed(
    victim: Victim, bench: Bench, choice: random.Random, share: int
) -> None:
    for number, path in enumerate(victim.segments):
        data, entries = path.read_bytes(), victim.entries(number)
        ends = [
            sum(len(entry.data) for entry in entries[:n]) for n in range(len(entries))
        ]
        cuts = ends + [choice.randrange(len(data)) for _ in range(60 // share)]
        for cut in cuts:
            fires(bench.judge_with(path, data[:cut]), 7, 16, 17)


# Row: capture never logged


@pytest.mark.parametrize("dropped", [1, 2, 49, 50, 51, 99, 100])
def test_outcomes_dropped_are_each_named(tmp_path: Path, dropped: int) -> None:
    drop_outcomes(tmp_path, range(dropped))


@pytest.mark.slow
def test_outcomes_dropped_1_to_100_are_each_named(tmp_path: Path) -> None:
    choice = random.Random(18)
    for dropped in range(1, 101):
        folder = tmp_path / str(dropped)
        folder.mkdir()
        drop_outcomes(folder, choice.sample(range(120), dropped))
        shutil.rmtree(folder)


def drop_outcomes(folder: Path, dropped: Sequence[int]) -> None:
    """A job promises 120 seeds and says nothing of some of them."""
    victim = Victim.copy(folder)
    seeds = tuple(f"http://a.example/seed/{number}/" for number in range(120))
    opening = JobOpening(
        job_id=JOB,
        opened_at=START,
        source_id=None,
        source={},
        vantage="test",
        settings_digest=Digest.of(b""),
        seeds=seeds,
    )
    data = format_job_open(opening, salts=["0" * 64] * len(seeds))
    victim.speak(
        "job-open",
        {"job": JOB, "source_id": None, "count": len(seeds)},
        job_block("open", data),
    )
    closing = JobClosing(
        job_id=JOB,
        closed_at=START,
        outcomes=tuple(
            SeedOutcome(n=n, state="failed", captures=(), reason="no answer")
            for n in range(len(seeds))
            if n not in dropped
        ),
        signals={},
        expectations=(),
    )
    block = job_block("close", format_job_close(closing))
    victim.speak("job-close", {"job": JOB, "counts": closing.counts}, block)
    report = victim.verify()
    fires(report, 18)
    found = [f.detail for f in bad(report) if f.code == "seed-without-outcome"]
    assert found == [f"{seeds[n]}: no outcome" for n in sorted(dropped)]


def job_block(part: str, data: bytes) -> ResourceBlock:
    return ResourceBlock(
        type="resource",
        target_uri=f"urn:evidence:job:{JOB}:{part}",
        content_type="application/json",
        block=MemoryBytes(data),
    )


# Row: signature used in another context


def contexts(payload: bytes, victim: Victim) -> Iterator[bytes]:
    """What a signer might be made to sign elsewhere, for the payload's sake."""
    encoded = pae(payload)
    body = parse_note((victim.root / "log" / "checkpoint").read_bytes()).body.encode()
    digest = Digest.of(encoded)
    yield payload
    yield payload + b"\n"
    yield payload[:-1]
    yield digest.raw
    yield digest.hex.encode()
    yield str(digest).encode()
    yield encoded.replace(b"DSSEv1", b"DSSEv2")
    yield encoded.replace(b"vnd.in-toto+json", b"json", 1)
    yield encoded.replace(b" 28 ", b" 028 ", 1)
    yield encoded + b"\n"
    yield b"DSSEv1 " + payload
    yield b"evidence-cosign/v1\n" + payload
    yield f"evidence-cosign/v1\n{digest}\nname\nrole\nwords".encode()
    yield f"evidence/v1 capture {digest}\n".encode()
    yield body
    yield b"cosignature/v1\ntime 1\n" + body
    yield b""


def test_signature_of_another_context_is_no_statement(
    victim: Victim, bench: Bench
) -> None:
    path, entries = victim.segments[FIRST], victim.entries(FIRST)
    payload = parse_statement_record(entries[CAPTURE].record).payload
    played = 0
    for message in contexts(payload, victim):
        envelope = Envelope(
            payload=payload,
            key_id=victim.keys.operator.key_id,
            signature=victim.keys.operator.sign(message),
        )
        entry = replace(entries[CAPTURE], record=format_statement_record(envelope))
        data = segment_with(victim, CAPTURE, lambda _e, d=entry.data: d)
        report = bench.judge_with(path, data)
        fires(report, 4)
        played += 1
    assert played >= 17


def test_signature_of_another_context_is_no_checkpoint(
    victim: Victim, bench: Bench
) -> None:
    path = victim.root / "log" / "checkpoint"
    note = parse_note(path.read_bytes())
    signer, body = victim.keys.log, note.body.encode()
    (own,) = note.signatures
    for message in (
        b"cosignature/v1\ntime 1700000000\n" + body,
        body + b"\n",
        body[:-1],
        b"\n".join(body.split(b"\n")[1:]),
        pae(body),
        Digest.of(body).raw,
    ):
        line = NoteSignature(
            name=own.name,
            key_hash=own.key_hash,
            signature=signer.sign(message),
        )
        forged = format_note(replace(note, signatures=(line,)))
        fires(bench.judge_with(path, forged), 8)
    other = Ed25519Signer.from_seed(bytes(range(32)), name="another.example/log")
    with pytest.raises(EvidenceError):
        open_checkpoint(path.read_bytes(), other.vkey, verify_ed25519)


@pytest.mark.parametrize("kind", ["page", "tombstone", "key", "anchor"])
def test_a_statement_logged_under_another_kind(tmp_path: Path, kind: str) -> None:
    victim = Victim.copy(tmp_path)
    log = TiledLog(victim.root / "log", Files())
    leaves = list(log.read_leaves(0, log.size))
    assert parse_leaf(leaves[CAPTURE]).kind == "capture"
    leaves[CAPTURE] = leaves[CAPTURE].replace(b" capture ", f" {kind} ".encode())
    shutil.rmtree(victim.root / "log")
    TiledLog(victim.root / "log", Files()).create()
    victim.log(*leaves)
    fires(victim.verify(), 2)


# Row: edited tile, entry bundle, stale partial tile; leaf twice; foreign file, link


def test_tile_entry_bundle_or_stale_partial_edited(
    victim: Victim, bench: Bench, choice: random.Random, share: int
) -> None:
    files = [
        path for path in (victim.root / "log" / "tile").rglob("*") if path.is_file()
    ]
    for path in files:
        for _ in range(max(1, 100 // share // len(files))):
            data = bytearray(path.read_bytes())
            data[choice.randrange(len(data))] ^= 1 << choice.randrange(8)
            report = bench.judge_with(path, bytes(data))
            fires(report, 15)
            assert names(report, path.name)


def test_leaf_twice(victim: Victim, bench: Bench, tmp_path: Path) -> None:
    """Each entry in turn stands in the log and in the segments a second time."""
    for place in range(len(victim.entries(FIRST))):
        folder = tmp_path / str(place)
        folder.mkdir()
        copy = Victim.copy(folder)
        entries = copy.entries(FIRST)
        copy.rewrite(FIRST, [*entries[: place + 1], *entries[place:]])
        copy.log_anew()
        fires(copy.verify(), 16)


def test_swapped_or_foreign_file(
    bench: Bench, choice: random.Random, share: int
) -> None:
    files = bench.files()
    for _ in range(100 // share):
        one, two = choice.sample(files, 2)
        if one.read_bytes() == two.read_bytes():
            continue
        with bench.changed(one, two.read_bytes()):
            report = bench.judge()
        fires(report, *range(1, 9), 15, 16, 17, 19, 20, 21)
        foreign = one.with_name(f"{choice.randrange(10**6)}.txt")
        foreign.write_bytes(b"foreign")
        report = bench.judge()
        foreign.unlink()
        fires(report, 15, 17, 20)
        assert names(report, foreign.name)


@pytest.mark.parametrize(
    "pattern",
    [
        "archive.toml",
        "log/checkpoint",
        "log/tile/0/*/17",
        "log/tile/entries/*/17",
        "segments/*/*/00000000-*",
        "segments/*/*/*.open",
        "texts/*.gz",
        "anchors/*/1.tsr",
    ],
)
def test_planted_link_is_refused(
    victim: Victim, bench: Bench, tmp_path: Path, pattern: str
) -> None:
    path = victim.file(pattern)
    with bench.linked(path, tmp_path / "elsewhere"):
        report = bench.judge()
    fires(report, 8, 15, 16, 17, 20, 21)


# Row: catalog points elsewhere


@pytest.fixture(scope="module")
def read(victim: Victim, tmp_path_factory: pytest.TempPathFactory) -> Victim:
    """A copy with a catalog of its own."""
    copy = Victim.copy(tmp_path_factory.mktemp("read"))
    ArchiveReader.open(copy.root).close()
    return copy


CATALOG_FIELDS = ("segment", "offset_bytes", "length_bytes", "capture_id", "target_uri")


def test_catalog_points_elsewhere(
    read: Victim, choice: random.Random, share: int
) -> None:
    path = read.root / "catalog.sqlite"
    honest = path.read_bytes()
    reader = ArchiveReader.open(read.root)
    captures = {one.capture_id: one for one in reader.captures()}
    reader.close()
    for _ in range(1000 // share):
        path.write_bytes(honest)
        lie(path, choice)
        reader = ArchiveReader.open(read.root)
        try:
            for shown in reader.captures():
                judge_shown(read, reader, shown, captures)
        except EvidenceError:
            pass  # a sentence, and nothing shown
        finally:
            reader.close()


def lie(path: Path, choice: random.Random) -> None:
    """Edit a field of one row: another row's value, or nonsense."""
    db = sqlite3.connect(path)
    field = choice.choice(CATALOG_FIELDS)
    values = [row[0] for row in db.execute(f"select {field} from capture")]
    value = choice.choice([*values, 0, 1, 10**9, "", "x" * 64])
    leaf = choice.choice([row[0] for row in db.execute("select leaf from capture")])
    with db:
        db.execute(f"update capture set {field} = ? where leaf = ?", (value, leaf))
    db.close()


def judge_shown(
    read: Victim, reader: ArchiveReader, shown: object, captures: dict[str, object]
) -> None:
    """Bytes are those of the id that is shown, and no lie is VERIFIED."""
    capture_id = shown.capture_id  # type: ignore[attr-defined]
    try:
        with reader.open_slice(shown) as stream:  # type: ignore[arg-type]
            assert Digest.of_stream(stream).hex == capture_id
    except EvidenceError:
        return
    report = verify_capture(reader, shown, trust=read.trust)  # type: ignore[arg-type]
    if report.outcome is Outcome.VERIFIED:
        assert captures[capture_id] == shown


# Row: edited custody entry


def test_edited_custody_entry(
    victim: Victim, bench: Bench, choice: random.Random, share: int
) -> None:
    path, entries = victim.segments[SECOND], victim.entries(SECOND)
    assert entries[INCIDENT].statement.kind == "incident"
    before = sum(len(entry.data) for entry in entries[:INCIDENT])
    data = path.read_bytes()
    for _ in range(100 // share):
        changed = bytearray(data)
        at = before + choice.randrange(len(entries[INCIDENT].data))
        changed[at] ^= 1 << choice.randrange(8)
        fires(bench.judge_with(path, bytes(changed)), 16)


# Row: operator invents content


def test_invented_content_has_one_witness(tmp_path: Path) -> None:
    """With all keys in hand everything holds; the report says what that is worth."""
    made = make_archive(tmp_path)
    made.fill(2)
    report = Bench(root=made.root, trust=made.trust()).judge()
    assert report.outcome is Outcome.VERIFIED
    assert report.headline == ONE_WITNESS


def test_the_archive_of_all_attacks_is_sound(bench: Bench) -> None:
    """And was put back after each of them."""
    assert bench.judge().outcome is Outcome.VERIFIED
