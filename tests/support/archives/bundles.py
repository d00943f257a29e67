"""Bundles of a small archive with two authorities, two witnesses and every part."""

import io
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.attest.keys.signing import Ed25519Signer
from archive.attest.trust.folder import TrustSet, read_trust, trust_path, write_trust
from archive.capture import (
    Capture,
    EarlierCapture,
    Exchange,
    MemoryBytes,
    TlsFacts,
    TlsVerdict,
)
from archive.digest import Digest
from archive.export.bundle import BundleRequest, export_bundle
from archive.files import Files
from archive.instant import format_instant
from archive.log.checkpoint import parse_checkpoint
from archive.log.fields import format_base64
from archive.log.note import (
    COSIGNATURE,
    NoteSignature,
    SignedNote,
    VerifierKey,
    format_note,
    make_vkey,
    parse_note,
)
from archive.store.drafts import PageDraft, draft_exchange
from archive.store.reading.reader import ArchiveReader
from archive.store.recovery.recovery import recover
from archive.verify.bundles.bundle import verify_bundle
from archive.verify.bundles.bundlefiles import SUMS
from archive.verify.bundles.listing import format_sums
from archive.verify.reporting.report import Outcome, Report
from archive.warc.member import Effort
from archive.warc.slice import ResourceBlock
from tests.support.archives.archives import MadeArchive, make_archive, make_exchange
from tests.support.archives.exchanges import not_modified
from tests.support.judging.sound import assert_sound
from tests.support.servers.stampers import Stamper

Files_ = dict[str, bytes]
SCRIPT_SECONDS = 300
"""The dearest bundle takes 2.4 s of CPU; on a machine full of work that is minutes."""
COSIGNED_AT = 1_740_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Somebody who cosigns checkpoints."""

    name: str
    signer: Ed25519Signer

    @classmethod
    def make(cls, number: int) -> "Witness":
        """Always the same key for a number."""
        name = f"witness{number}.example/w"
        seed = bytes([number]) * 32
        return cls(name=name, signer=Ed25519Signer.from_seed(seed, name=name))

    @property
    def vkey(self) -> VerifierKey:
        """Its key as readers know it."""
        return make_vkey(self.name, COSIGNATURE, self.signer.vkey.public_key)

    def line(self, body: str, at: int = COSIGNED_AT) -> NoteSignature:
        """Its cosignature of a checkpoint."""
        message = f"cosignature/v1\ntime {at}\n{body}".encode()
        return NoteSignature(
            name=self.name,
            key_hash=self.vkey.key_hash,
            signature=at.to_bytes(8, "big") + self.signer.sign(message),
        )


@dataclass(slots=True, kw_only=True)
class World:
    """An archive, who vouches for it, and the bundles it gave."""

    made: MadeArchive
    trust: TrustSet
    stampers: tuple[Stamper, Stamper]
    foreign: Stamper
    folder: Path
    captures: dict[str, Capture]
    bundles: dict[str, Files_]

    def trust_folder(self, trust: TrustSet, name: str) -> Path:
        """A trust folder of that name, written once."""
        folder = self.folder / "trusts" / name
        if not folder.exists():
            write_trust(folder, trust)
        return folder


def make_world(folder: Path) -> World:
    """Make everything; takes about two seconds."""
    made = make_archive(folder)
    made.clock.now = datetime.now(UTC) - timedelta(seconds=250)
    stampers = (Stamper.make(folder / "one"), Stamper.make(folder / "two"))
    witnesses = (Witness.make(1), Witness.make(2))
    captures = _fill(made)
    token = _anchor(made, stampers, witnesses)
    captures["bounded"] = _bounded(made, token)
    _anchor(made, stampers, witnesses)
    base = made.trust()
    assert base is not None
    trust = replace(
        base,
        witnesses=tuple((f"w{n}", one.vkey) for n, one in enumerate(witnesses, 1)),
        authorities=tuple(stamper.root for stamper in stampers),
        witness_quorum=2,
        token_quorum=2,
    )
    world = World(
        made=made,
        trust=trust,
        stampers=stampers,
        foreign=Stamper.make(folder / "foreign"),
        folder=folder,
        captures=captures,
        bundles={},
    )
    for name, chosen in {
        "one": ["plain"],
        "bounded": ["bounded"],
        "page": ["page"],
        "revisit": ["revisit"],
        "chained": ["chained"],
        "several": ["plain", "bounded", "page"],
    }.items():
        world.bundles[name] = export(world, name, *chosen)
    return world


def export(world: World, name: str, *chosen: str) -> Files_:
    """Export captures by name and read what came out."""
    out = world.folder / "exported" / name
    out.parent.mkdir(exist_ok=True)
    reader = ArchiveReader.open(world.made.root)
    try:
        request = BundleRequest(
            captures=[world.captures[one] for one in chosen],
            out=out,
            certificate=False,
        )
        report = export_bundle(reader, request, trust=world.trust)
        assert report.outcome is Outcome.VERIFIED, report
    finally:
        reader.close()
    return read_folder(out)


def read_folder(folder: Path) -> Files_:
    """All files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder that is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def resum(files: Mapping[str, bytes]) -> Files_:
    """The same files, listed anew: what a forger would do."""
    kept = {name: data for name, data in files.items() if name != SUMS}
    digests = {name: Digest.of(data) for name, data in kept.items()}
    return {**kept, SUMS: format_sums(digests)}


def ask_program(folder: Path, trust: Path) -> Report:
    """What `evidence verify bundle` says."""
    return assert_sound(
        verify_bundle(folder, trust_of=lambda origin: read_trust(trust, origin))
    )


def ask_script(folder: Path, trust: Path, *, origin: str, shell: str = "sh") -> str:
    """What verify.sh of this version says: the words of its last line."""
    return script_lines(folder, trust, origin=origin, shell=shell)[-1]


def script_lines(
    folder: Path, trust: Path, *, origin: str, shell: str = "sh"
) -> list[str]:
    """All that verify.sh of this version says; the last line is its verdict."""
    script = Path("archive/export/verify.sh").resolve()
    done = subprocess.run(
        [shell, str(script), str(folder), str(trust_path(trust, origin))],
        capture_output=True,
        text=True,
        timeout=SCRIPT_SECONDS,
        check=False,
    )
    assert done.stderr == "", done.stderr
    lines = done.stdout.splitlines()
    for word in Outcome:
        if lines[-1].startswith(word):
            assert done.returncode == (0 if word is Outcome.VERIFIED else 3), lines
            return lines
    raise AssertionError(f"no verdict: {done.stdout}")


def _fill(made: MadeArchive) -> dict[str, Capture]:
    with made.open_writer() as writer:
        plain = writer.capture(
            make_exchange("http://a.example/", b"<p>plain</p>" * 40, made)
        ).result()
        carrier = writer.capture(_with_tls("https://b.example/1", made)).result()
        chained = writer.capture(_with_tls("https://b.example/2", made)).result()
        revisit = writer.capture(_revisit(made, plain)).result()
        page = writer.page(
            PageDraft(
                target_uri=plain.target_uri,
                main=plain,
                captures=(plain, chained),
                rendering="browser",
                page_info={"parts": []},
                job_id=None,
                source_id=None,
                resources=tuple(_view(kind) for kind in ("view", "text")),
            )
        ).result()
    return {
        "plain": plain,
        "carrier": carrier,
        "chained": chained,
        "revisit": revisit,
        "page": page,
    }


def _view(kind: str) -> ResourceBlock:
    return ResourceBlock(
        type="resource",
        target_uri=f"urn:{kind}:http://a.example/",
        content_type="image/png" if kind == "view" else "text/plain",
        block=MemoryBytes(f"what a browser gave as {kind}".encode() * 9),
    )


def _with_tls(uri: str, made: MadeArchive) -> Exchange:
    exchange = make_exchange(uri, b"<p>by TLS</p>", made)
    assert exchange.connection is not None
    tls = TlsFacts(
        version="1.3",
        cipher="TLS_AES_128_GCM_SHA256",
        sni="b.example",
        chain_pem=b"-----BEGIN CERTIFICATE-----\nnot one\n",
        verdict=TlsVerdict.NOT_CHECKED,
        error=None,
        root_set=None,
    )
    return replace(exchange, connection=replace(exchange.connection, tls=tls))


def _revisit(made: MadeArchive, earlier: Capture) -> Exchange:
    reader = ArchiveReader.open(made.root)
    try:
        record_id = reader.read_exchange(earlier).records[0].header.record_id
    finally:
        reader.close()
    assert earlier.payload_digest is not None
    found = EarlierCapture(
        capture_id=earlier.capture_id,
        record_id=record_id,
        target_uri=earlier.target_uri,
        captured_at=earlier.captured_at,
        payload_digest=earlier.payload_digest,
    )
    return not_modified(earlier.target_uri, found, at=made.clock())


def _anchor(
    made: MadeArchive, stampers: tuple[Stamper, ...], witnesses: tuple[Witness, ...]
) -> dict[str, object]:
    """Cosign and stamp the stored checkpoint; what a statement says of the token."""
    note = parse_note((made.root / "log" / "checkpoint").read_bytes())
    checkpoint = parse_checkpoint(note.body)
    lines = (*note.signatures, *(one.line(note.body) for one in witnesses))
    folder = made.root / "anchors" / str(checkpoint.size)
    Files().make_folder(folder)
    cosigned = format_note(SignedNote(body=note.body, signatures=lines))
    Files().write_once(folder / "checkpoint", cosigned)
    tokens = [stamper.stamp(note.body.encode()) for stamper in stampers]
    for number, (stamper, token) in enumerate(zip(stampers, tokens, strict=True), 1):
        Files().write_once(folder / f"{number}.tsr", token)
        Files().write_once(folder / f"{number}.chain.pem", stamper.chain)
    from archive.attest.tokens.token import parse_token

    return {
        "gen_time": format_instant(parse_token(tokens[0]).gen_time),
        "root": format_base64(checkpoint.root),
        "size": checkpoint.size,
        "token": str(Digest.of(tokens[0])),
    }


def _bounded(made: MadeArchive, token: dict[str, object]) -> Capture:
    """A capture whose statement names the token that was known before."""
    tools = made.tools(effort=Effort.STORED)
    ledger = recover(tools)[0]
    made.clock.now = datetime.now(UTC)
    draft = draft_exchange(
        make_exchange("http://c.example/", b"<p>bounded</p>", made),
        io.BytesIO(),
        material=tools.material(),
    )
    predicate = {**draft.predicate, "not_before": token}
    ledger.commit([replace(draft, predicate=predicate)])
    ledger.checkpoint()
    ledger.close()
    reader = ArchiveReader.open(made.root)
    try:
        return reader.find_captures("http://c.example/")[0]
    finally:
        reader.close()
