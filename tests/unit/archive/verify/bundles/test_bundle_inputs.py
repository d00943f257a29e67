"""Bundles that are odd in one place each: named, never raised."""

import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archive.attest.trust.folder import TrustSet, read_trust
from archive.capture import MemoryBytes
from archive.digest import Digest
from archive.errors import (
    EvidenceError,
    FormatError,
    LimitExceeded,
    StoreError,
    UsageProblem,
)
from archive.export.judge import PlannedFiles
from archive.log.checkpoint import Checkpoint, format_checkpoint
from archive.log.leaf import format_leaf, parse_leaf
from archive.log.note import SignedNote, format_note, parse_note
from archive.log.proof import format_proof, parse_proof
from archive.verify.bundles import bundlefiles
from archive.verify.bundles import node as node_module
from archive.verify.bundles.bundle import verify_bundle, verify_files
from archive.verify.bundles.bundletree import BundleTree
from archive.verify.bundles.listing import sums_order
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Outcome, Report
from archive.zipped import write_zip
from tests.support.archives.bundles import Files_, World, resum, write_folder
from tests.support.judging.sound import assert_sound, codes
from tests.support.spoiling.cases import all_cases

pytestmark = pytest.mark.usefixtures("whole_reports")


def judge(world: World, files: Files_, trust: TrustSet | None = None) -> Report:
    planned = PlannedFiles({name: MemoryBytes(data) for name, data in files.items()})
    believed = world.trust if trust is None else trust
    return verify_files(planned, subject="x", trust_of=lambda _origin: believed)


def test_the_untouched_bundle_is_verified(world: World) -> None:
    assert judge(world, world.bundles["one"]).outcome is Outcome.VERIFIED


def test_a_signature_of_impossible_length_is_no_leaf(world: World) -> None:
    files = dict(world.bundles["one"])
    leaf = parse_leaf(files["leaf.txt"])
    files["leaf.txt"] = format_leaf(replace(leaf, signature=b"x" * 2000))
    assert "2 leaf-differs" in codes(judge(world, resum(files)))


@pytest.mark.parametrize("limit", ["INFLATED_LIMIT_BYTES", "MEMBERS_LIMIT"])
def test_a_slice_that_unpacks_to_too_much_ends_there(
    world: World, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(node_module, limit, 1)
    report = judge(world, world.bundles["one"])
    assert report.outcome is Outcome.FAILED
    assert any("capture.warc.gz" in notice for notice in report.notices)


def reproved(files: Files_, change: Callable[[SignedNote], SignedNote]) -> Files_:
    proof = parse_proof(files["proof.tlog-proof"])
    note = change(parse_note(proof.checkpoint_note))
    data = format_proof(replace(proof, checkpoint_note=format_note(note)))
    return resum({**files, "proof.tlog-proof": data})


def test_a_signer_beyond_ascii_is_refused(world: World) -> None:
    def rename(note: SignedNote) -> SignedNote:
        first, *rest = note.signatures
        return replace(note, signatures=(*rest, replace(first, name="wıtness")))

    report = judge(world, reproved(world.bundles["one"], rename))
    assert "8 checkpoint-bad" in codes(report)


def test_parts_of_two_logs_are_not_one_bundle(world: World) -> None:
    def move(note: SignedNote) -> SignedNote:
        old = note.body.split("\n")
        root = bytes(32)
        body = format_checkpoint(
            Checkpoint(origin="another.example/log", size=int(old[1]), root=root)
        )
        return replace(note, body=body)

    report = judge(world, reproved(world.bundles["one"], move))
    assert "8 origin-unknown" in codes(report, Outcome.NOT_CHECKED)
    assert report.outcome is not Outcome.VERIFIED


def test_witnesses_too_few_are_counted_and_not_enough(world: World) -> None:
    trust = replace(world.trust, witness_quorum=2, witnesses=world.trust.witnesses[:1])
    report = judge(world, world.bundles["one"], trust)
    assert "9 witnesses-none" in codes(report, Outcome.NOT_CHECKED)


def test_one_authority_stamping_twice_counts_once(world: World) -> None:
    one = world.bundles["one"]
    files = {**one, "anchor2.tsr": one["anchor.tsr"]}
    files["anchor2.chain.pem"] = one["anchor.chain.pem"]
    report = judge(world, resum(files))
    assert any("counted already" in notice for notice in report.notices)
    assert "11 time-stamps-none" in codes(report, Outcome.NOT_CHECKED)


def test_without_any_authority_a_token_is_still_looked_at(world: World) -> None:
    trust = replace(world.trust, authorities=(), token_quorum=0)
    assert judge(world, world.bundles["one"], trust).outcome is Outcome.VERIFIED
    files = dict(world.bundles["one"])
    files["anchor.tsr"] = files["anchor.tsr"][:-1]
    assert "11 token-bad" in codes(judge(world, resum(files), trust))


def test_a_damaged_revocation_list_is_named(world: World) -> None:
    for data in (b"no list\n", world.bundles["one"]["anchor.chain.pem"]):
        files = {**world.bundles["one"], "revocation/anchor.crl": data}
        report = judge(world, resum(files))
        assert "12 certificate-revoked" in codes(report)


def test_the_lower_bound_must_be_the_named_token_at_its_named_time(
    world: World,
) -> None:
    bounded = world.bundles["bounded"]
    other = {**bounded, "not_before.tsr": world.bundles["one"]["anchor2.tsr"]}
    assert "13 not-before-bad" in codes(judge(world, resum(other)))
    gone = {k: v for k, v in bounded.items() if not k.startswith("not_before")}
    report = judge(world, resum(gone))
    assert "13 not-before-missing" in codes(report, Outcome.NOT_CHECKED)
    unknown = replace(world.trust, authorities=world.trust.authorities[1:])
    report = judge(world, bounded, replace(unknown, token_quorum=1))
    assert report.outcome is not Outcome.FAILED


# Folders and zips


def test_links_in_a_bundle_are_named(world: World, tmp_path: Path) -> None:
    place = write_folder(tmp_path / "b", world.bundles["one"])
    (place / "more").symlink_to(place / "leaf.txt")
    report = verify_bundle(place, trust_of=lambda _origin: world.trust)
    assert "17 file-unknown" in codes(report)


def test_empty_folders_nested_too_deep_are_named(world: World, tmp_path: Path) -> None:
    place = write_folder(tmp_path / "b", world.bundles["one"])
    inmost = place.joinpath(*"x" * bundlefiles.FOLDERS_DEEP)
    inmost.mkdir(parents=True)
    report = verify_bundle(place, trust_of=lambda _origin: world.trust)
    assert report.outcome is Outcome.VERIFIED
    (inmost / "y").mkdir()
    report = verify_bundle(place, trust_of=lambda _origin: world.trust)
    (found,) = report.of(Outcome.FAILED)
    assert (found.step, found.code) == (17, "file-unknown")
    assert found.subject == "x/x/x/x/x/x/y"


def test_a_folder_of_too_many_files_is_refused(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = write_folder(tmp_path / "b", world.bundles["one"])
    monkeypatch.setattr(bundlefiles, "ENTRIES_LIMIT", 3)
    with pytest.raises(LimitExceeded, match="more than 3"):
        verify_bundle(place, trust_of=lambda _origin: world.trust)


def test_a_folder_that_cannot_be_listed_is_refused(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = write_folder(tmp_path / "b", world.bundles["one"])

    def refused(_path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(StoreError, match=r"cannot list .*: Permission denied"):
        verify_bundle(place, trust_of=lambda _origin: world.trust)


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_of_another_program_is_no_bundle(
    world: World, tmp_path: Path, how: int
) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", how) as packed:
        for name, data in world.bundles["one"].items():
            packed.writestr(name, data)
    with pytest.raises(FormatError, match="another program"):
        verify_bundle(path, trust_of=lambda _origin: world.trust)


def test_a_zip_with_a_file_too_long_is_refused(world: World, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("statement.json", bytes((1 << 20) + 1))
    with pytest.raises(LimitExceeded, match=r"statement\.json"):
        verify_bundle(path, trust_of=lambda _origin: world.trust)
    with pytest.raises(UsageProblem):
        verify_bundle(tmp_path / "none", trust_of=lambda _origin: world.trust)


def test_a_list_of_files_with_another_line_is_malformed(world: World) -> None:
    one = world.bundles["one"]
    lines = one["SHA256SUMS"].splitlines(keepends=True)
    turned = b"".join(reversed(lines))
    for data in (b"no line\n", turned, b"\xff\n", bytes(17 << 20)):
        report = judge(world, {**one, "SHA256SUMS": data})
        assert "17 sums-malformed" in codes(report)


def test_a_file_that_cannot_be_read_is_neither_the_listed_one_nor_another(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = write_folder(tmp_path / "b", world.bundles["one"])
    real = bundlefiles.FolderFiles.open

    def gone(self: bundlefiles.FolderFiles, name: str) -> object:
        if name == "README.txt":
            raise OSError(5, "Input/output error")
        return real(self, name)

    monkeypatch.setattr(bundlefiles.FolderFiles, "open", gone)
    report = verify_bundle(place, trust_of=lambda _origin: world.trust)
    assert codes(report) == set()
    assert "17 file-unreadable" in codes(report, Outcome.NOT_CHECKED)


def test_a_folder_in_a_bundle_without_statement_is_not_judged(world: World) -> None:
    page = dict(world.bundles["page"])
    name = next(n for n in page if n.startswith("captures/") and n.endswith("leaf.txt"))
    prefix = name.removesuffix("leaf.txt")
    page.pop(prefix + "statement.json")
    report = judge(world, resum(page))
    assert "1 bundle-incomplete" in codes(report, Outcome.NOT_CHECKED)


def test_a_revisit_of_another_capture_is_refused(world: World) -> None:
    files = dict(world.bundles["revisit"])
    carried = next(n for n in files if n.startswith("also/") and n.endswith(".gz"))
    files[carried] = files[carried][:-1]
    assert judge(world, resum(files)).outcome is Outcome.FAILED


def test_every_case_of_the_corpus_gets_its_verdict(
    world: World, whole_reports: list[Report]
) -> None:
    """By this program alone; `tests/tamper` asks the script, too."""
    wrong = []
    cases = [case for case in all_cases(world) if case.after is None]
    for case in cases[::5]:
        planned = PlannedFiles({n: MemoryBytes(data) for n, data in case.files.items()})
        trust_of = partial(read_trust, case.trust)
        try:
            report = verify_files(planned, subject="x", trust_of=trust_of)
            verified = assert_sound(report).outcome is Outcome.VERIFIED
        except EvidenceError:
            verified = False
        if case.good is not None and verified is not case.good:
            wrong.append(case.name)
    assert wrong == []
    whole_reports.clear()  # the bits that are flipped differ from run to run


def test_a_zip_of_ours_is_verified_and_one_without_statement_is_none(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "b.zip"
    files = world.bundles["one"]
    ordered = sorted(files, key=sums_order)
    with path.open("wb") as out:
        write_zip(out, ((name, MemoryBytes(files[name])) for name in ordered))
    report = verify_bundle(path, trust_of=lambda _origin: world.trust)
    assert report.outcome is Outcome.VERIFIED
    with path.open("wb") as out:
        write_zip(out, [("README.txt", MemoryBytes(b"x"))])
    with pytest.raises(FormatError, match="no evidence bundle"):
        verify_bundle(path, trust_of=lambda _origin: world.trust)
    planned = PlannedFiles({"odd.txt": MemoryBytes(b"x")})
    with pytest.raises(FormatError, match="no file of a bundle"):
        bundlefiles.read_whole(planned, "odd.txt")


def test_folders_of_odd_names_are_no_captures(world: World) -> None:
    one = world.bundles["one"]
    files = {**one, "captures/odd/leaf.txt": one["leaf.txt"]}
    report = judge(world, resum(files))
    assert "17 file-unknown" in codes(report)


def test_nothing_known_about_a_log_is_not_checked(world: World) -> None:
    planned = PlannedFiles(
        {name: MemoryBytes(data) for name, data in world.bundles["page"].items()}
    )
    report = verify_files(planned, subject="x", trust_of=lambda _origin: None)
    assert report.outcome is Outcome.NOT_CHECKED
    assert "3 origin-unknown" in codes(report, Outcome.NOT_CHECKED)


def test_a_revisit_whose_original_says_otherwise_is_refused(world: World) -> None:
    collector = Collector()
    tree = BundleTree(collector, PlannedFiles({}))

    def node(digest: Digest, refers_to: object, records: tuple[object, ...]) -> Any:
        predicate = {"refers_to": refers_to, "target_uri": "u", "records": []}
        return SimpleNamespace(
            statement=SimpleNamespace(kind="capture", predicate=predicate, seq=1),
            entry=SimpleNamespace(slice_digest=digest, records=records),
        )

    original = Digest.of(b"original")
    refers_to = {"capture": original.hex, "digest": str(original)}
    tree._nodes = {
        "also/a/": node(original, None, ()),
        "": node(Digest.of(b"revisit"), refers_to, (object(),)),
    }
    tree._check_original("", tree._nodes[""])
    assert collector.has_failed(6)
