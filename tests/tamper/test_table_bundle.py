"""Attacks on a bundle, and exactly which finding each of them sets off."""

import base64
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from archive.attest.trust.folder import trust_path
from archive.verify.bundles.bundlefiles import SUMS
from archive.verify.reporting.report import Outcome, Report
from tests.support.archives.bundles import (
    Files_,
    World,
    ask_program,
    ask_script,
    resum,
    write_folder,
)
from tests.support.judging.told import (
    GoldenReports,
    difference,
    read_untouched,
    tell,
    without_names,
)

Act = Callable[[World, Files_], Files_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An attack, on which bundle, and what it sets off."""

    act: Act
    bundle: str
    findings: tuple[str, ...]


ROWS: list[Row] = []
OPTIONAL = (9, 11, 12, 13)
"""Named in every report; here they are looked at only where the row names them."""


def fires(bundle: str, *findings: str) -> Callable[[Act], Act]:
    """Put an attack into the table: on which bundle, and what it sets off."""

    def add(act: Act) -> Act:
        ROWS.append(Row(act=act, bundle=bundle, findings=findings))
        return act

    return add


@fires("one", "5 slice-altered", "6 records-disagree")
def record_altered(world: World, files: Files_) -> Files_:
    data = bytearray(files["capture.warc.gz"])
    data[data.index(b"plain")] ^= 1
    return resum({**files, "capture.warc.gz": bytes(data)})


@fires("one", "5 bundle-incomplete NOT CHECKED", "6 not-reached NOT CHECKED")
def slice_missing(world: World, files: Files_) -> Files_:
    return resum(without(files, "capture.warc.gz"))


@fires("one", "17 bundle-file-missing")
def paper_missing(world: World, files: Files_) -> Files_:
    return without(files, "PROVES.txt")


@fires("one", "17 bundle-file-altered")
def script_replaced(world: World, files: Files_) -> Files_:
    return {**files, "verify.sh": b"echo VERIFIED\n"}


@fires("one", "17 file-unknown")
def file_added(world: World, files: Files_) -> Files_:
    return resum({**files, "more.txt": b""})


@fires("one", "11 token-bad", "17 bundle-file-large")
def token_of_zeros(world: World, files: Files_) -> Files_:
    return resum({**files, "anchor.tsr": bytes(1 << 20)})


@fires("one", "17 sums-missing NOT CHECKED")
def list_missing(world: World, files: Files_) -> Files_:
    return without(files, SUMS)


@fires("one", "17 sums-malformed")
def list_malformed(world: World, files: Files_) -> Files_:
    return {**files, SUMS: b"0" + files[SUMS]}


@fires("one", "11 token-bad")
def token_of_other_bytes(world: World, files: Files_) -> Files_:
    return resum({**files, "anchor.tsr": world.stampers[0].stamp(b"else")})


@fires("one", "11 time-stamps-none NOT CHECKED")
def token_twice(world: World, files: Files_) -> Files_:
    return resum({**files, "anchor.tsr": files["anchor2.tsr"]})


@fires("one", "9 witness-bad")
def cosignature_altered(world: World, files: Files_) -> Files_:
    lines = files["proof.tlog-proof"].splitlines(keepends=True)
    dash, name, text = lines[-1].split()
    signature = bytearray(base64.b64decode(text))
    signature[-1] ^= 1
    lines[-1] = b" ".join((dash, name, base64.b64encode(signature))) + b"\n"
    return resum({**files, "proof.tlog-proof": b"".join(lines)})


@fires("bounded", "13 not-before-missing NOT CHECKED")
def lower_bound_missing(world: World, files: Files_) -> Files_:
    return resum(without(files, "not_before.tsr"))


@fires("bounded", "13 not-before-bad")
def lower_bound_of_another_token(world: World, files: Files_) -> Files_:
    return resum({**files, "not_before.tsr": files["anchor.tsr"]})


@fires("one", "12 certificate-revoked")
def list_of_withdrawn_certificates_is_none(world: World, files: Files_) -> Files_:
    return resum({**files, "revocation/anchor.crl": b"none\n"})


@fires("revisit", "6 revisit-unfounded NOT CHECKED")
def original_missing(world: World, files: Files_) -> Files_:
    return resum({k: v for k, v in files.items() if not k.startswith("also/")})


@fires("page", "6 page-incomplete NOT CHECKED")
def capture_of_a_page_missing(world: World, files: Files_) -> Files_:
    folder = next(key[:36] for key in files if key.startswith("captures/"))
    return resum({k: v for k, v in files.items() if not k.startswith(folder)})


@fires("page", "6 page-unfounded")
def foreign_capture_in_a_page(world: World, files: Files_) -> Files_:
    place = f"captures/{world.captures['bounded'].short_id}/"
    stranger = world.bundles["bounded"]
    kept = [key for key in stranger if not key.startswith(("README", "PROVES", "SHA"))]
    more = {place + key: stranger[key] for key in kept if key != "verify.sh"}
    return resum({**files, **more})


@fires("page", "6 view-differs")
def another_picture(world: World, files: Files_) -> Files_:
    return resum({**files, "view/screenshot.png": b"other"})


@fires("chained", "5 capture-elsewhere")
def folder_renamed(world: World, files: Files_) -> Files_:
    moved = {
        (f"also/{'a' * 26}/{k[32:]}" if k.startswith("also/") else k): v
        for k, v in files.items()
    }
    return resum(moved)


def without(files: Files_, name: str) -> Files_:
    return {key: data for key, data in files.items() if key != name}


def fired(report: Report, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Every finding that is no pass; of OPTIONAL only what the row has."""
    named = {int(line.split()[0]) for line in wanted}
    found = {
        f"{finding.step} {finding.code}"
        + (" NOT CHECKED" if finding.outcome is Outcome.NOT_CHECKED else "")
        for finding in report.findings
        if finding.outcome is not Outcome.VERIFIED
        and (finding.step not in OPTIONAL or finding.step in named)
        and finding.code not in ("revocation-none",)
    }
    return tuple(sorted(found, key=lambda line: (int(line.split()[0]), line)))


@pytest.mark.parametrize("row", ROWS, ids=[row.act.__name__ for row in ROWS])
def test_each_attack_sets_off_its_finding(
    row: Row, world: World, tmp_path: Path, golden_reports: GoldenReports
) -> None:
    files = row.act(world, dict(world.bundles[row.bundle]))
    folder = write_folder(tmp_path / "bundle", files)
    report = ask_program(folder, world.trust_folder(world.trust, "good"))
    found, wanted = fired(report, row.findings), row.findings
    assert set(wanted) <= set(found), report
    steps = {int(line.split()[0]) for line in wanted}
    assert {int(line.split()[0]) for line in found} <= steps | {1, 2, 3, 4, 7, 10, 13}
    assert report.outcome is not Outcome.VERIFIED
    told = without_names(tell(report, folder))
    told = difference(read_untouched(f"bundle {row.bundle}"), told)
    golden_reports.assert_told(told, module=__name__, part=row.act.__name__)


def test_a_capture_behind_its_time_stamps_is_named(
    world: World, tmp_path: Path
) -> None:
    """A clock that went wrong: the token over the checkpoint is older by an hour."""
    from datetime import timedelta

    from archive.attest.statements.statement import parse_statement
    from archive.instant import parse_instant
    from archive.verify.bundles.bundlefiles import FolderFiles
    from archive.verify.bundles.bundletimes import BundleTimes
    from archive.verify.reporting.collector import Collector

    files = world.bundles["one"]
    statement = parse_statement(files["statement.json"])
    captured = parse_instant(statement.predicate["captured_at"])
    folder = write_folder(tmp_path / "bundle", files)
    for hours, good in ((-1, False), (1, True)):
        collector = Collector()
        times = BundleTimes(
            collector, FolderFiles(folder), prefix="", trust=world.trust
        )
        times._check_bracket(statement, captured + timedelta(hours=hours))
        report = collector.report("x", required=frozenset({13}), headline=None)
        codes = {(f.step, f.code) for f in report.findings}
        assert ((13, "time-outside") in codes) is not good


def test_a_statement_of_another_kind_is_no_bundle(world: World, tmp_path: Path) -> None:
    """The operator's own `key` statement, entry 0, with a true proof."""
    from archive.export.shelf import Shelf
    from archive.log.note import parse_vkey
    from archive.log.proof import TlogProof, format_proof
    from archive.store.reading.reader import ArchiveReader
    from archive.store.segments.segment import list_segments
    from archive.store.segments.walk import SegmentWalk, read_statement
    from archive.verify.statements.checks import leaf_of

    root = world.made.root
    path = list_segments(root / "segments")[0].path
    entry = next(iter(SegmentWalk(path)))
    statement = read_statement(entry)
    assert entry.envelope is not None
    reader = ArchiveReader.open(root)
    shelf = Shelf(root, parse_vkey(reader.identity.log_vkey), world.trust)
    stamped = shelf.choose(0)
    proof = TlogProof(
        index=0,
        hashes=reader.log.prove(0, stamped.checkpoint.size),
        checkpoint_note=stamped.note,
    )
    reader.close()
    files = {
        "capture.warc.gz": path.read_bytes()[: entry.slice_bytes],
        "statement.json": statement.payload,
        "leaf.txt": leaf_of(statement, entry.envelope),
        "proof.tlog-proof": format_proof(proof),
    }
    folder = write_folder(tmp_path / "bundle", resum(files))
    trust = replace(world.trust, witness_quorum=0, token_quorum=0)
    report = ask_program(folder, world.trust_folder(trust, "q00"))
    codes = {f"{finding.step} {finding.code}" for finding in report.findings}
    assert "1 statement-foreign" in codes
    assert report.outcome is Outcome.FAILED


def test_revocation_that_nobody_can_judge_is_not_checked(
    world: World, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path / "bundle", world.bundles["one"])
    report = ask_program(folder, world.trust_folder(world.trust, "good"))
    assert "12 revocation-none NOT CHECKED" in {
        f"{finding.step} {finding.code} {finding.outcome}"
        for finding in report.findings
    }
    assert report.outcome is Outcome.VERIFIED


def test_any_number_of_trusted_authorities_is_taken(
    world: World, tmp_path: Path
) -> None:
    """What is bounded is what comes with the bundle, not what one trusts."""
    origin = world.made.identity.origin
    trust = tmp_path / "trust"
    shutil.copytree(world.trust_folder(world.trust, "good"), trust)
    folder = trust_path(trust, origin)
    for number in range(3, 43):
        shutil.copyfile(folder / "tsa1.pem", folder / f"tsa{number}.pem")
    bundle = write_folder(tmp_path / "bundle", world.bundles["one"])
    assert ask_script(bundle, trust, origin=origin).startswith("VERIFIED")
