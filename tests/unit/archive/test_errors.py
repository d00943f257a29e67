"""Each error ends the command with its own exit code and one sentence, no traceback."""

import inspect
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest

from archive import errors
from archive.cli import root
from archive.cli.root import cli
from archive.errors import EvidenceError, InvalidQuery, TornMember
from tests.support.programs.inside import call
from tests.support.rules.layers import PACKAGES
from tests.support.rules.sourcetree import ROOT

PROBE = "probe-of-a-test"


def full_database() -> sqlite3.DatabaseError:
    """What SQLite says where the disk has no more room."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("pragma max_page_count = 2")
        db.execute("create table t (x)")
        with pytest.raises(sqlite3.OperationalError, match="full") as caught:
            db.execute("insert into t values (zeroblob(100000))")
    return caught.value


def subclasses(parent: type[EvidenceError]) -> Iterator[type[EvidenceError]]:
    """A class and all below it that stand in `archive.errors`."""
    yield parent
    for child in parent.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from subclasses(child)


ALL = sorted(set(subclasses(EvidenceError)), key=lambda found: found.__name__)
FAMILIES = {
    "SettingsError": 2,
    "UsageProblem": 2,
    "SourceError": 2,
    "VerificationError": 3,
    "FormatError": 4,
    "CaptureError": 5,
    "StoreError": 6,
    "LogError": 7,
    "ExtractionError": 8,
    "SearchError": 9,
}


def make(kind: type[EvidenceError]) -> EvidenceError:
    """An instance with a message."""
    if issubclass(kind, TornMember):
        return kind("a thing went wrong; do this", offset=7)
    if issubclass(kind, InvalidQuery):
        return kind("a thing went wrong; do this", column=7)
    return kind("a thing went wrong; do this")


@pytest.fixture
def probe() -> Iterator[list[BaseException]]:
    """A verb that raises what the test puts into the list."""
    raised: list[BaseException] = []

    @click.command()
    def verb() -> None:
        raise raised[0]

    cli.commands[PROBE] = verb
    yield raised
    del cli.commands[PROBE]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_an_error_ends_the_command_with_its_code_and_its_sentence(
    kind: type[EvidenceError],
    probe: list[BaseException],
    capsys: pytest.CaptureFixture[str],
) -> None:
    probe.append(make(kind))
    done = call([PROBE], capsys)
    assert done.code == kind.exit_code
    assert done.err == "evidence: a thing went wrong; do this\n"
    assert done.out == ""


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_the_exit_code_is_that_of_the_family(kind: type[EvidenceError]) -> None:
    families = [base.__name__ for base in kind.__mro__ if base.__name__ in FAMILIES]
    expected = FAMILIES[families[-1]] if families else 1
    assert kind.exit_code == expected


def test_every_family_stands_right_below_the_root() -> None:
    assert {kind.__name__ for kind in EvidenceError.__subclasses__()} == set(FAMILIES)


def test_the_table_in_the_docstring_is_the_tree() -> None:
    stated = {
        family: int(code)
        for code, names in re.findall(r"^\| (\d) \| ([^|]+) \|", errors.__doc__, re.M)
        for family in names.strip().split(", ")
    }
    assert stated == {**FAMILIES, "EvidenceError": 1}


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_class_says_when_it_is_raised(kind: type[EvidenceError]) -> None:
    assert "__doc__" in vars(kind)
    assert inspect.getdoc(kind)


def test_every_error_that_is_no_family_is_raised_or_caught_somewhere() -> None:
    source = "".join(
        path.read_text("utf-8")
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path != Path(inspect.getfile(errors))
    )
    narrow = {kind.__name__ for kind in ALL if not kind.__subclasses__()}
    assert {name for name in narrow if not re.search(rf"\b{name}\b", source)} == set()


def test_errors_with_a_place_keep_it() -> None:
    assert TornMember("x", offset=12).offset == 12
    assert InvalidQuery("x", column=3).column == 3


def test_the_help_names_every_exit_code() -> None:
    named = {int(code) for code in re.findall(r"\b(\d) ", root.EXIT_CODES)}
    assert named == {0, 1, *FAMILIES.values()}


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (click.UsageError("no such thing"), 2, "no such thing"),
        (click.exceptions.Abort(), 130, "interrupted"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space left on device", "/x"), 1, "/x: No space left"),
        (OSError("plain"), 1, "plain"),
        (sqlite3.DatabaseError("malformed"), 6, "evidence rebuild"),
        (full_database(), 6, "free some and try again"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_others_raise_is_a_sentence_too(
    raised: BaseException,
    code: int,
    words: str,
    probe: list[BaseException],
    capsys: pytest.CaptureFixture[str],
) -> None:
    probe.append(raised)
    done = call([PROBE], capsys)
    assert done.code == code
    assert words in done.err


def test_a_broken_invariant_of_ours_is_never_caught(
    probe: list[BaseException],
) -> None:
    probe.append(AssertionError("ours"))
    with pytest.raises(AssertionError, match="ours"):
        cli.main([PROBE], standalone_mode=False)
