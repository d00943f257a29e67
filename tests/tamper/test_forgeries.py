"""Forged packages and WARC files: what published tools accept, and we do not.

`benchmarks/packages.py` runs today's tools over the same files.
"""

import json
import zipfile
from pathlib import Path

import pytest

from archive.attest.trust.folder import read_trust
from archive.verify.packages.package import verify_wacz
from archive.verify.packages.packagefiles import EVIDENCE, PACKAGE_DIGEST
from archive.verify.reporting.report import Outcome, Report
from archive.verify.whole.folder import verify_archive
from tests.support.archives.bundles import World
from tests.support.attacks.forged_packages import (
    Entries,
    package_forgeries,
    sign,
    warc_forgeries,
    write_package,
)
from tests.support.judging.sound import assert_sound, codes

pytestmark = pytest.mark.usefixtures("whole_reports")


@pytest.fixture(scope="module")
def packages(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Path]]:
    return package_forgeries(world, tmp_path_factory.mktemp("packages"))


def judge(path: Path, world: World) -> Report:
    trust = world.trust_folder(world.trust, "good")
    return assert_sound(
        verify_wacz(path, trust_of=lambda origin: read_trust(trust, origin))
    )


WACZ_ROWS = {
    "signature stripped": "22 package-unsigned",
    "signature stripped from its file": "22 package-unsigned",
    "signature transplanted": "22 package-signature-bad",
    "packed and signed anew": "5 slice-altered",
    "a chain of the forger's own": "5 slice-altered",
    "a leaf acting as authority": "5 slice-altered",
    "description changed": "22 package-altered",
    "a file that is not listed": "22 package-unlisted",
    "a file that is there twice": "22 package-unsafe",
    "index leads elsewhere": "22 package-unproven",
    "page list changed": "22 package-unproven",
    "WARC-Date changed": "5 slice-altered",
    "address changed": "5 slice-altered",
    "a capture added": "22 package-unproven",
    "evidence of another capture": "22 package-unproven",
}


def test_the_good_package_is_verified(
    world: World, packages: tuple[Path, dict[str, Path]]
) -> None:
    report = judge(packages[0], world)
    assert report.outcome is Outcome.VERIFIED, codes(report)


def test_there_are_fifteen_packages(packages: tuple[Path, dict[str, Path]]) -> None:
    assert list(packages[1]) == list(WACZ_ROWS)
    assert len(WACZ_ROWS) == 15


@pytest.mark.parametrize("name", WACZ_ROWS)
def test_no_forged_package_is_accepted_and_the_reason_is_named(
    name: str,
    world: World,
    packages: tuple[Path, dict[str, Path]],
    whole_reports: list[Report],
) -> None:
    report = judge(packages[1][name], world)
    assert report.outcome is Outcome.FAILED
    assert WACZ_ROWS[name] in codes(report), codes(report)
    if name == "a file that is not listed":
        whole_reports.clear()  # a revisit or its original: only one has an index line


def test_without_its_evidence_a_package_is_never_verified(
    world: World, packages: tuple[Path, dict[str, Path]], tmp_path: Path
) -> None:
    files = read(packages[0])
    bare = {name: data for name, data in files.items() if not name.startswith(EVIDENCE)}
    report = judge(write_package(tmp_path / "x.wacz", sign(bare)), world)
    assert report.outcome is Outcome.NOT_CHECKED
    assert "cannot be VERIFIED" in str(report.headline)


def read(path: Path) -> Entries:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


SIGNED = (
    "py-wacz/valid_signed_example_1.wacz",
    "py-wacz/invalid_signed_example_1.wacz",
    "replayweb/example.wacz",
)


def test_no_package_of_others_is_shown_as_verified(
    corpus_dir: Path, world: World
) -> None:
    found = {
        path.name: judge(path, world).outcome
        for path in sorted((corpus_dir / "wacz").rglob("*.wacz"))
    }
    assert len(found) == 5
    assert set(found.values()) <= {Outcome.NOT_CHECKED, Outcome.FAILED}
    assert found["invalid_example_1.wacz"] is Outcome.FAILED


@pytest.mark.parametrize("name", SIGNED)
def test_stripped_transplanted_and_unlisted_variants_of_others(
    name: str, corpus_dir: Path, world: World, tmp_path: Path
) -> None:
    files = read(corpus_dir / "wacz" / name)
    report = judge(corpus_dir / "wacz" / name, world)
    assert codes(report) == set()
    assert any("packed by" in notice for notice in report.notices)
    stripped = {key: data for key, data in files.items() if key != PACKAGE_DIGEST}
    other = SIGNED[(SIGNED.index(name) + 2) % 3]
    foreign = json.loads(read(corpus_dir / "wacz" / other)[PACKAGE_DIGEST])
    own = json.loads(files[PACKAGE_DIGEST])
    mixed = {**own, "signedData": foreign["signedData"]}
    same_hash = {**foreign["signedData"], "hash": own["hash"]}
    variants: dict[str, tuple[Entries, str | None]] = {
        "stripped": (stripped, None),
        "transplanted": (
            {**files, PACKAGE_DIGEST: json.dumps(mixed).encode()},
            "22 package-signature-bad",
        ),
        "transplanted, hash mended": (
            {
                **files,
                PACKAGE_DIGEST: json.dumps({**own, "signedData": same_hash}).encode(),
            },
            "22 package-signature-bad",
        ),
        "unlisted": ({**files, "archive/more.warc.gz": b"x"}, "22 package-unlisted"),
        "missing": (
            {k: d for k, d in files.items() if not k.startswith("pages/")},
            "22 package-missing",
        ),
        "no JSON": ({**files, "datapackage.json": b"{"}, "22 package-malformed"),
    }
    for title, (entries, code) in variants.items():
        report = judge(write_package(tmp_path / "x.wacz", entries), world)
        assert report.outcome is not Outcome.VERIFIED, title
        assert code is None or code in codes(report), (title, codes(report))


WARC_ROWS = {
    "a byte of the page changed": "5 slice-altered",
    "record replaced, digests made anew": "5 slice-altered",
    "WARC-Date changed": "5 slice-altered",
    "address changed": "5 slice-altered",
    "digests removed, page changed": "16 bytes-uncovered",
    "header repeated": "16 bytes-uncovered",
    "record removed": "5 slice-altered",
    "tail cut": "16 bytes-uncovered",
    "a member that is no record": "16 bytes-uncovered",
}


def test_no_forged_warc_is_accepted_and_the_reason_is_named(
    world: World, tmp_path: Path, whole_reports: list[Report]
) -> None:
    good, forged = warc_forgeries(world, tmp_path)
    trust = world.made.trust()
    assert verify_archive(good, trust=trust).outcome is Outcome.VERIFIED
    assert list(forged) == list(WARC_ROWS)
    for name, root in forged.items():
        report = verify_archive(root, trust=trust)
        assert report.outcome is Outcome.FAILED, name
        assert WARC_ROWS[name] in codes(report), (name, codes(report))
    whole_reports.clear()  # a statement's place is as long as its signatures are
