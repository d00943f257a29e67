"""A good archive in an enemy's hands: cut, splice, forge, with or without the keys.

Works on a copy of the golden archive, whose private keys are known: a forger who has
stolen one of them is played with the real key.
"""

import gzip
import io
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.attest.keys.keyfolder import KeyFolder
from archive.attest.statements.envelope import (
    STUB_CONTENT_TYPE,
    Envelope,
    format_statement_record,
    parse_statement_record,
    parse_stub_record,
)
from archive.attest.statements.statement import (
    Statement,
    build_statement,
    pae,
    parse_statement,
    statement_digest,
)
from archive.attest.trust.folder import TrustSet, read_trust
from archive.files import Files
from archive.instant import format_instant
from archive.log.leaf import Leaf, format_leaf
from archive.log.log import TiledLog
from archive.store.drafts import slice_facts
from archive.store.layout import ArchiveIdentity, read_identity
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk
from archive.verify.reporting.report import ONE_WITNESS, Outcome, Report
from archive.verify.whole.folder import verify_archive
from archive.warc.slice import ResourceBlock, SliceMaterial, build_resource_slice
from tests.make.golden_archive import fixed_keys
from tests.support.archives.archives import SOFTWARE, START, FixedRandom
from tests.support.judging.sound import assert_sound
from tests.support.judging.told import GoldenReports, difference, read_untouched, tell

FIRST, SECOND, OPEN = range(3)
"""The segments of the golden archive: two sealed, one open."""
KEY, JOB_OPEN, CAPTURE, CAPTURE_2, STUB, JOB_CLOSE, PAGE, EXTRACT = range(8)
"""The entries of its first segment."""
SEAL, ANCHOR, INCIDENT = range(3)
"""The entries of its second segment."""
SEAL_2, NOTE, IMPORT, COSIGN, TOMBSTONE, RESEAL = range(6)
"""The entries of its third segment."""
OPTIONAL = frozenset({9, 11, 12, 13, 14, 20})
"""Steps that a policy which asks for nothing does not require."""
KIND = re.compile(rb'"predicateType":"[^"]*/([a-z-]+)/v1"')
GOLDEN = Path(__file__).parents[2] / "golden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A slice as its members, and the record behind it."""

    members: tuple[bytes, ...]
    record: bytes

    @property
    def data(self) -> bytes:
        """The bytes as they lie in the segment."""
        return b"".join(self.members) + self.record

    @property
    def is_stub(self) -> bool:
        """Whether it stands for a removed entry."""
        return STUB_CONTENT_TYPE.encode() in self.record

    @property
    def statement(self) -> Statement:
        """What it says."""
        return parse_statement(parse_statement_record(self.record).payload)


@dataclass(slots=True, kw_only=True)
class Victim:
    """A copy of the golden archive, and what its reader believes."""

    root: Path
    trust: TrustSet | None
    identity: ArchiveIdentity
    keys: KeyFolder

    @classmethod
    def copy(cls, folder: Path) -> "Victim":
        """A fresh copy below `folder`."""
        root = folder / "archive"
        shutil.copytree(GOLDEN / "archive", root)
        for path in root.rglob("*"):
            path.chmod(0o700 if path.is_dir() else 0o600)
        identity = read_identity(root)
        return cls(
            root=root,
            trust=read_trust(GOLDEN / "trust", identity.origin),
            identity=identity,
            keys=fixed_keys(identity.origin),
        )

    # Reading and writing segments

    @property
    def segments(self) -> list[Path]:
        """All segment files, oldest first."""
        return [found.path for found in list_segments(self.root / "segments")]

    def entries(self, number: int) -> list[Entry]:
        """The entries of a segment; stubs too."""
        path = self.segments[number]
        data = path.read_bytes()
        found = []
        for entry in SegmentWalk(path):
            spans = [record.span for record in entry.records]
            found.append(
                Entry(
                    members=tuple(
                        data[span.offset : span.offset + span.length] for span in spans
                    ),
                    record=data[entry.statement_offset : entry.end_bytes],
                )
            )
        return found

    def rewrite(self, number: int, entries: Sequence[Entry]) -> None:
        """Write a segment anew from entries."""
        self.segments[number].write_bytes(b"".join(entry.data for entry in entries))

    def edit(
        self, number: int, place: int, change: Callable[[Entry], Entry | bytes | None]
    ) -> None:
        """Change one entry of a segment: another one, raw bytes, or None to drop it."""
        pieces = []
        for index, entry in enumerate(self.entries(number)):
            changed = change(entry) if index == place else entry
            if isinstance(changed, Entry):
                changed = changed.data
            pieces.append(changed or b"")
        self.segments[number].write_bytes(b"".join(pieces))

    def edit_record(
        self, number: int, place: int, record: int, change: Callable[[bytes], bytes]
    ) -> None:
        """Change one record of a slice, uncompressed; it is packed again."""

        def apply(entry: Entry) -> Entry:
            members = list(entry.members)
            plain = gzip.decompress(members[record])
            changed = change(plain)
            assert changed != plain, "the mutation changed nothing"
            members[record] = gzip.compress(changed, mtime=0)
            return replace(entry, members=tuple(members))

        self.edit(number, place, apply)

    # Forging

    def sign(self, payload: bytes, *, as_root: bool = False) -> Envelope:
        """Sign with a stolen key."""
        key = self.keys.root if as_root else self.keys.operator
        assert key is not None
        return Envelope(
            payload=payload, key_id=key.key_id, signature=key.sign(pae(payload))
        )

    def speak(
        self,
        kind: str,
        predicate: dict[str, object],
        *blocks: ResourceBlock,
        change: Callable[[bytes], bytes] = lambda payload: payload,
    ) -> Entry:
        """Append a statement with all keys in hand, logged and checkpointed.

        `change` alters the payload before it is signed.
        """
        last = self._last_statement()
        common: dict[str, object] = {
            "archive": self.identity.archive_id,
            "operator": self.identity.name,
            "prev": str(last.digest),
            "salt": "ab" * 32,
            "seq": last.seq + 1,
            "signed": format_instant(last.signed + timedelta(seconds=1)),
            "software": SOFTWARE,
        }
        members, common["slice"], slice_hex = self._slice(blocks)
        payload = build_statement(
            kind, {**predicate, **common}, [("capture.warc.gz", slice_hex)]
        )
        envelope = self.sign(change(payload), as_root=kind == "key")
        entry = Entry(members=members, record=format_statement_record(envelope))
        with self.segments[-1].open("ab") as stream:
            stream.write(entry.data)
        self.log(leaf_of(envelope))
        return entry

    def log(self, *leaves: bytes) -> None:
        """Log leaves and sign a checkpoint with the log key."""
        TiledLog(self.root / "log", Files()).append_and_publish(
            leaves, origin=self.identity.origin, signer=self.keys.log
        )

    def log_anew(self) -> None:
        """Throw the log away and sign a new one over what the segments hold now."""
        leaves = [
            leaf_line(entry)
            for number in range(len(self.segments))
            for entry in self.entries(number)
        ]
        shutil.rmtree(self.root / "log")
        TiledLog(self.root / "log", Files()).create()
        self.log(*leaves)

    def _last_statement(self) -> Statement:
        return self.entries(-1)[-1].statement

    def _slice(
        self, blocks: Sequence[ResourceBlock]
    ) -> tuple[tuple[bytes, ...], dict[str, object], str]:
        if not blocks:
            return (), *slice_facts(None)
        out = io.BytesIO()
        random_bytes = FixedRandom(seed="forged")
        material = SliceMaterial(
            record_ids=lambda: f"urn:uuid:{uuid4_of(random_bytes(16))}",
            software=SOFTWARE,
            settings_digest=None,
            carriers={},
        )
        facts = build_resource_slice(blocks, out, material=material, warc_date=START)
        data = out.getvalue()
        members = tuple(
            data[row.offset : row.offset + row.length] for row in facts.rows
        )
        return members, *slice_facts(facts)

    # Judging

    def verify(self) -> Report:
        """What `evidence verify` says now."""
        return verify_archive(self.root, trust=self.trust)

    def file(self, pattern: str) -> Path:
        """The first file of a pattern below the archive."""
        return sorted(self.root.glob(pattern))[0]


def uuid4_of(raw: bytes) -> str:
    """Sixteen bytes as a version 4 UUID."""
    number = int.from_bytes(raw) & ~(0xF << 76) | 0x4 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    digits = f"{number:032x}"
    return "-".join(
        digits[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
    )


def leaf_line(entry: Entry) -> bytes:
    """The leaf of an entry, or the one its stub stands for."""
    if entry.is_stub:
        return parse_stub_record(entry.record).removed_leaf
    envelope = parse_statement_record(entry.record)
    return leaf_of(envelope)


def leaf_of(envelope: Envelope) -> bytes:
    """The leaf line of a statement, its kind as it says itself."""
    kind = KIND.search(envelope.payload)
    assert kind is not None
    return format_leaf(
        Leaf(
            kind=kind[1].decode(),
            statement_digest=statement_digest(envelope.payload),
            key_id=envelope.key_id,
            signature=envelope.signature,
        )
    )


def flip(path: Path, bit: int) -> None:
    """Flip one bit of a file; negative numbers count from its end."""
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def fired(report: Report) -> list[str]:
    """Every finding that is no pass, each once; FAILED is not written out.

    The optional checks of witnesses, tokens and earlier heads are left out: this
    version never makes them, and every report lists them.
    """
    assert_sound(report)
    optional = OPTIONAL - report.required
    found = {
        (finding.step, finding.code, finding.outcome)
        for finding in report.findings
        if finding.outcome is Outcome.FAILED
        or (finding.outcome is Outcome.NOT_CHECKED and finding.step not in optional)
    }
    return [
        f"{step} {code}" + (" NOT CHECKED" if outcome is Outcome.NOT_CHECKED else "")
        for step, code, outcome in sorted(found)
    ]


Attack = Callable[[Victim], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One attack and exactly what it sets off."""

    attack: Attack
    fires: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """Of the whole report."""
        if all(line.endswith("NOT CHECKED") for line in self.fires):
            return Outcome.NOT_CHECKED if self.fires else Outcome.VERIFIED
        return Outcome.FAILED


class Table:
    """The attacks of one test module; `fires` puts one in, above its function."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def fires(self, *findings: str) -> Callable[[Attack], Attack]:
        """Say what an attack must set off: `STEP CODE`, or `STEP CODE NOT CHECKED`."""

        def add(attack: Attack) -> Attack:
            self.rows.append(Row(attack=attack, fires=findings))
            return attack

        return add

    def each(self) -> pytest.MarkDecorator:
        """Run a test for each row."""
        names = [row.attack.__name__ for row in self.rows]
        assert len(set(names)) == len(names), "two attacks of one name"
        return pytest.mark.parametrize("row", self.rows, ids=names)


def play(row: Row, folder: Path, golden: GoldenReports) -> None:
    """Attack a fresh copy; demand the findings of the row, and every word of them."""
    victim = Victim.copy(folder)
    row.attack(victim)
    report = victim.verify()
    assert tuple(fired(report)) == row.fires
    assert report.outcome is row.outcome
    trust = victim.trust
    asks = trust is not None and (trust.witness_quorum or trust.token_quorum)
    assert (report.headline == ONE_WITNESS) == (not asks)
    told = difference(read_untouched(), tell(report, victim.root))
    attack = row.attack
    golden.assert_told(told, module=attack.__module__, part=attack.__name__)
