"""`evidence init` makes a whole archive, or nothing at all."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.errors import StoreError
from tests.support.programs.inside import Done

Evidence = Callable[..., Done]
Contents = Callable[[Path], dict[str, bytes | None]]


def test_it_makes_a_verified_archive_without_asking(
    plain: Evidence, tmp_path: Path
) -> None:
    root = tmp_path / "new" / "archive"
    done = plain("--archive", str(root), "init", "--name", "Observers")
    assert (done.code, done.out.split()[:2]) == (0, ["archive", str(root)])
    assert "move root.pem offline" in done.err
    verified = plain("--archive", str(root), "verify")
    assert verified.code == 0
    assert verified.out.startswith("one witness: the operator; no independent time\n")


def test_its_json_names_id_and_origin(plain: Evidence, tmp_path: Path) -> None:
    root = str(tmp_path / "x")
    done = plain("--archive", root, "init", "--name", "N", "--json")
    value = json.loads(done.out)
    assert set(value) == {"archive_id", "origin"}
    assert value["origin"] == f"election-evidence-archive/{value['archive_id']}"


def test_keys_are_for_their_owner_alone_and_outside(
    plain: Evidence, tmp_path: Path, home: Path
) -> None:
    root = tmp_path / "x"
    plain("--archive", str(root), "init", "--name", "N")
    keys = sorted(home.rglob("*.pem"))
    private = [key for key in keys if b"PRIVATE" in key.read_bytes()]
    assert len(private) == 4
    assert {key.stat().st_mode & 0o777 for key in private} == {0o600}
    assert {key.parent.stat().st_mode & 0o777 for key in private} == {0o700}
    assert not [path for path in root.rglob("*.pem")]


def test_an_empty_folder_is_taken(plain: Evidence, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    assert plain("--archive", str(tmp_path / "x"), "init", "--name", "N").code == 0


def test_the_folder_one_stands_in_is_taken(
    plain: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").mkdir()
    monkeypatch.chdir(tmp_path / "x")
    assert plain("--archive", ".", "init", "--name", "N").code == 0
    assert (tmp_path / "x" / "archive.toml").is_file()


def test_the_archive_may_come_from_the_environment(
    plain: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVIDENCE_ARCHIVE", str(tmp_path / "x"))
    monkeypatch.setenv("EVIDENCE_TRUST_DIR", str(tmp_path / "believed"))
    assert plain("init", "--name", "N").code == 0
    assert (tmp_path / "x" / "archive.toml").is_file()
    assert list((tmp_path / "believed").iterdir())
    assert plain("verify").code == 0


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--archive", "full", "init", "--name", "N"], 6, "full exists"),
        (["--archive", "file", "init", "--name", "N"], 2, "is a file"),
        (["--archive", "file/x", "init", "--name", "N"], 6, "no archive can be made"),
        (["--archive", "x", "init"], 2, "Missing option '--name'"),
        (["--archive", "x", "init", "--name", ""], 2, "--name"),
        (["--archive", "x", "init", "--name", "a\nb"], 2, "--name"),
        (["--archive", "x", "init", "--name", "n" * 201], 2, "--name"),
        (["--archive", "x", "init", "--name", "N", "--origin", "a b"], 2, "--origin"),
        (["--archive", "x", "init", "--name", "N", "--origin", "a+b"], 2, "--origin"),
        (["--archive", "x", "--keys", "x/k", "init", "--name", "N"], 2, "--keys"),
        (["--archive", "x", "--trust", "x", "init", "--name", "N"], 2, "--trust"),
        (["--archive", "x", "--keys", "full", "init", "--name", "N"], 7, "not empty"),
        (["--archive", "x", "init", "--name", "N", "--force"], 2, "--force"),
    ],
)
def test_bad_input_gets_a_sentence_and_changes_nothing(
    options: list[str],
    code: int,
    words: str,
    plain: Evidence,
    contents: Contents,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("precious")
    (tmp_path / "file").write_text("also")
    monkeypatch.chdir(tmp_path)
    before = contents(tmp_path)
    done = plain(*options)
    assert done.code == code
    assert words in done.err
    assert done.out == ""
    assert contents(tmp_path) == before


def test_a_second_init_leaves_the_first_archive_alone(
    plain: Evidence, contents: Contents, tmp_path: Path
) -> None:
    root = str(tmp_path / "x")
    assert plain("--archive", root, "init", "--name", "N").code == 0
    before = contents(tmp_path)
    assert plain("--archive", root, "init", "--name", "N").code == 6
    assert contents(tmp_path) == before


def test_a_failure_on_the_way_leaves_no_key_and_no_folder(
    plain: Evidence,
    contents: Contents,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr("archive.store.create._fill", fail)
    done = plain("--archive", str(tmp_path / "x"), "init", "--name", "N")
    assert (done.code, done.err) == (6, "evidence: the disk is full\n")
    files = [name for name, data in contents(tmp_path).items() if data is not None]
    assert files == []
    assert not (tmp_path / "x").exists()
