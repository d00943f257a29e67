"""`import`: a file of others is taken in whole or not at all, and never as captured."""

import base64
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archive.claim import CLAIM
from archive.digest import Digest
from archive.store.reading.reader import ArchiveReader
from archive.warc.foreign import RATIO_FREE_BYTES
from tests.support.archives.archives import MadeArchive
from tests.support.attacks.foreign import (
    PAGE,
    URI,
    exchange,
    http_response,
    pack,
    record,
    warcinfo,
    write_wacz,
)
from tests.support.inputs.bombs import deflated_zeros
from tests.support.programs.inside import Done

Evidence = Callable[..., Done]
Contents = Callable[[Path], dict[str, bytes | None]]
GOOD = [warcinfo(), *exchange(), *exchange(b"<p>Other</p>", number=2, uri=f"{URI}/2")]


def put(folder: Path, data: bytes, name: str = "received.warc.gz") -> str:
    """Write a file to import."""
    path = folder / name
    path.write_bytes(data)
    return str(path)


def listed(evidence: Evidence) -> list[dict[str, Any]]:
    """What `list` says."""
    return [json.loads(line) for line in evidence("list", "--json").out.splitlines()]


@pytest.mark.parametrize(
    "data",
    [pack(GOOD), b"".join(GOOD), gzip.compress(b"".join(GOOD))],
    ids=["a member a record", "not packed", "one member"],
)
def test_a_file_is_taken_in_whole_and_verifies(
    evidence: Evidence, tmp_path: Path, data: bytes
) -> None:
    done = evidence("import", put(tmp_path, data), "--json")
    assert done.code == 0, done.err
    value = json.loads(done.out)
    assert (value["records"], value["stated"], value["present"]) == (5, 3, 0)
    assert value["sha256"] == Digest.of(data).hex
    assert evidence("verify").code == 0
    rows = listed(evidence)
    assert [row["kind"] for row in rows] == ["import"] * 3
    pages = [row for row in rows if row["http_status"] == 200]
    assert [row["uri"] for row in pages] == [URI, f"{URI}/2"]
    assert pages[0]["captured_at"] == "2020-08-09T21:30:00.000000Z"
    assert evidence("verify", "capture", pages[0]["id"]).code == 0


def test_it_is_named_as_imported_and_never_as_captured(
    evidence: Evidence, tmp_path: Path
) -> None:
    evidence("import", put(tmp_path, pack(exchange())))
    (row,) = listed(evidence)
    table = evidence("list").out
    assert "imported" in table
    assert "complete" not in table
    shown = json.loads(evidence("show", row["id"], "--json").out)
    assert shown["claim"] != CLAIM
    assert "from this address" not in shown["claim"]
    assert shown["file"] == "received.warc.gz"
    assert shown["file_sha256"] == Digest.of(pack(exchange())).hex
    assert shown["received_at"] > shown["captured_at"]
    for verb in (("export", "bundle"), ("export", "wacz", "-o", f"{tmp_path}/x.wacz")):
        done = evidence(*verb, row["id"])
        assert (done.code, "imported from a file" in done.err) == (2, True)
    assert not (tmp_path / "x.wacz").exists()
    assert evidence("export", "warc", row["id"], "-o", f"{tmp_path}/out.gz").code == 0


def test_every_byte_of_the_file_is_found_again(
    made: MadeArchive, evidence: Evidence, tmp_path: Path
) -> None:
    odd = record(
        "conversion", b"made of it", number=7, fields={"X-Odd": "kept as it is"}
    )
    envelope = record(
        "metadata", b"{}", number=8, uri=None,
        fields={"Content-Type": "application/vnd.dsse.envelope.v1+json"},
    )  # fmt: skip
    data = b"".join([*GOOD, odd, envelope])
    assert evidence("import", put(tmp_path, data, "found.warc")).code == 0
    reader = ArchiveReader.open(made.root)
    found: dict[int, bytes] = {}
    for capture in reader.captures():
        records = reader.read_exchange(capture).records
        about = json.loads(records[-1].kept)["import"]["records"]
        for told, carried in zip(about, records, strict=False):
            head = base64.b64decode(told["head"])
            found[told["offset_bytes"]] = head + carried.kept + b"\r\n\r\n"
    assert b"".join(found[at] for at in sorted(found)) == data
    assert evidence("verify").code == 0


def test_again_the_same_file_states_nothing_anew_and_half_of_it_is_gone_on_with(
    evidence: Evidence, tmp_path: Path
) -> None:
    path = put(tmp_path, pack(GOOD))
    evidence("import", path)
    done = evidence("import", path, "--json")
    assert json.loads(done.out)["stated"] == 0
    assert json.loads(done.out)["present"] == 3
    assert len(listed(evidence)) == 3


def test_a_package_of_others_is_taken_in_and_a_forged_one_is_not(
    evidence: Evidence, tmp_path: Path
) -> None:
    good = write_wacz(tmp_path / "good.wacz", pack(exchange()))
    done = evidence("import", str(good), "--json")
    assert (done.code, json.loads(done.out)["records"]) == (0, 2)
    forged = write_wacz(
        tmp_path / "forged.wacz", pack(exchange(b"forged")), listed=pack(exchange())
    )
    done = evidence("import", str(forged))
    assert done.code == 3
    assert "archive/data.warc.gz" in done.err
    assert len(listed(evidence)) == 1


def bad_files() -> dict[str, tuple[bytes, int]]:
    """Name -> file, exit code."""
    whole = b"".join(GOOD)
    zeros = deflated_zeros(2 * RATIO_FREE_BYTES, 31)
    lied = {"WARC-Block-Digest": "sha1:" + "A" * 32}
    return {
        "empty": (b"", 4),
        "no warc": (b"%PDF-1.7\n", 4),
        "zeros": (bytes(4096), 4),
        "cut": (whole[:-3], 4),
        "cut member": (pack(GOOD)[:-3], 4),
        "junk behind": (whole + b"junk", 4),
        "junk behind members": (pack(GOOD) + b"junk", 4),
        "old version": (record("response", b"x", version="0.18"), 4),
        "length short": (record("response", b"xyz", fields={"Content-Length": "2"}), 4),
        "length odd": (record("response", b"x", fields={"Content-Length": "+1"}), 4),
        "length huge": (
            record("response", b"x", fields={"Content-Length": "99999999999"}),
            4,
        ),
        "date odd": (record("response", b"x", fields={"WARC-Date": "2020"}), 4),
        "no date": (record("response", b"x", fields={"WARC-Date": ""}), 4),
        "no type": (record("response", b"x", fields={"WARC-Type": ""}), 4),
        "type twice": (record("response", b"x", fields={"warc-type": "request"}), 4),
        "folded": (record("response", b"x", fields={"X": "a\r\n b"}), 4),
        "not utf-8": (record("response", b"x").replace(b"outlet", b"\xff\xfe"), 4),
        "long head": (record("response", b"x", fields={"X": "y" * 70_000}), 4),
        "endless head": (b"WARC/1.0\r\n" + b"x" * 200_000, 4),
        "digest of another": (record("response", b"x", fields=lied), 3),
        "bomb": (zeros, 4),
        "zip without": (write_zip({"other.txt": b"x"}), 4),
        "zip slip": (write_zip({"archive/../../x.warc": whole}), 4),
    }


def write_zip(files: dict[str, bytes]) -> bytes:
    """A zip of these names."""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, data in files.items():
            package.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("name", list(bad_files()))
def test_what_is_not_whole_is_refused_and_nothing_is_written(
    made: MadeArchive,
    evidence: Evidence,
    tmp_path: Path,
    contents: Contents,
    name: str,
) -> None:
    data, code = bad_files()[name]
    path = put(tmp_path, data)
    before = contents(made.root)
    done = evidence("import", path)
    assert done.code == code, done.err
    assert len(done.err.splitlines()) == 1
    assert "received.warc.gz" in done.err
    assert contents(made.root) == before


@pytest.mark.parametrize("name", ["nothing", "folder", "link to nothing", "pipe"])
def test_what_is_no_file_is_refused(
    evidence: Evidence, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "there"
    if name == "folder":
        path.mkdir()
    elif name == "link to nothing":
        path.symlink_to(tmp_path / "nowhere")
    elif name == "pipe":
        import os

        os.mkfifo(path)
    done = evidence("import", str(path))
    assert (done.code, len(done.err.splitlines())) == (2, 1)


def test_a_payload_digest_that_differs_is_said_and_kept(
    made: MadeArchive, evidence: Evidence, tmp_path: Path
) -> None:
    odd = record(
        "response",
        http_response(PAGE),
        fields={"WARC-Payload-Digest": "sha1:" + "A" * 32},
    )
    done = evidence("import", put(tmp_path, odd))
    assert (done.code, "another payload digest" in done.err) == (0, True)
    reader = ArchiveReader.open(made.root)
    (capture,) = reader.captures()
    about = json.loads(reader.read_exchange(capture).records[-1].kept)
    assert about["import"]["records"][0]["payload"] == "differs"


def test_an_import_can_be_removed_and_the_rest_stays_verified(
    evidence: Evidence, tmp_path: Path
) -> None:
    evidence("import", put(tmp_path, pack(GOOD)))
    first, *rest = listed(evidence)
    done = evidence("remove", first["id"], "--reason", "r", "--authority", "a")
    assert done.code == 0, done.err
    assert evidence("verify").code == 0
    assert [row["id"] for row in listed(evidence)] == [row["id"] for row in rest]


def test_a_catalog_made_anew_holds_the_same(
    made: MadeArchive, evidence: Evidence, tmp_path: Path
) -> None:
    evidence("import", put(tmp_path, pack(GOOD)))
    rows = [one.capture_id for one in ArchiveReader.open_afresh(made.root).captures()]
    assert rows == [row["id"] for row in listed(evidence)]


@pytest.mark.slow
@pytest.mark.corpus
def test_real_files_of_other_programs_are_taken_in_or_refused_in_one_sentence(
    evidence: Evidence, corpus_dir: Path
) -> None:
    taken = refused = 0
    for path in sorted((corpus_dir / "warc").rglob("*.warc*")):
        done = evidence("import", str(path))
        assert done.code in (0, 3, 4), (path, done.err)
        taken += done.code == 0
        refused += done.code != 0
    assert taken >= 20
    assert refused >= 10
    assert evidence("verify").code == 0
