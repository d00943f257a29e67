"""A second archive is never left out in silence."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive.cli.root import CommandContext, cli

A, B, C = Path("a"), Path("b"), Path("c")


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


@pytest.mark.parametrize(
    "verb",
    [
        ("list",),
        ("serve",),
        ("verify", "archive"),
        ("export", "listing"),
        ("demo", "--once"),
    ],
)
def test_a_verb_of_one_archive_refuses_a_second(
    verb: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("--archive", "one", "--archive", "two", *verb)
    assert done.exit_code == 2
    assert f"`{verb[0]}` works on one archive, and 2 are named" in done.output


def test_a_verb_of_several_takes_them_before_and_behind_it(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for words in (
        ("--archive", str(one), "--archive", str(two), "search", "word"),
        ("--archive", str(one), "search", "--archive", str(two), "word"),
        ("search", "--archive", str(one), "--archive", str(two), "word"),
    ):
        done = run(*words)
        assert f"no archive at {one}" in str(done.exception), words


def test_the_usual_archive_counts_where_none_is_named() -> None:
    usual = CommandContext(archive=A, is_usual=True)
    assert usual.archives(()) == (A,)
    assert usual.archives((B, C)) == (B, C)
    named = CommandContext(archive=A, more_archives=(B,))
    assert named.archives(()) == (A, B)
    assert named.archives((C,)) == (A, B, C)
