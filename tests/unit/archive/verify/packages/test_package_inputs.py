"""Packages that are odd in one place each: named, never raised."""

import json
from pathlib import Path

import pytest

from archive.errors import UsageProblem
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk, read_statement
from archive.verify.packages import package
from archive.verify.packages.package import verify_wacz
from archive.verify.packages.packagefiles import INDEX, PACKAGE, PACKAGE_DIGEST, PAGES
from archive.verify.reporting.report import Outcome, Report
from tests.support.archives.bundles import World
from tests.support.attacks.forged_packages import (
    Entries,
    describe,
    pack,
    sign,
    write_package,
)
from tests.support.judging.sound import codes

pytestmark = pytest.mark.usefixtures("whole_reports")


@pytest.fixture(scope="module")
def packed(world: World, tmp_path_factory: pytest.TempPathFactory) -> Entries:
    return pack(world, tmp_path_factory.mktemp("packed") / "good.wacz", "plain")


# Packages


def wacz(world: World, path: Path, files: Entries) -> Report:
    write_package(path, files)
    return verify_wacz(path, trust_of=lambda _origin: world.trust)


def test_what_is_no_package_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no file"):
        verify_wacz(tmp_path, trust_of=lambda _origin: None)


def described(packed: Entries, **changes: object) -> Entries:
    value = json.loads(packed[PACKAGE])
    return {**packed, PACKAGE: json.dumps({**value, **changes}).encode()}


@pytest.mark.parametrize(
    "description",
    [b"[]", b"{", b'{"resources":3}', b'{"resources":[3]}', b"[" * 100_000],
)
def test_a_description_that_is_none_is_named(
    world: World, packed: Entries, tmp_path: Path, description: bytes
) -> None:
    report = wacz(world, tmp_path / "p.wacz", {**packed, PACKAGE: description})
    assert "22 package-malformed" in codes(report)


def test_resources_of_the_older_version_are_read(
    world: World, packed: Entries, tmp_path: Path
) -> None:
    value = json.loads(packed[PACKAGE])
    for one in value["resources"]:
        one["stats"] = {"hash": one.pop("hash")[7:], "bytes": one.pop("bytes")}
    files = {**packed, PACKAGE: json.dumps(value).encode()}
    report = wacz(world, tmp_path / "p.wacz", files)
    assert "22 package-missing" not in codes(report)
    assert "22 package-altered" in codes(report)  # the description is another


def test_each_fault_of_a_package_is_named(
    world: World, packed: Entries, tmp_path: Path
) -> None:
    value = json.loads(packed[PACKAGE])
    twice = [*value["resources"], value["resources"][0]]
    absent = [*value["resources"], {**value["resources"][0], "path": "archive/no"}]
    signed = json.loads(packed[PACKAGE_DIGEST])
    later = {**signed["signedData"], "created": "2027-01-01T00:00:00Z"}
    no_digest = {k: v for k, v in packed.items() if k != PACKAGE_DIGEST}
    no_pages = describe({k: v for k, v in packed.items() if k != PAGES})
    damaged = {**packed, PACKAGE: packed[PACKAGE].replace(b"{", b"{ ", 1)}
    cases: dict[str, tuple[Entries, str]] = {
        "twice": (described(packed, resources=twice), "package-malformed"),
        "absent": (described(packed, resources=absent), "package-missing"),
        "no list": ({**packed, PACKAGE_DIGEST: b"3"}, "package-malformed"),
        "no digest": (no_digest, "package-unsigned"),
        "signature of no form": (
            {
                **packed,
                PACKAGE_DIGEST: json.dumps({**signed, "signedData": []}).encode(),
            },
            "package-signature-bad",
        ),
        "another time": (
            {
                **packed,
                PACKAGE_DIGEST: json.dumps({**signed, "signedData": later}).encode(),
            },
            "package-signature-bad",
        ),
        "no pages": (sign(no_pages), "package-missing"),
        "altered": ({**packed, INDEX: packed[INDEX] + b"x"}, "package-altered"),
        "spaced": (damaged, "package-altered"),
        "unknown file": (sign({**packed, "other.txt": b"x"}), "package-unproven"),
        "no description": (
            {k: v for k, v in packed.items() if k != PACKAGE},
            "package-missing",
        ),
    }
    for name, (files, code) in cases.items():
        report = wacz(world, tmp_path / "p.wacz", files)
        assert f"22 {code}" in codes(report), (name, codes(report))


def signed_so(packed: Entries, **changes: object) -> Entries:
    """The package with other fields in the file of its digest."""
    value = {**json.loads(packed[PACKAGE_DIGEST]), **changes}
    return {**packed, PACKAGE_DIGEST: json.dumps(value).encode()}


def told(report: Report) -> list[tuple[str, str, str]]:
    return [(one.code, one.subject, one.detail) for one in report.of(Outcome.FAILED)]


def test_each_field_of_the_digest_is_looked_at(
    world: World, packed: Entries, tmp_path: Path
) -> None:
    signed = json.loads(packed[PACKAGE_DIGEST])["signedData"]
    other = "sha256:" + "ab" * 32
    altered = ("package-altered", PACKAGE, f"is not the one of {PACKAGE_DIGEST}")
    bad = ("package-signature-bad", PACKAGE_DIGEST, "signs another description")
    late = ("package-signature-bad", PACKAGE_DIGEST, "was made at another time")
    none = ("package-unsigned", PACKAGE_DIGEST, f"{PACKAGE_DIGEST} has no signature")
    cases: list[tuple[dict[str, object], list[tuple[str, str, str]]]] = [
        ({}, []),
        ({"path": "other.json"}, [altered]),
        ({"hash": other}, [altered]),
        ({"path": None, "hash": None}, [altered]),
        ({"signedData": {**signed, "hash": other}}, [bad]),
        ({"signedData": "x"}, [bad]),
        ({"signedData": None}, [none]),
        ({"hash": other, "signedData": None}, [altered, none]),
        ({"signedData": {**signed, "created": "2027-01-01T00:00:00Z"}}, [late]),
    ]
    for changes, wanted in cases:
        report = wacz(world, tmp_path / "p.wacz", signed_so(packed, **changes))
        assert told(report) == wanted, changes


def test_of_others_the_time_of_signing_may_be_another(
    world: World, tmp_path: Path
) -> None:
    files = sign({"archive/x.warc": b"WARC/1.0"}, created="2020-01-01T00:00:00Z")
    report = wacz(world, tmp_path / "p.wacz", files)
    assert told(report) == []
    assert any(notice.startswith("packed by ") for notice in report.notices)
    held = [one.parameters["count"] for one in report.of(Outcome.VERIFIED)]
    assert held == [2], "the file, and the signature"


def test_each_listed_file_is_compared_by_length_and_digest(
    world: World, packed: Entries, tmp_path: Path
) -> None:
    value = json.loads(packed[PACKAGE])
    first, second, *others = value["resources"]
    for resources, wanted in (
        ([{**first, "bytes": first["bytes"] + 1}, second, *others], "package-altered"),
        (
            [{**first, "hash": "sha256:" + "ab" * 32}, second, *others],
            "package-altered",
        ),
        ([second, *others], "package-unlisted"),
        ([first, first, first, second, *others], "package-malformed"),
        ([{**first, "path": "archive/no"}, first, second, *others], "package-missing"),
    ):
        files = described(packed, resources=resources)
        report = wacz(world, tmp_path / "p.wacz", files)
        (found, *more) = told(report)
        named = "archive/no" if wanted == "package-missing" else first["path"]
        assert found[:2] == (wanted, named)
        assert ("package-altered", PACKAGE) in [one[:2] for one in more]


def test_a_package_tells_the_times_of_its_evidence(
    world: World, packed: Entries, tmp_path: Path
) -> None:
    report = wacz(world, tmp_path / "p.wacz", packed)
    assert report.outcome is Outcome.VERIFIED
    assert report.bracket.existed_by is not None
    at = report.as_json()["existed_by"]
    assert report.headline == (
        f"2 of 2 witnesses, 2 authorities asked for: existed by {at}"
    )


def test_a_package_whose_index_cannot_be_made_again_is_unproven(
    world: World, packed: Entries, tmp_path: Path
) -> None:
    files = dict(packed)
    slice_name = next(name for name in files if name.startswith("archive/"))
    files[slice_name] = b"no WARC"
    report = wacz(world, tmp_path / "p.wacz", sign(files))
    assert "22 package-unproven" in codes(report)
    assert INDEX in {one.subject for one in report.of(Outcome.FAILED)}


def test_a_damaged_entry_of_a_package_is_named(
    world: World, packed: Entries, tmp_path: Path
) -> None:
    path = tmp_path / "p.wacz"
    write_package(path, packed)
    data = bytearray(path.read_bytes())
    slice_name = next(name for name in packed if name.startswith("archive/"))
    place = data.index(packed[slice_name])
    data[place + 40] ^= 1  # its checksum in the zip stays
    path.write_bytes(bytes(data))
    report = verify_wacz(path, trust_of=lambda _origin: world.trust)
    assert report.outcome is Outcome.FAILED


def test_a_description_beyond_its_limit_is_named(
    world: World, packed: Entries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "DESCRIPTION_LIMIT_BYTES", 8)
    report = wacz(world, tmp_path / "p.wacz", packed)
    assert "22 package-malformed" in codes(report)


def test_a_package_of_others_without_signature_says_so(
    world: World, tmp_path: Path
) -> None:
    files = describe({"archive/x.warc": b"WARC/1.0\r\n"})
    report = wacz(world, tmp_path / "p.wacz", files)
    assert report.outcome is Outcome.NOT_CHECKED
    assert any("nobody signed" in notice for notice in report.notices)


def test_A34_any_file_in_place_of_any_other_gets_a_report(
    world: World, packed: Entries, tmp_path: Path
) -> None:
    """What is sound in itself and stands where something else belongs."""
    (segment, *_) = list_segments(world.made.root / "segments")
    others = {"pages": packed[PAGES]}
    for entry in SegmentWalk(segment.path):
        kind = read_statement(entry).kind
        if entry.envelope is not None and kind not in ("capture", "page"):
            others[kind] = entry.envelope.payload
    assert len(others) > 1
    for name in packed:
        for other, data in others.items():
            if packed[name] == data:
                continue
            files = describe({**packed, name: data})
            report = wacz(world, tmp_path / "p.wacz", files)
            assert report.outcome is Outcome.FAILED, (name, other)
