"""What a person reads when an archive is not the newest copy."""

import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest

from archive.log.headnote import HEAD_FILE
from tests.support.archives.archives import MadeArchive
from tests.support.programs.inside import Done, call

Evidence = Callable[..., Done]


def test_writing_verbs_refuse_an_older_copy_in_one_sentence(
    evidence: Evidence, made: MadeArchive, capsys: pytest.CaptureFixture[str]
) -> None:
    made.fill(1)
    old = replace(made, root=made.root.with_name("old"))
    shutil.copytree(made.root, old.root)
    made.fill(1)
    options = ["--archive", str(old.root), "--keys", str(old.keys_folder)]
    options += ["--trust", str(old.trust_folder)]
    for verb in (["checkpoint"], ["keys", "rotate"]):
        done = call([*options, *verb], capsys)
        assert done.code == 7, (verb, done)
        assert done.out == ""
        assert done.err.count("\n") == 1
        assert "is an older copy" in done.err
        assert "bring the newest copy back" in done.err
    assert call([*options, "verify"], capsys).code == 0
    assert evidence("checkpoint").code == 0


def test_a_removed_note_is_said_once(evidence: Evidence, made: MadeArchive) -> None:
    made.fill(1)
    (made.keys_folder / HEAD_FILE).unlink()
    said = evidence("keys", "rotate")
    assert said.code == 0
    assert said.err.count("there is no note of the last signed head") == 1
    assert "no note" not in evidence("checkpoint").err
