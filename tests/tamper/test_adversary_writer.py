"""Whoever writes into spool, catalog or segment makes no operator sign his words.

A writer that opens an archive after an attack either puts it right, so that it is
VERIFIED and nothing acknowledged is lost, or refuses in a sentence and leaves the
evidence as it was. What it once signed and logged could never be taken back.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from archive.attest.keys.signing import Ed25519Signer
from archive.attest.records.extract import ExtractLine, format_extract, parse_extract
from archive.attest.records.job import SeedOutcome, parse_job_close
from archive.digest import Digest, format_short_id
from archive.errors import EvidenceError
from archive.files import Files
from archive.log.checkpoint import Checkpoint, format_checkpoint
from archive.log.leaf import parse_leaf
from archive.log.log import TiledLog
from archive.log.merkle import read_root
from archive.log.note import format_note, sign_note
from archive.store.segments.walk import SegmentWalk, read_statement
from archive.store.texts import text_path
from archive.verify.reporting.report import Outcome
from archive.verify.statements.checks import leaf_of
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, fill
from tests.support.archives.texts import write_text
from tests.support.archives.values import opening_of
from tests.support.attacks.attacked import (
    assert_put_right,
    captured,
    edit_catalog,
    make_two_segments,
    read,
)
from tests.support.attacks.forged_entries import FORGED, FORGERIES, forged_entries
from tests.support.attacks.forgery import (
    Forger,
    append,
    entries,
    last_segment,
    pieces,
    rewrite,
    segments,
)
from tests.support.programs.command import Command

pytestmark = pytest.mark.timeout(60)


JOB = format_short_id(bytes(16))


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    return make_two_segments(tmp_path_factory.mktemp("origin"))


# Forged statements


@pytest.mark.parametrize("case", FORGERIES)
def test_a_forged_entry_of_the_segment_is_set_aside(
    made: MadeArchive, case: str
) -> None:
    before, forged = captured(made), forged_entries(made)[case]
    append(last_segment(made.root), forged)
    assert_put_right(made, before)
    (tail,) = (made.root / "quarantine").iterdir()
    assert tail.read_bytes() == forged, "kept, and an incident names it"


def test_an_entry_in_the_log_is_not_replaced_by_another(made: MadeArchive) -> None:
    """By one of the operator's own key, even: the log says which it was."""
    before, path = captured(made), last_segment(made.root)
    parts = pieces(path)
    rewrite(path, b"".join(parts[:-2]))
    forger = Forger.insider(made)
    forged = forger.entry(forger.capture(FORGED))
    rewrite(path, b"".join([*parts[:-2], forged, parts[-1]]))
    assert_put_right(made, before)


def test_a_log_that_a_stranger_went_on_with_is_refused(made: MadeArchive) -> None:
    """Entry, leaf, tiles and a checkpoint under the right key id: only not signed."""
    forger = Forger.stranger(made)
    forger.append(forger.entry(forger.capture(FORGED)))
    entry = entries(last_segment(made.root))[-1]
    statement = read_statement(entry)
    assert entry.envelope is not None
    line = leaf_of(statement, entry.envelope)
    assert parse_leaf(line).key_id == forger.key.key_id
    log, files = TiledLog(made.root / "log", Files()), Files()
    stranger = Ed25519Signer.from_seed(bytes(32), name=made.identity.origin)
    size = log.size + 1
    own = made.keys().log
    log.append_and_publish([line], origin=made.identity.origin, signer=own)
    root = read_root(size, log.hash_reader(size))
    body = Checkpoint(origin=made.identity.origin, size=size, root=root)
    note = sign_note(format_checkpoint(body), stranger)
    (signature,) = note.signatures
    disguised = replace(signature, key_hash=own.vkey.key_hash)
    forged = replace(note, signatures=(disguised,))
    files.replace(made.root / "log" / "checkpoint", format_note(forged))
    before = last_segment(made.root).read_bytes()
    with pytest.raises(EvidenceError, match="checkpoint"):
        made.open_writer()
    assert last_segment(made.root).read_bytes() == before


# Quarantine


def test_what_lies_in_quarantine_is_never_overwritten(made: MadeArchive) -> None:
    for folder, data in (("quarantine", b"first"), ("spool", b"second")):
        (made.root / folder / "raw-abc").write_bytes(data)
    assert_put_right(made, captured(made))
    kept = {path.read_bytes() for path in (made.root / "quarantine").iterdir()}
    assert {b"first", b"second"} <= kept


@pytest.mark.parametrize(
    "name", ["{stem}.5.torn", "{stem}.999999999999999.torn", "{stem}.\u0665.torn"]
)
@pytest.mark.parametrize("data", [b"", b"planted"])
def test_a_planted_tail_does_not_keep_a_writer_out(
    made: MadeArchive, name: str, data: bytes
) -> None:
    stem = last_segment(made.root).name.removesuffix(".open")
    before = captured(made)
    (made.root / "quarantine" / name.format(stem=stem)).write_bytes(data)
    with made.open_writer() as writer:
        fill(writer, made, 1, job=False)
    assert captured(made) == [*before, "http://a.example/0"]


# The catalog is never a witness


def test_a_job_that_the_catalog_calls_open_is_not_closed_again(
    made: MadeArchive,
) -> None:
    before = captured(made)
    read(made).close()
    edit_catalog(made, "update job set closed = 0")
    assert_put_right(made, before)


def test_a_job_is_closed_with_the_captures_that_are_there(made: MadeArchive) -> None:
    """The catalog says that the killed job captured its seed; it did not."""
    with made.open_writer() as writer:
        writer.open_job(
            opening_of(
                ("http://a.example/0", "http://a.example/lost"),
                job_id=JOB,
                opened_at=made.clock(),
            )
        ).result()
    read(made).close()
    edit_catalog(
        made,
        f"update capture set job_id = '{JOB}', target_uri = 'http://a.example/lost'",
    )
    made.open_writer().close()
    states = [outcome.state for outcome in last_closing(made)]
    assert states == ["not-reached", "not-reached"]
    assert verify_archive(made.root, trust=made.trust()).outcome is Outcome.VERIFIED


def last_closing(made: MadeArchive) -> tuple[SeedOutcome, ...]:
    """How the seeds of the job that was closed last ended."""
    found = None
    walk = SegmentWalk(last_segment(made.root), keep=lambda _header: 1 << 20)
    for entry in walk:
        if read_statement(entry).kind == "job-close":
            found = parse_job_close(entry.records[0].kept)
    assert found is not None
    return found.outcomes


# Texts that somebody says were made


def test_a_text_that_nobody_made_is_not_signed(
    made: MadeArchive, tmp_path: Path
) -> None:
    """A file of the spool says which texts an indexer made while others wrote."""
    text = write_text(made.root, "a text that is on no page")
    line = ExtractLine(
        capture="0" * 64,
        extractor="html/1",
        text=text,
        file=Digest.of(text_path(made.root, text).read_bytes()),
    )
    gone = replace(line, text=Digest.of(b"gone"))
    spool = made.root / "spool"
    (spool / f"extract-{JOB}.jsonl").write_bytes(format_extract([line, gone]))
    command = Command(home=tmp_path, archive=made.root)
    done = command.run("--keys", str(made.keys_folder), "index")
    assert done.returncode == 0, done.stderr
    assert "signed" in done.stdout + done.stderr
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED, list(report.of(Outcome.FAILED))
    assert text.hex not in stated_texts(made)
    assert stated_texts(made), "those of the pages are"


def stated_texts(made: MadeArchive) -> set[str]:
    """Hex digests of all texts that `extract` statements name."""
    found = set()
    for path in segments(made.root):
        for entry in SegmentWalk(path, keep=lambda _header: 1 << 20):
            if read_statement(entry).kind == "extract":
                lines = parse_extract(entry.records[0].kept)
                found |= {line.text.hex for line in lines}
    return found
