"""`remove`, and what `list`, `show` and `verify` say of what was removed."""

import json
from collections.abc import Callable

import pytest

from tests.support.archives.archives import MadeArchive
from tests.support.programs.inside import Done

Evidence = Callable[..., Done]
WHY = ("--reason", "names of\nvictims", "--authority", "Court of Ghent")


def test_what_was_removed_is_named_everywhere_and_shown_nowhere(
    made: MadeArchive, evidence: Evidence
) -> None:
    gone, kept = made.fill(2)
    done = evidence("remove", gone.short_id, *WHY)
    assert done.code == 0, done.err
    assert gone.short_id in done.out
    assert "names of victims" in done.out
    listed = evidence("list")
    assert gone.target_uri not in listed.out
    assert kept.short_id in listed.out
    assert "--removed" in listed.err
    (row,) = [json.loads(line) for line in evidence("list", "--json").out.splitlines()]
    assert row["access"] == "public"
    removed = evidence("list", "--removed", "--json")
    (stone,) = [json.loads(line) for line in removed.out.splitlines()]
    assert (stone["id"], stone["access"]) == (gone.capture_id, "tombstoned")
    assert "Court of Ghent" in evidence("list", "--removed").out
    shown = evidence("show", gone.capture_id)
    assert (shown.code, "tombstoned" in shown.out) == (0, True)
    assert json.loads(evidence("show", gone.short_id, "--json").out) == stone
    verified = evidence("verify")
    assert (verified.code, gone.short_id in verified.out) == (0, True)


@pytest.mark.parametrize("verb", [("verify", "capture"), ("remove",)])
def test_a_removed_capture_is_refused_with_its_tombstone(
    made: MadeArchive, evidence: Evidence, verb: tuple[str, ...]
) -> None:
    gone, _kept = made.fill(2)
    evidence("remove", gone.short_id, *WHY)
    done = evidence(*verb, gone.capture_id, *(WHY if verb == ("remove",) else ()))
    assert done.code == 6
    assert "names of victims" in done.err
    assert len(done.err.splitlines()) == 1


def test_remove_says_what_is_left_to_do(made: MadeArchive, evidence: Evidence) -> None:
    gone, _kept = made.fill(2)
    done = evidence("remove", gone.short_id, *WHY, "--json")
    assert json.loads(done.out)["reason"] == "names of\nvictims"
    assert "copies" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("--reason", "", "--authority", "x"),
        ("--reason", "x", "--authority", "a\nb"),
        ("--reason", "x" * 5000, "--authority", "x"),
        ("--reason", "x"),
        ("--authority", "x"),
    ],
)
def test_bad_words_are_refused_before_anything_is_done(
    made: MadeArchive, evidence: Evidence, words: tuple[str, ...]
) -> None:
    (capture,) = made.fill(1)
    done = evidence("remove", capture.short_id, *words)
    assert done.code == 2
    assert evidence("list", "--removed").out == ""
    assert evidence("verify").code == 0


def test_addresses_of_removed_captures_cannot_be_asked_for(
    made: MadeArchive, evidence: Evidence
) -> None:
    made.fill(1)
    assert evidence("list", "--removed", "--uri", "http://a.example/0").code == 2
