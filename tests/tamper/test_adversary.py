"""Whoever can write into an archive folder cannot make `verify` say VERIFIED.

Each attack changes a copy of a VERIFIED archive. Then the whole procedure must come to
an end in bounded time and memory, raise nothing, not say VERIFIED, and name the place
in a finding that counts.
"""

import gzip
import io
import os
import shutil
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from archive.attest.envelope import format_stub_record, parse_stub_record
from archive.attest.extract import ExtractLine, ExtractRun
from archive.attest.keys import Ed25519Signer
from archive.attest.trust import read_trust
from archive.digest import Digest, format_short_id
from archive.files import Files
from archive.instant import format_instant
from archive.log.checkpoint import Checkpoint, format_checkpoint
from archive.log.fields import format_base64
from archive.log.log import TiledLog
from archive.log.merkle import read_root
from archive.log.note import format_note, sign_note
from archive.store.drafts import Draft
from archive.store.layout import read_identity
from archive.store.texts import text_path, write_text
from archive.verify.folder import verify_archive
from archive.verify.report import Outcome, Report
from archive.warc.member import Effort, write_member, write_stored_member
from tests.make.golden_archive import fixed_keys
from tests.support.archives import START, MadeArchive, make_archive
from tests.support.command import Command
from tests.support.forgery import (
    Forger,
    append,
    as_nobody,
    block,
    copy_of,
    entries,
    flip,
    last_segment,
    link_to_copy,
    pieces,
    pipe_at,
    rewrite,
    segments,
)

pytestmark = pytest.mark.timeout(120)
GOLDEN = Path(__file__).parent.parent / "golden"
MEMORY_BYTES = 220 << 20
"""More than any verification of these small archives may hold at once."""
BOMB_BYTES = 60 << 20
"""Unpacked bytes of one record of a bomb: below the limit of a job record."""
JOB = "urn:evidence:job:" + "a" * 26 + ":open"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    """Two segments, two jobs, captures, a kept text that is stated."""
    made = make_archive(tmp_path_factory.mktemp("origin"))
    captures = made.fill(2)
    with made.open_writer() as writer:
        writer.rotate()
    captures += made.fill(2)
    text = write_text(made.root, "Центральная выборчая камісія\n")
    lines = (
        ExtractLine(
            capture=captures[0].capture_id,
            extractor="html/1",
            text=text,
            file=Digest.of(text_path(made.root, text).read_bytes()),
        ),
    )
    with made.open_writer() as writer:
        writer.state_extract(
            ExtractRun(
                run_id=format_short_id(bytes(16)),
                finished_at=START,
                extractor="html/1",
                lines=lines,
            )
        ).result()
    (made.root / "catalog.sqlite").unlink(missing_ok=True)
    assert verify(made).outcome is Outcome.VERIFIED
    return made


@pytest.fixture
def made(origin: MadeArchive, tmp_path: Path) -> MadeArchive:
    """A copy to attack."""
    return copy_of(origin, tmp_path / "archive")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    """An archive of the same id and origin, made by somebody with other keys."""
    made = make_archive(tmp_path_factory.mktemp("other"), keys=fixed_keys)
    made.fill(2)
    with made.open_writer() as writer:
        writer.rotate()
    made.fill(2)
    return made


@pytest.fixture
def golden(tmp_path: Path, origin: MadeArchive) -> MadeArchive:
    """A copy of the golden archive: every kind, tokens, a stub, a torn tail."""
    shutil.copytree(GOLDEN / "archive", tmp_path / "golden")
    shutil.copytree(GOLDEN / "trust", tmp_path / "trust")
    made = replace(
        origin,
        root=tmp_path / "golden",
        trust_folder=tmp_path / "trust",
        identity=read_identity(tmp_path / "golden"),
    )
    assert verify(made).outcome is Outcome.VERIFIED
    return made


def verify(made: MadeArchive) -> Report:
    """What the maker's reader is told."""
    trust = read_trust(made.trust_folder, made.identity.origin)
    return verify_archive(made.root, trust=trust)


def assert_refused(made: MadeArchive, place: str, *steps: int) -> Report:
    """Not VERIFIED, and a finding that counts names the place (and is of a step)."""
    report = verify(made)
    assert report.outcome is not Outcome.VERIFIED
    counted = [
        finding
        for finding in report.findings
        if finding.outcome is Outcome.FAILED
        or (finding.outcome is Outcome.NOT_CHECKED and finding.step in report.required)
    ]
    named = [f for f in counted if place in f"{f.subject} {f.detail}"]
    assert named, (place, [(f.step, f.code, f.subject, f.detail) for f in counted])
    assert not steps or {f.step for f in named} & set(steps), named
    return report


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A change of an archive folder, and what must be named."""

    run: Callable[[MadeArchive], None]
    place: str
    steps: tuple[int, ...] = ()


ATTACKS: dict[str, Attack] = {}
GOLDEN_ATTACKS: dict[str, Attack] = {}


def attack(
    place: str, *steps: int, golden: bool = False
) -> Callable[[Callable[[MadeArchive], None]], Callable[[MadeArchive], None]]:
    """Register a function as an attack; its name says what it does."""

    def register(run: Callable[[MadeArchive], None]) -> Callable[[MadeArchive], None]:
        table = GOLDEN_ATTACKS if golden else ATTACKS
        table[run.__name__] = Attack(run=run, place=place, steps=steps)
        return run

    return register


# Segments: altered, reordered, repeated, shortened, extended


@attack("segments/", 5, 17)
def a_bit_of_a_slice_is_flipped(made: MadeArchive) -> None:
    flip(segments(made.root)[0], 900)


@attack("offset", 16)
def two_entries_change_places(made: MadeArchive) -> None:
    path = last_segment(made.root)
    parts = pieces(path)
    parts[1], parts[2] = parts[2], parts[1]
    rewrite(path, b"".join(parts))


@attack("offset", 16)
def an_entry_stands_twice(made: MadeArchive) -> None:
    path = last_segment(made.root)
    parts = pieces(path)
    rewrite(path, b"".join([*parts[:2], parts[1], *parts[2:]]))


@attack("entries", 16)
def an_entry_is_taken_out(made: MadeArchive) -> None:
    path = last_segment(made.root)
    parts = pieces(path)
    rewrite(path, b"".join(parts[:1] + parts[2:]))


@attack("entries", 16)
def the_end_is_cut_at_an_entry(made: MadeArchive) -> None:
    path = last_segment(made.root)
    rewrite(path, b"".join(pieces(path)[:-1]))


@attack("segments/2025/01/00000001", 16)
def the_end_is_cut_inside_a_member(made: MadeArchive) -> None:
    path = last_segment(made.root)
    rewrite(path, path.read_bytes()[:-3])


@attack("00000000", 16)
def the_first_segment_is_deleted(made: MadeArchive) -> None:
    segments(made.root)[0].unlink()


@attack("entries", 16)
def the_last_segment_is_deleted(made: MadeArchive) -> None:
    last_segment(made.root).unlink()


@attack("entries 0", 16)
def all_segments_are_deleted(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "segments")
    (made.root / "segments").mkdir()


@attack("entries 0", 16)
def the_segments_folder_is_deleted(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "segments")


@attack("segments", 17)
def a_file_stands_for_the_segments_folder(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "segments")
    (made.root / "segments").write_bytes(b"")


@attack("segments/2025/01/00000000", 16)
def two_segments_change_their_serials(made: MadeArchive) -> None:
    first, second = segments(made.root)
    a = first.with_name(first.name.replace("00000000", "00000001"))
    b = second.with_name(second.name.replace("00000001", "00000000"))
    first.rename(a)
    second.rename(b)


@attack("doubled", 16)
def a_segment_stands_twice(made: MadeArchive) -> None:
    first = segments(made.root)[0]
    shutil.copy(first, first.with_name("00000000-aaaaaaaa.warc.gz"))


@attack(".open", 17)
def a_sealed_segment_is_named_open_again(made: MadeArchive) -> None:
    first = segments(made.root)[0]
    first.rename(first.with_name(first.name + ".open"))


@attack("no statement behind", 16)
def a_record_without_statement_is_appended(made: MadeArchive) -> None:
    first = entries(segments(made.root)[0])[1]
    data = segments(made.root)[0].read_bytes()
    member = data[
        first.slice_offset : first.slice_offset + first.records[0].span.length
    ]
    append(last_segment(made.root), member)


@attack("segments/2025/01/00000001", 16)
def zeros_are_appended(made: MadeArchive) -> None:
    append(last_segment(made.root), bytes(4096))


@attack("segments/2025/01/00000001", 16)
def an_empty_member_is_appended(made: MadeArchive) -> None:
    append(last_segment(made.root), write_stored_member(b""))


@attack("segments/2025/01/00000000", 5)
def a_comment_is_put_into_a_member(made: MadeArchive) -> None:
    path = segments(made.root)[0]
    data, place = path.read_bytes(), entries(path)[1].slice_offset
    head = bytes.fromhex("1f8b08100000000000ff") + b"hidden\0"
    rewrite(path, data[:place] + head + data[place + 10 :])


@attack("segments/2025/01/00000000", 1)
def a_statement_is_compressed_again(made: MadeArchive) -> None:
    path = segments(made.root)[0]
    data, entry = path.read_bytes(), entries(path)[1]
    content = gzip.decompress(data[entry.statement_offset : entry.end_bytes])
    out = io.BytesIO()
    write_member(out, [content], Effort.DENSE)
    before, behind = data[: entry.statement_offset], data[entry.end_bytes :]
    rewrite(path, before + out.getvalue() + behind)


# Statements of others


@attack("no operator key", 3)
def a_stranger_appends_a_capture(made: MadeArchive) -> None:
    forger = Forger.stranger(made)
    forger.append(forger.entry(forger.capture("http://a.example/forged")))


@attack("not logged yet", 7)
def a_capture_of_a_stolen_key_is_appended_but_not_logged(made: MadeArchive) -> None:
    forger = Forger.insider(made)
    forger.append(forger.entry(forger.capture("http://a.example/forged")))


@attack("does not fit", 4)
def a_stranger_signs_under_the_operators_key_id(made: MadeArchive) -> None:
    forger = Forger.stranger(made)
    forger.key.key_id = made.keys().operator.key_id
    forger.append(forger.entry(forger.capture("http://a.example/forged")))


@attack("is another leaf", 2)
def an_entry_is_replaced_by_one_of_a_stolen_key(made: MadeArchive) -> None:
    path = last_segment(made.root)
    parts = pieces(path)
    rewrite(path, b"".join(parts[:-1]))
    forger = Forger.insider(made)
    forger.append(forger.entry(forger.capture("http://a.example/forged")))


@attack("made for the archive", 16)
def a_statement_of_another_archive_is_appended(made: MadeArchive) -> None:
    forger = Forger.insider(made)
    draft = forger.capture("http://a.example/forged")
    forger.append(forger.entry(draft, archive="a" * 26))


@attack("http://[", 6)
def an_address_that_cannot_be_taken_apart_is_stated(made: MadeArchive) -> None:
    forger = Forger.stranger(made)
    draft = forger.capture("http://a.example/forged")
    draft.predicate.update(target_uri="http://[", host_alabel=None)
    forger.append(forger.entry(draft))


@attack("archive.toml", 21)
def the_name_of_the_archive_is_changed(made: MadeArchive) -> None:
    path = made.root / "archive.toml"
    rewrite(path, path.read_bytes().replace(b"Observers", b"Overseers"))


@attack("archive.toml", 21)
def archive_toml_is_very_long(made: MadeArchive) -> None:
    (made.root / "archive.toml").chmod(0o600)
    os.truncate(made.root / "archive.toml", 1 << 40)


@attack("archive.toml", 17, 21)
def archive_toml_is_a_pipe(made: MadeArchive) -> None:
    pipe_at(made.root / "archive.toml")


@attack("archive.toml", 17, 21)
def archive_toml_is_a_link(made: MadeArchive) -> None:
    link_to_copy(made.root / "archive.toml", made.root.parent / "elsewhere")


# The log


@attack("log/checkpoint", 8)
def the_checkpoint_is_deleted(made: MadeArchive) -> None:
    (made.root / "log" / "checkpoint").unlink()


@attack("log/checkpoint", 8)
def the_log_folder_is_deleted(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "log")


@attack("log/checkpoint", 8)
def the_log_folder_is_empty(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "log")
    (made.root / "log").mkdir()


@attack("log/checkpoint", 8)
def the_checkpoint_is_a_folder(made: MadeArchive) -> None:
    (made.root / "log" / "checkpoint").unlink()
    (made.root / "log" / "checkpoint").mkdir()


@attack("log/checkpoint", 8)
def the_checkpoint_is_a_pipe(made: MadeArchive) -> None:
    pipe_at(made.root / "log" / "checkpoint")


@attack("log/checkpoint", 8)
def the_checkpoint_is_a_link(made: MadeArchive) -> None:
    link_to_copy(made.root / "log" / "checkpoint", made.root.parent / "elsewhere")


@attack("log/checkpoint", 8)
def the_checkpoint_is_very_long(made: MadeArchive) -> None:
    os.truncate(made.root / "log" / "checkpoint", 1 << 40)


def sign_checkpoint(made: MadeArchive, key: Ed25519Signer, size: int) -> None:
    """Store a checkpoint over the first leaves, right in all but the key."""
    log = TiledLog(made.root / "log", Files())
    root = read_root(size, log.hash_reader(size))
    body = Checkpoint(origin=made.identity.origin, size=size, root=root)
    note = format_note(sign_note(format_checkpoint(body), key))
    rewrite(made.root / "log" / "checkpoint", note)


@attack("log/checkpoint", 8)
def the_checkpoint_is_signed_by_a_stranger(made: MadeArchive) -> None:
    key = Ed25519Signer.from_seed(bytes(32), name=made.identity.origin)
    sign_checkpoint(made, key, 5)


@attack("not logged yet", 7)
def an_older_checkpoint_is_put_back(made: MadeArchive) -> None:
    sign_checkpoint(made, made.keys().log, 9)


@attack("log/checkpoint", 8)
def the_body_of_the_checkpoint_has_one_line_more(made: MadeArchive) -> None:
    path = made.root / "log" / "checkpoint"
    rewrite(path, path.read_bytes().replace(b"=\n\n", b"=\nextra\n\n"))


@attack("log/tile/entries", 2, 15)
def a_leaf_is_changed_in_the_bundle(made: MadeArchive) -> None:
    flip(widest(made.root, "entries"), 100)


@attack("log/tile/0", 15)
def a_hash_is_changed_in_a_tile(made: MadeArchive) -> None:
    flip(widest(made.root, "0"), 40)


@attack("log/tile/0", 15)
def a_stale_partial_tile_is_changed(made: MadeArchive) -> None:
    folder = made.root / "log" / "tile" / "0" / "000.p"
    flip(sorted(folder.iterdir(), key=lambda path: int(path.name))[0], 3)


@attack("log/tile/entries", 15)
def the_bundle_is_deleted(made: MadeArchive) -> None:
    widest(made.root, "entries").unlink()


@attack("log/tile/0", 15)
def the_tile_is_deleted(made: MadeArchive) -> None:
    widest(made.root, "0").unlink()


@attack("log/tile/1/000", 15)
def a_tile_of_a_level_without_entries_is_added(made: MadeArchive) -> None:
    path = made.root / "log" / "tile" / "1" / "000.p" / "1"
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(32))


@attack("log/tile/0", 15)
def a_tile_is_a_pipe(made: MadeArchive) -> None:
    pipe_at(widest(made.root, "0"))


@attack("log/tile", 15)
def the_tiles_are_a_link(made: MadeArchive) -> None:
    link_to_copy(made.root / "log" / "tile", made.root.parent / "elsewhere")


@attack("log/notes", 15)
def a_foreign_file_lies_in_the_log(made: MadeArchive) -> None:
    (made.root / "log" / "notes").write_bytes(b"x")


def widest(root: Path, level: str) -> Path:
    """The partial tile or bundle that the checkpoint needs."""
    folder = root / "log" / "tile" / level / "000.p"
    return max(folder.iterdir(), key=lambda path: int(path.name))


# The folder: links, pipes, foreign files, what a name may hide


@attack("segments/2025/01/00000000", 17)
def a_segment_is_a_link(made: MadeArchive) -> None:
    link_to_copy(segments(made.root)[0], made.root.parent / "elsewhere")


@attack("segments/2025/01", 17)
def a_month_is_a_link(made: MadeArchive) -> None:
    link_to_copy(made.root / "segments/2025/01", made.root.parent / "elsewhere")


@attack("segments", 17)
def the_segments_folder_is_a_link(made: MadeArchive) -> None:
    link_to_copy(made.root / "segments", made.root.parent / "elsewhere")


@attack("segments/2025/01/00000002", 17)
def a_segment_is_a_pipe(made: MadeArchive) -> None:
    pipe_at(made.root / "segments/2025/01/00000002-aaaaaaaa.warc.gz.open")


@attack("segments/2025/01/00000002", 17)
def a_segment_is_a_folder(made: MadeArchive) -> None:
    (made.root / "segments/2025/01/00000002-aaaaaaaa.warc.gz.open").mkdir()


@attack("segments/2025/01/note.txt", 17)
def a_foreign_file_lies_among_the_segments(made: MadeArchive) -> None:
    (made.root / "segments/2025/01/note.txt").write_bytes(b"x")


@attack("extra", 17)
def a_foreign_file_lies_in_the_archive(made: MadeArchive) -> None:
    (made.root / "extra").write_bytes(b"x")


@attack("quarantine/raw-abc", 17)
def a_folder_with_files_hides_under_a_known_name(made: MadeArchive) -> None:
    (made.root / "quarantine" / "raw-abc").mkdir()
    (made.root / "quarantine" / "raw-abc" / "hidden").write_bytes(b"x")


@attack("spool/raw-abc", 17)
def a_pipe_lies_in_the_spool(made: MadeArchive) -> None:
    pipe_at(made.root / "spool" / "raw-abc")


@attack("texts/", 17)
def a_folder_hides_among_the_texts(made: MadeArchive) -> None:
    (made.root / "texts" / ("0" * 64 + ".gz")).mkdir()


@attack("spool", 17)
def a_file_stands_for_the_spool(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "spool")
    (made.root / "spool").write_bytes(b"anything")


@attack("anchors", 17)
def a_file_stands_for_the_anchors(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "anchors")
    (made.root / "anchors").write_bytes(b"anything")


@attack("anchors", 17)
def a_pipe_stands_for_the_anchors(made: MadeArchive) -> None:
    pipe_at(made.root / "anchors")


@attack("anchors/7", 17)
def a_token_lies_there_that_nobody_logged(made: MadeArchive) -> None:
    (made.root / "anchors/7").mkdir()
    (made.root / "anchors/7/1.tsr").write_bytes(b"x")


@attack("lock", 17)
def the_lock_is_not_empty(made: MadeArchive) -> None:
    (made.root / "lock").write_bytes(b"x")


@attack("lock", 17)
def the_lock_is_a_link(made: MadeArchive) -> None:
    (made.root / "lock").unlink()
    (made.root / "lock").symlink_to(made.root.parent / "elsewhere")


@attack("lock", 17)
def the_lock_is_a_folder(made: MadeArchive) -> None:
    (made.root / "lock").unlink()
    (made.root / "lock").mkdir()


# Texts


def kept_text(root: Path) -> Path:
    """The one kept text."""
    (path,) = (root / "texts").iterdir()
    return path


@attack("texts/", 17)
def a_text_is_altered(made: MadeArchive) -> None:
    flip(kept_text(made.root), 20)


@attack("texts/", 17)
def a_text_is_deleted(made: MadeArchive) -> None:
    kept_text(made.root).unlink()


@attack("texts/", 17)
def the_texts_folder_is_deleted(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "texts")


@attack("texts/", 17)
def a_text_is_replaced_by_another(made: MadeArchive) -> None:
    other_text = write_text(made.root, "something else")
    source = text_path(made.root, other_text)
    path = next(p for p in (made.root / "texts").iterdir() if p != source)
    rewrite(path, source.read_bytes())
    source.unlink()


@attack("texts/", 17)
def a_text_is_a_link(made: MadeArchive) -> None:
    link_to_copy(kept_text(made.root), made.root.parent / "elsewhere")


@attack("texts/", 17)
def a_text_is_a_pipe(made: MadeArchive) -> None:
    pipe_at(kept_text(made.root))


@attack("texts/", 17)
def a_text_is_longer_than_anybody_reads(made: MadeArchive) -> None:
    path = kept_text(made.root)
    path.chmod(0o600)
    os.truncate(path, 1 << 42)


# Tokens, stubs, tails: in the golden archive


@attack("anchors/9/1.tsr", 20, golden=True)
def a_token_is_altered(made: MadeArchive) -> None:
    flip(made.root / "anchors/9/1.tsr", 50)


@attack("anchors/9/1.chain.pem", 20, golden=True)
def a_token_chain_is_deleted(made: MadeArchive) -> None:
    (made.root / "anchors/9/1.chain.pem").unlink()


@attack("anchors/9/1.tsr", 20, golden=True)
def a_token_is_longer_than_anybody_reads(made: MadeArchive) -> None:
    (made.root / "anchors/9/1.tsr").chmod(0o600)
    os.truncate(made.root / "anchors/9/1.tsr", 1 << 42)


@attack("anchors/9/checkpoint", 20, golden=True)
def the_stamped_checkpoint_is_altered(made: MadeArchive) -> None:
    flip(made.root / "anchors/9/checkpoint", 70)


@attack("anchors/9/checkpoint", 20, golden=True)
def the_signature_of_the_stamped_checkpoint_is_altered(made: MadeArchive) -> None:
    flip(made.root / "anchors/9/checkpoint", -20)


@attack("anchors/9/checkpoint", 20, golden=True)
def the_stamped_checkpoint_is_deleted(made: MadeArchive) -> None:
    (made.root / "anchors/9/checkpoint").unlink()


@attack("anchors/9/checkpoint", 20, golden=True)
def the_stamped_checkpoint_is_a_pipe(made: MadeArchive) -> None:
    pipe_at(made.root / "anchors/9/checkpoint")


@attack("quarantine/", 17, golden=True)
def a_tail_set_aside_is_altered(made: MadeArchive) -> None:
    (path,) = (made.root / "quarantine").iterdir()
    flip(path, 5)


@attack("quarantine/", 17, golden=True)
def a_tail_set_aside_is_longer_than_stated(made: MadeArchive) -> None:
    (path,) = (made.root / "quarantine").iterdir()
    path.chmod(0o600)
    os.truncate(path, 1 << 42)


def replace_stub(root: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the stub record where it lies."""
    for path in segments(root):
        for entry in entries(path):
            if entry.stub is not None:
                data = path.read_bytes()
                begin, end = entry.statement_offset, entry.end_bytes
                rewrite(path, data[:begin] + change(data[begin:end]) + data[end:])
                return


@attack("offset", 19, golden=True)
def the_date_of_a_stub_is_changed(made: MadeArchive) -> None:
    def change(record: bytes) -> bytes:
        return format_stub_record(replace(parse_stub_record(record), date=START))

    replace_stub(made.root, change)


@attack("offset", 19, golden=True)
def a_stub_of_another_entry_stands_for_a_capture(made: MadeArchive) -> None:
    """The lawful stub of one removal is used to remove a second entry."""
    path = segments(made.root)[0]
    stub = next(entry for entry in entries(path) if entry.stub is not None)
    victim = next(entry for entry in entries(path) if entry.records and entry.envelope)
    data = path.read_bytes()
    record = data[stub.statement_offset : stub.end_bytes]
    rewrite(path, data[: victim.slice_offset] + record + data[victim.end_bytes :])


@attack("offset", 19, golden=True)
def a_record_stands_before_a_stub(made: MadeArchive) -> None:
    path = segments(made.root)[0]
    entry = entries(path)[0]
    data = path.read_bytes()
    member = data[
        entry.slice_offset : entry.slice_offset + entry.records[0].span.length
    ]
    replace_stub(made.root, lambda record: member + record)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_the_folder_is_refused(made: MadeArchive, name: str) -> None:
    found = ATTACKS[name]
    found.run(made)
    assert_refused(made, found.place, *found.steps)


@pytest.mark.parametrize("name", GOLDEN_ATTACKS)
def test_an_attack_on_the_golden_archive_is_refused(
    golden: MadeArchive, name: str
) -> None:
    found = GOLDEN_ATTACKS[name]
    found.run(golden)
    assert_refused(golden, found.place, *found.steps)


def test_a_stamp_over_a_root_of_no_tree_is_refused(golden: MadeArchive) -> None:
    """Signed with the operator's key: the token would prove another log."""
    forger = Forger(made=golden, key=fixed_keys(golden.identity.origin).operator)
    token = {
        "authority": "Test authority",
        "chain": str(Digest.of(b"")),
        "crl": None,
        "gen_time": format_instant(START),
        "tsq": str(Digest.of(b"")),
        "tsr": str(Digest.of(b"")),
    }
    predicate: dict[str, object] = {
        "size": 5,
        "root": format_base64(bytes(32)),
        "sent": format_instant(START),
        "received": format_instant(START),
        "tokens": [token],
    }
    draft = Draft(kind="anchor", slice=None, facts=None, predicate=predicate)
    forger.append(forger.entry(draft))
    report = assert_refused(golden, "anchors/5", 20)
    assert "anchor-elsewhere" in {finding.code for finding in report.findings}


# Two archives


def test_an_archive_signed_again_by_a_stranger_is_refused(
    made: MadeArchive, other: MadeArchive
) -> None:
    """Same id, same origin, whole and right in itself: only the keys are others."""
    assert other.identity.origin == made.identity.origin
    report = verify_archive(other.root, trust=made.trust())
    assert report.outcome is not Outcome.VERIFIED
    assert {3, 8} <= {f.step for f in report.findings if f.code != "holds"}


@pytest.mark.parametrize("part", ["segments", "log", "archive.toml", "texts"])
def test_a_part_of_another_archive_is_refused(
    made: MadeArchive, other: MadeArchive, part: str
) -> None:
    path = made.root / part
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if (other.root / part).is_dir():
        shutil.copytree(other.root / part, path)
    else:
        shutil.copy(other.root / part, path)
    assert verify(made).outcome is not Outcome.VERIFIED


def test_a_segment_of_another_archive_is_refused(
    made: MadeArchive, other: MadeArchive
) -> None:
    rewrite(segments(made.root)[0], segments(other.root)[0].read_bytes())
    assert_refused(made, "segments/2025/01/00000000", 3, 16)


def test_without_trust_nothing_is_verified(made: MadeArchive) -> None:
    report = verify_archive(made.root, trust=None)
    assert report.outcome is Outcome.NOT_CHECKED
    assert {3, 4, 8, 10, 21} <= set(report.not_checked)


# What cannot be read, is not read


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("segments/2025/01/00000000", "segment-unreadable"),
        ("log/checkpoint", "checkpoint-unreadable"),
        ("log/tile/0", "tile-unreadable"),
        ("segments/2025", "folder-unreadable"),
        ("segments", "folder-unreadable"),
        ("anchors", "folder-unreadable"),
        ("texts/", "file-unreadable"),
        ("texts", "folder-unreadable"),
        ("quarantine", "folder-unreadable"),
        ("spool", "folder-unreadable"),
        ("log", "checkpoint-unreadable"),
        ("archive.toml", "identity-altered"),
    ],
)
def test_what_cannot_be_read_is_no_pass(
    origin: MadeArchive, place: str, code: str
) -> None:
    trust = origin.trust()
    with as_nobody(origin) as made:
        path = next(made.root.glob(f"{place}*"))
        mode = path.stat().st_mode
        path.chmod(0)
        try:
            report = verify_archive(made.root, trust=trust)
        finally:
            path.chmod(mode)
    assert report.outcome is not Outcome.VERIFIED
    named = [finding for finding in report.findings if finding.code == code]
    assert any(place in f"{f.subject} {f.detail}" for f in named), report.findings


# Names that lie on a terminal


@pytest.mark.parametrize(
    "name",
    [
        b"x\nVERIFIED archive",
        b"\x1b[2K\x1b[1A VERIFIED",
        b"\xff\xfe",
        "\u202egz.crawh".encode(),
    ],
)
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_hostile_file_name_is_shown_escaped(
    made: MadeArchive, tmp_path: Path, name: bytes, options: tuple[str, ...]
) -> None:
    (made.root / os.fsdecode(name)).write_bytes(b"")
    command = Command(home=tmp_path, archive=made.root, trust=made.trust_folder)
    done = command.run("verify", *options)
    assert done.returncode == 3, done.stderr
    assert not any(line.startswith("VERIFIED") for line in done.stdout.splitlines())
    assert all(letter.isprintable() or letter == "\n" for letter in done.stdout)


# Bombs


def peak_of(made: MadeArchive) -> int:
    """Bytes that a verification holds at most; it must refuse."""
    tracemalloc.start()
    try:
        assert verify(made).outcome is not Outcome.VERIFIED
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_slice_of_many_bombs_does_not_fill_the_memory(made: MadeArchive) -> None:
    forger = Forger.stranger(made)
    bombs = [block(JOB, bytes(BOMB_BYTES)) for _ in range(8)]
    predicate: dict[str, object] = {"job": "a" * 26, "source_id": None, "count": 1}
    forger.append(forger.entry(forger.resources("job-open", predicate, *bombs)))
    assert last_segment(made.root).stat().st_size < 2 << 20
    assert peak_of(made) < MEMORY_BYTES


def test_a_member_of_two_gibibytes_does_not_fill_the_memory(made: MadeArchive) -> None:
    path = last_segment(made.root)
    with path.open("ab") as stream:
        zeros = bytes(1 << 20)
        write_member(stream, (zeros for _ in range(2048)), Effort.DENSE)
    assert peak_of(made) < MEMORY_BYTES


def test_json_of_many_small_values_does_not_fill_the_memory(made: MadeArchive) -> None:
    forger = Forger.stranger(made)
    bomb = b"[" + b"[]," * (BOMB_BYTES // 3) + b"[]]"
    predicate: dict[str, object] = {"job": "a" * 26, "source_id": None, "count": 1}
    forger.append(
        forger.entry(forger.resources("job-open", predicate, block(JOB, bomb)))
    )
    assert peak_of(made) < MEMORY_BYTES


def test_records_without_end_and_without_statement_do_not_fill_the_memory(
    made: MadeArchive,
) -> None:
    path = last_segment(made.root)
    entry = entries(segments(made.root)[0])[1]
    data = segments(made.root)[0].read_bytes()
    member = data[
        entry.slice_offset : entry.slice_offset + entry.records[0].span.length
    ]
    append(path, member * 60_000)
    assert peak_of(made) < MEMORY_BYTES
