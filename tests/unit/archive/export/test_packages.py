"""`export wacz`, `warc` and `cdxj`: what they write, and that others read it."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.digest import Digest
from archive.verify.packages.packagefiles import PACKAGE, PACKAGE_DIGEST
from archive.warc.library import check_with_fastwarc, read_with_warcio
from archive.warc.reading import read_block
from tests.support.archives.bundles import World
from tests.support.programs.inside import Done, call

Evidence = Callable[..., Done]


@pytest.fixture
def evidence(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Evidence:
    for name in ("EVIDENCE_ARCHIVE", "EVIDENCE_TRUST_DIR"):
        monkeypatch.delenv(name, raising=False)
    trust = world.trust_folder(world.trust, "good")
    options = ["--archive", str(world.made.root), "--trust", str(trust)]
    options += ["--keys", str(world.made.keys_folder)]
    return lambda *arguments: call([*options, *arguments], capsys)


def test_a_package_is_verified_and_its_structure_is_that_of_a_wacz(
    world: World, evidence: Evidence, tmp_path: Path
) -> None:
    out = tmp_path / "x.wacz"
    ids = [world.captures[name].short_id for name in ("page", "bounded")]
    assert evidence("export", "wacz", *ids, "-o", str(out)).code == 0
    done = evidence("verify", "wacz", str(out))
    assert done.code == 0, done.out
    with zipfile.ZipFile(out) as archive:
        names = archive.namelist()
        description = json.loads(archive.read(PACKAGE))
        digest = json.loads(archive.read(PACKAGE_DIGEST))
        pages = archive.read("pages/pages.jsonl").decode().splitlines()
        index = archive.read("indexes/index.cdx").decode().splitlines()
        for resource in description["resources"]:
            data = archive.read(resource["path"])
            assert resource["hash"] == str(Digest.of(data))
            assert resource["bytes"] == len(data)
        assert all(info.compress_type == 0 for info in archive.infolist())
        assert digest["hash"] == str(Digest.of(archive.read(PACKAGE)))
    listed = {resource["path"] for resource in description["resources"]}
    assert listed == set(names) - {PACKAGE, PACKAGE_DIGEST}
    assert len({resource["name"] for resource in description["resources"]}) == len(
        listed
    )
    assert description["wacz_version"] == "1.1.1"
    assert set(digest["signedData"]) == {
        "hash", "created", "software", "signature", "publicKey",
    }  # fmt: skip
    assert json.loads(pages[0])["format"] == "json-pages-1.0"
    assert len(pages) == 3
    assert index == sorted(index)
    assert any(name.startswith("evidence/") for name in names)


def test_no_package_without_its_key(
    world: World, evidence: Evidence, tmp_path: Path
) -> None:
    path = world.made.keys_folder / "wacz.pem"
    moved = path.rename(tmp_path / "wacz.pem")
    try:
        short = world.captures["bounded"].short_id
        done = evidence("export", "wacz", short, "-o", str(tmp_path / "x.wacz"))
        assert (done.code, "wacz.pem" in done.err) == (7, True)
        assert not (tmp_path / "x.wacz").exists()
    finally:
        moved.rename(path)


def test_a_warc_file_holds_page_parts_and_statements_for_any_reader(
    world: World, evidence: Evidence, tmp_path: Path
) -> None:
    out = tmp_path / "x.warc.gz"
    ids = [world.captures[name].short_id for name in ("page", "revisit")]
    assert evidence("export", "warc", *ids, "-o", str(out)).code == 0
    assert check_with_fastwarc(out) == []
    records = read_with_warcio(out)
    kinds = [record.type for record in records]
    # Two captures of the page, the revisit; what the second one refers to by its
    # chain stays outside: replay does not need it.
    assert kinds.count("response") == 2
    assert kinds.count("revisit") == 1
    assert kinds.count("metadata") >= 2 * 4
    assert evidence("export", "warc", *ids, "-o", str(out)).code == 6


def test_index_lines_lead_to_the_records_they_describe(
    world: World, evidence: Evidence, tmp_path: Path
) -> None:
    done = evidence("export", "cdxj")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines == sorted(lines)
    assert len(lines) == 5
    for line in lines:
        key, stamp, text = line.split(" ", 2)
        value = json.loads(text)
        path = world.made.root / "segments" / value["filename"]
        with path.open("rb") as stream:
            record = read_block(stream, start=int(value["offset"]), limit_bytes=1 << 20)
        assert record.header.target_uri == value["url"]
        assert record.span.length == int(value["length"])
        assert record.header.date.replace("-", "").replace(":", "")[:8] == stamp[:8]
        assert key.endswith(")/") or ")/" in key
    some = evidence("export", "cdxj", world.captures["revisit"].short_id)
    assert len(some.out.splitlines()) == 2
    assert set(some.out.splitlines()) <= set(lines)
    out = tmp_path / "index.cdxj"
    assert evidence("export", "cdxj", "-o", str(out)).code == 0
    assert out.read_text().splitlines() == lines


def test_lines_beyond_memory_are_sorted_through_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from archive.warc import cdxj

    monkeypatch.setattr(cdxj, "LINES_IN_MEMORY", 7)
    lines = [f"{(n * 37) % 101:03} x\n" for n in range(101)]
    assert list(cdxj.sort_lines([*lines, *lines[:9]])) == sorted(lines)
