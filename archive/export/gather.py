"""Everything a bundle needs of an archive: slice, statement, leaf, proof, tokens.

Made in memory but for the slices, which stay where they are and are read when needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from archive.attest.statements.statement import Statement
from archive.attest.trust.folder import TrustSet
from archive.capture import ByteSource, Capture, MemoryBytes
from archive.errors import CaptureNotFound, DigestMismatch, UsageProblem
from archive.export.shelf import Shelf, Stamped, TokenFiles
from archive.log.note import parse_vkey
from archive.log.proof import TlogProof, format_proof
from archive.store.catalog.follow import IMPORT_KIND
from archive.store.reading.reader import ArchiveReader
from archive.store.reading.recorded import BLOCK_LIMIT_BYTES
from archive.verify.bundles.bundlefiles import (
    LEAF,
    NOT_BEFORE,
    PROOF,
    SLICE,
    STATEMENT,
)
from archive.verify.bundles.bundletimes import anchor_stems
from archive.verify.bundles.bundletree import VIEWS
from archive.verify.statements.checks import leaf_of
from archive.warc.reading import ReadRecord, read_records
from archive.warc.record import RecordHeader

REFERENCES = ("chain", "dns", "refers_to")
"""Fields of a statement that may name the capture which carries something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredNode:
    """One capture or page in the bundle, for the papers that describe it."""

    prefix: str
    capture: Capture
    statement: Statement
    key_id: str
    stamped: Stamped


@dataclass(slots=True, kw_only=True)
class Gathered:
    """The files of a bundle by name, and what they are about."""

    files: dict[str, ByteSource] = field(default_factory=dict)
    nodes: list[GatheredNode] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SliceSource:
    """A slice as it lies in its segment; compared with its id when it is opened."""

    reader: ArchiveReader
    capture: Capture

    @property
    def length_bytes(self) -> int:
        """How many bytes there are."""
        return self.capture.location.length_bytes

    def open(self) -> BinaryIO:
        """Open it at its first byte."""
        return self.reader.open_slice(self.capture)

    def close(self) -> None:
        """Nothing to give back."""


class Gatherer:
    """Collects the nodes of one bundle; what is needed twice is taken once."""

    def __init__(self, reader: ArchiveReader, trust: TrustSet | None) -> None:
        self._reader = reader
        self._shelf = Shelf(
            reader.paths.root, parse_vkey(reader.identity.log_vkey), trust
        )
        self._also: set[str] = set()
        self.gathered = Gathered()

    def add(self, captures: list[Capture], *, collection: bool = False) -> Gathered:
        """Gather one capture, or several side by side below `captures/`."""
        alone = len(captures) == 1 and not collection
        for capture in captures:
            self._add_tree("" if alone else _folder("captures", capture), capture)
        return self.gathered

    def _add_tree(self, prefix: str, capture: Capture) -> None:
        """A capture, or a page and its captures, and all that these refer to."""
        statement = self._add_node(prefix, capture)
        self._add_references(statement)
        for used in statement.predicate.get("captures", ()):
            try:
                part = self._reader.get_capture(used)
            except CaptureNotFound:  # removed: the verdict says that it is missing
                continue
            self._add_references(
                self._add_node(prefix + _folder("captures", part), part)
            )

    def _add_references(self, statement: Statement) -> None:
        for field_name in REFERENCES:
            named = statement.predicate.get(field_name)
            carrier = named and named["capture"]
            if not carrier or carrier in self._also:
                continue
            self._also.add(carrier)
            try:
                capture = self._reader.get_capture(carrier)
            except CaptureNotFound:
                continue
            self._add_references(self._add_node(_folder("also", capture), capture))

    def _add_node(self, prefix: str, capture: Capture) -> Statement:
        entry, statement = self._reader.entry(capture)
        if entry.envelope is None:
            raise DigestMismatch(f"capture {capture.short_id} has no statement")
        if statement.kind == IMPORT_KIND:
            raise UsageProblem(
                f"{capture.short_id} was imported from a file of others: nobody here "
                "can state where its bytes came from, so there is no bundle or package "
                "of it; hand on the file itself, or `evidence export warc`"
            )
        stamped = self._shelf.choose(statement.seq)
        proof = TlogProof(
            index=statement.seq,
            hashes=self._reader.log.prove(statement.seq, stamped.checkpoint.size),
            checkpoint_note=stamped.note,
        )
        files = {
            STATEMENT: statement.payload,
            LEAF: leaf_of(statement, entry.envelope),
            PROOF: format_proof(proof),
            **_token_files(stamped.tokens),
            **self._lower_bound(statement),
            **self._views(capture),
        }
        put = self.gathered.files
        put[prefix + SLICE] = SliceSource(self._reader, capture)
        put.update((prefix + name, MemoryBytes(data)) for name, data in files.items())
        self.gathered.nodes.append(
            GatheredNode(
                prefix=prefix,
                capture=capture,
                statement=statement,
                key_id=entry.envelope.key_id,
                stamped=stamped,
            )
        )
        return statement

    def _lower_bound(self, statement: Statement) -> dict[str, bytes]:
        named = statement.predicate["not_before"]
        found = self._shelf.find_token(named["token"]) if named else None
        return dict(_named(NOT_BEFORE, found)) if found else {}

    def _views(self, capture: Capture) -> dict[str, bytes]:
        """Picture, PDF, text and DOM of a page that a browser rendered."""
        if capture.kind != "page":
            return {}
        with self._reader.open_slice(capture) as stream:
            records = list(read_records(stream, keep=_keep_views))
        return {
            name: record.kept
            for name, begin in VIEWS.items()
            for record in records
            if _is_view(record, begin)
        }


def _keep_views(header: RecordHeader) -> int:
    uri = header.target_uri or ""
    return BLOCK_LIMIT_BYTES if uri.startswith(tuple(VIEWS.values())) else 0


def _is_view(record: ReadRecord, begin: str) -> bool:
    whole = record.header.content_length == len(record.kept)
    return whole and (record.header.target_uri or "").startswith(begin)


def _token_files(tokens: tuple[TokenFiles, ...]) -> dict[str, bytes]:
    named = zip(anchor_stems(), tokens, strict=False)
    return {name: data for stem, one in named for name, data in _named(stem, one)}


def _named(stem: str, files: TokenFiles) -> Iterator[tuple[str, bytes]]:
    yield f"{stem}.tsr", files.tsr
    if files.chain:
        yield f"{stem}.chain.pem", files.chain
    if files.crl:
        yield f"revocation/{stem}.crl", files.crl


def _folder(kind: str, capture: Capture) -> str:
    return f"{kind}/{capture.short_id}/"
