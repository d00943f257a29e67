"""Make the golden archive: every kind of statement, fixed keys, clock and salts.

Two sealed segments and an open one; a torn tail that was recovered; an entry that was
removed with its tombstone. Made again, its statements, leaves and tiles are byte-equal;
every later version must find it VERIFIED.

usage: python tests/make/golden_archive.py OUT    (writes OUT/archive and OUT/trust)
"""

import io
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.attest.keys.keyfolder import KeyFolder
from archive.attest.keys.signing import Ed25519Signer, P256Signer, P384Key
from archive.attest.records.extract import ExtractLine, ExtractRun
from archive.attest.statements.envelope import Stub, format_stub_record
from archive.attest.statements.statement import format_cosigned
from archive.attest.values.keyid import key_id_of
from archive.capture import Capture, MemoryBytes
from archive.digest import Digest, format_short_id
from archive.files import Files
from archive.instant import format_instant
from archive.log.fields import format_base64
from archive.store.drafts import Draft, PageDraft
from archive.store.layout import ArchivePaths
from archive.store.ledger import Ledger
from archive.store.recovery.recovery import recover
from archive.store.recovery.survey import survey_segment
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentEntry, SegmentWalk, read_statement
from archive.store.texts import text_path
from archive.verify.statements.checks import leaf_of
from archive.warc.member import Effort
from archive.warc.slice import ResourceBlock, build_resource_slice
from tests.make.golden_token import main as make_token
from tests.support.archives.archives import MadeArchive, fill, make_archive
from tests.support.archives.texts import write_text
from tests.support.disk.folders import open_segment

TOKEN = Path(__file__).parent.parent / "golden" / "token"
TORN_BYTES = 1000
"""Cut off the end of the open segment: inside its last slice."""


def fixed_keys(origin: str) -> KeyFolder:
    """The same four keys each time; they protect nothing."""
    return KeyFolder(
        root=P256Signer.from_scalar(1_000_003),
        operator=P256Signer.from_scalar(1_000_033),
        log=Ed25519Signer.from_seed(bytes(range(32)), name=origin),
        wacz=P384Key.from_scalar(1_000_037),
    )


@dataclass(slots=True, kw_only=True)
class Golden:
    """The archive in the making."""

    made: MadeArchive

    def ledger(self) -> Ledger:
        """Open the ledger by the recovery that every writer runs."""
        return recover(self.made.tools(effort=Effort.STORED))[0]

    def state(
        self, kind: str, predicate: dict[str, object], *blocks: ResourceBlock
    ) -> None:
        """Commit one statement of a kind that this version does not write itself."""
        ledger = self.ledger()
        facts, out = None, None
        if blocks:
            out = io.BytesIO()
            facts = build_resource_slice(
                blocks,
                out,
                material=ledger.tools.material(),
                warc_date=self.made.clock(),
            )
        names = predicate.get("captures", []) if kind == "note" else []
        assert isinstance(names, list)
        subjects = tuple(
            (f"captures/{Digest(used).short_id}/capture.warc.gz", used)
            for used in names
        )
        ledger.commit(
            [
                Draft(
                    kind=kind,
                    slice=out,
                    facts=facts,
                    predicate=predicate,
                    subjects=subjects,
                )
            ]
        )
        ledger.checkpoint()
        ledger.close()


def make(out: Path) -> None:
    """Make the golden archive and its trust folder in an empty folder `out`."""
    with tempfile.TemporaryDirectory() as name:
        made = make_archive(Path(name), keys=fixed_keys)
        golden = Golden(made=made)
        captures = _capture_and_page(golden)
        _extract(golden, captures)
        _anchor(golden)
        _tear(made.root)
        golden.ledger().close()
        _speak(golden, captures)
        _remove(golden, captures[2])
        ArchivePaths(made.root).catalog.unlink()  # derived: no part of the evidence
        shutil.copytree(made.root, out / "archive")
        shutil.copytree(made.trust_folder, out / "trust")


def _capture_and_page(golden: Golden) -> list[Capture]:
    with golden.made.open_writer() as writer:
        captures = fill(writer, golden.made, 3)
        writer.page(
            PageDraft(
                target_uri=captures[0].target_uri,
                main=captures[0],
                captures=tuple(captures[:2]),
                rendering="static",
                page_info={"parts": []},
                job_id=None,
                source_id=None,
            )
        ).result()
    return captures


def _extract(golden: Golden, captures: list[Capture]) -> None:
    text = "Выбары Прэзідэнта Рэспублікі Беларусь\n"
    digest = write_text(golden.made.root, text)
    with text_path(golden.made.root, digest).open("rb") as stream:
        file = Digest.of_stream(stream)
    run = ExtractRun(
        run_id=format_short_id(golden.made.random_bytes(16)),
        finished_at=golden.made.clock(),
        extractor="html/1",
        lines=(
            ExtractLine(
                capture=captures[0].capture_id,
                extractor="html/1",
                text=digest,
                file=file,
            ),
        ),
    )
    with golden.made.open_writer() as writer:
        writer.state_extract(run).result()
        writer.rotate()


def _anchor(golden: Golden) -> None:
    """A real token over the checkpoint of this moment, kept in tests/golden/token."""
    root = golden.made.root
    note = (root / "log" / "checkpoint").read_bytes()
    body, _, _ = note.partition(b"\n\n")
    size = int(body.split(b"\n")[1])
    if not TOKEN.is_dir():
        _stamp(body + b"\n", TOKEN)
    folder = root / "anchors" / str(size)
    Files().make_folder(folder)
    Files().write_once(folder / "checkpoint", note)
    token: dict[str, object] = {
        "authority": "Test authority",
        "gen_time": format_instant(golden.made.clock()),
        "crl": None,
    }
    for field, name in (("tsr", "1.tsr"), ("tsq", "1.tsq"), ("chain", "1.chain.pem")):
        data = (TOKEN / name).read_bytes()
        Files().write_once(folder / name, data)
        token[field] = str(Digest.of(data))
    golden.state(
        "anchor",
        {
            "size": size,
            "root": body.split(b"\n")[2].decode(),
            "tokens": [token],
            "sent": format_instant(golden.made.clock()),
            "received": format_instant(golden.made.clock()),
        },
    )


def _stamp(body: bytes, folder: Path) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        make_token(Path(file.name), folder)


def _tear(root: Path) -> None:
    path = open_segment(root)
    os.truncate(path, path.stat().st_size - TORN_BYTES)


def _speak(golden: Golden, captures: list[Capture]) -> None:
    """Kinds whose writers come with later versions: note, import, cosign."""
    text = MemoryBytes(b"The table on this page was corrected.\n")
    golden.state(
        "note",
        {"author_role": "observer", "captures": [captures[1].capture_id]},
        _block("urn:evidence:note:1", "text/plain; charset=utf-8", text),
    )
    golden.state(
        "import",
        {
            "file": {
                "name": "received.warc.gz",
                "length_bytes": 1234,
                "sha256": Digest.of(b"received").hex,
            },
            "received_at": format_instant(golden.made.clock()),
        },
        _block("http://b.example/", "text/html", MemoryBytes(b"<p>received</p>")),
    )
    other = P256Signer.from_scalar(1_000_039)
    statement = str(Digest.of(b"a statement of another archive"))
    words = {"name": "Another operator", "role": "observer", "words": "I saw the same."}
    golden.state(
        "cosign",
        {
            **words,
            "statement": statement,
            "spki": format_base64(other.spki_der),
            "signature": format_base64(
                other.sign(format_cosigned(statement=statement, **words))
            ),
        },
    )
    assert key_id_of(other.spki_der)


def _remove(golden: Golden, capture: Capture) -> None:
    """Tombstone, the segment written anew with a stub, and the seal that says so."""
    root = golden.made.root
    segment = next(
        found
        for found in list_segments(root / "segments")
        if str(found.name) == capture.location.segment
    )
    old = segment.path.read_bytes()
    entry = _entry_of(segment.path, capture)
    statement = read_statement(entry)
    golden.state(
        "tombstone",
        {
            "leaf": capture.leaf,
            "statement": str(statement.digest),
            "capture": capture.capture_id,
            "reason": "names of victims",
            "authority": "the operator",
            "segment_sha256": Digest.of(old).hex,
        },
    )
    tombstone, date = _last_statement(root)
    if entry.envelope is None:
        raise AssertionError("a capture has an envelope")
    stub = format_stub_record(
        Stub(
            removed_leaf=leaf_of(statement, entry.envelope),
            tombstone_leaf=tombstone,
            date=date,
        )
    )
    new = old[: entry.slice_offset] + stub + old[entry.end_bytes :]
    segment.path.chmod(0o600)
    segment.path.write_bytes(new)
    segment.path.chmod(0o444)
    golden.state(
        "seal",
        {
            "segment": {
                "file": str(segment.name),
                "length_bytes": len(new),
                "sha256": Digest.of(new).hex,
                "first_leaf": 0,
                "end_leaf": _end_leaf(segment.path),
            },
            "reseal": {"tombstone": _next_leaf(root) - 1},
        },
    )


def _block(uri: str, content_type: str, block: MemoryBytes) -> ResourceBlock:
    return ResourceBlock(
        type="resource", target_uri=uri, content_type=content_type, block=block
    )


def _entry_of(path: Path, capture: Capture) -> SegmentEntry:
    return next(iter(SegmentWalk(path, start=capture.location.offset_bytes)))


def _end_leaf(path: Path) -> int:
    """One beyond the last entry of a segment; stubs count."""
    return survey_segment(path, logged=0).next_leaf


def _next_leaf(root: Path) -> int:
    return _end_leaf(list_segments(root / "segments")[-1].path)


def _last_statement(root: Path) -> tuple[bytes, datetime]:
    last = None
    for entry in SegmentWalk(list_segments(root / "segments")[-1].path):
        last = entry
    if last is None or last.envelope is None:
        raise AssertionError("the open segment has statements")
    statement = read_statement(last)
    return leaf_of(statement, last.envelope), statement.signed


if __name__ == "__main__":
    make(Path(sys.argv[1]))
