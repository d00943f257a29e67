"""The verbs mirror, export log and export listing, as they are typed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.attest.keys.signing import verify_ed25519
from archive.attest.trust.folder import trust_path
from archive.log.checkpoint import open_checkpoint
from archive.log.note import parse_vkey
from archive.log.reader import LogReader
from tests.support.archives.archives import MadeArchive
from tests.support.programs.inside import Done
from tests.support.servers.static import serving_folder

Evidence = Callable[..., Done]


@pytest.fixture
def partner(plain: Evidence, made: MadeArchive, tmp_path: Path) -> Evidence:
    """The command of a partner who keeps a copy and has taken trust over."""
    copy, trust = tmp_path / "copy", tmp_path / "partner-trust"
    options = ("--archive", str(copy), "--trust", str(trust))
    theirs = trust_path(made.trust_folder, made.identity.origin)
    shutil.copytree(theirs, trust / theirs.name)
    return lambda *arguments: plain(*options, *arguments)


def test_a_partner_keeps_a_copy_over_http(
    evidence: Evidence, partner: Evidence, made: MadeArchive, tmp_path: Path
) -> None:
    made.fill(2)
    with serving_folder(made.root) as url:
        missing = partner("mirror", url)
        assert (missing.code, "files.txt" in missing.err) == (7, True)
        assert evidence("export", "listing").code == 0
        done = partner("mirror", url, "--json")
        assert done.code == 0, done.err
        value = json.loads(done.out)
        assert (value["old_size"], value["outcome"]) == (0, "VERIFIED")
    assert partner("verify").code == 0
    assert len(partner("list", "--json").out.splitlines()) == 2
    gone = partner("mirror", url)
    assert gone.code == 7
    assert partner("verify").code == 0


def test_nothing_is_taken_from_a_log_nobody_trusts(
    plain: Evidence, made: MadeArchive, tmp_path: Path
) -> None:
    made.fill(1)
    copy = tmp_path / "copy"
    done = plain("--archive", str(copy), "mirror", str(made.root))
    assert done.code == 3
    assert "trust add" in done.err
    assert not copy.exists()
    assert plain("--archive", str(copy), "mirror", str(tmp_path / "none")).code == 6
    assert plain("--archive", str(copy), "mirror", "http://a.example/").code == 2


def test_damage_is_named_repaired_or_refused(
    partner: Evidence, made: MadeArchive, tmp_path: Path
) -> None:
    made.fill(2)
    assert partner("mirror", str(made.root)).code == 0
    segment = next((tmp_path / "copy").glob("segments/*/*/*"))
    data = bytearray(segment.read_bytes())
    data[1000] ^= 1
    segment.write_bytes(bytes(data))
    assert partner("verify").code == 3
    done = partner("mirror", str(made.root))
    assert done.code == 0, done.err
    assert partner("verify").code == 0
    theirs = next(made.root.glob("segments/*/*/*"))
    segment.write_bytes(bytes(data))
    theirs.write_bytes(bytes(data))
    done = partner("mirror", str(made.root))
    assert done.code == 3
    assert "nothing was changed" in done.err
    assert "FAILED" in done.out


def test_a_copy_that_went_further_is_no_source(
    partner: Evidence, made: MadeArchive, tmp_path: Path
) -> None:
    made.fill(1)
    shutil.copytree(made.root, tmp_path / "older")
    made.fill(1)
    assert partner("mirror", str(made.root)).code == 0
    done = partner("mirror", str(tmp_path / "older"))
    assert done.code == 7
    assert "rolled back" in done.err


def test_the_static_log_is_what_tlog_tiles_readers_expect(
    evidence: Evidence, made: MadeArchive, tmp_path: Path
) -> None:
    target = tmp_path / "static"
    for count in (2, 1):
        made.fill(count)
        assert evidence("export", "log", "-o", str(target)).code == 0
        head = (made.root / "log" / "checkpoint").read_bytes()
        assert (target / "checkpoint").read_bytes() == head
        key = parse_vkey(made.identity.log_vkey)
        size = open_checkpoint(head, key, verify_ed25519).size
        assert list(LogReader(target).iter_tile_problems(size)) == []
    names = {path.name for path in target.iterdir()}
    assert names == {"checkpoint", "tile"}
    everything = b"".join(p.read_bytes() for p in target.rglob("*") if p.is_file())
    assert b"a.example" not in everything, "no address is in the log"
    assert evidence("export", "log", "-o", str(target)).code == 0


def test_the_static_log_of_another_archive_is_not_continued(
    evidence: Evidence, made: MadeArchive, tmp_path: Path, plain: Evidence
) -> None:
    other = tmp_path / "other"
    init = plain("--archive", str(other), "init", "--name", "Other")
    assert init.code == 0
    target = tmp_path / "static"
    assert plain("--archive", str(other), "export", "log", "-o", str(target)).code == 0
    assert evidence("export", "log", "-o", str(target)).code == 7
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    assert evidence("export", "log", "-o", str(tmp_path / "full")).code != 0
