"""The reference pages are complete: commands, errors, checks; and nothing leaks.

What README, decision records and links promise is in `test_documents.py`.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from archive import errors
from archive.claim import CLAIM, DOES_NOT_PROVE
from archive.cli.root import KNOWN_VARIABLES, cli
from archive.errors import EvidenceError
from archive.verify.log.witnesses import LAST_SEEN_STEP, WITNESS_STEP
from archive.verify.policy import ANCHOR_STEP, REVOCATION_STEP, TOKEN_STEPS
from archive.verify.reporting.report import (
    ALWAYS_REQUIRED,
    ARCHIVE_REQUIRED,
    ONE_WITNESS,
)
from archive.verify.reporting.steps import STEPS

ROOT = Path(__file__).parent.parent
HERE = Path(__file__).relative_to(ROOT).as_posix()


def page(name: str) -> str:
    """A page of `docs/`."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of every table line, without heads and rules."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


# docs/commands.md


def verbs(
    command: click.Command = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    """Every verb that does something, with its path."""
    is_group = isinstance(command, click.Group)
    if path and (not is_group or getattr(command, "invoke_without_command", False)):
        yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None, name
            yield from verbs(found, (*path, name))


VERBS = dict(verbs())


def described() -> dict[str, list[str]]:
    """The tables of verbs: path without arguments, and the cells."""
    tables = page("commands.md").partition("\n## Verbs\n")[2].partition("\n## ")[0]
    return {
        re.sub(r"( [A-Z][A-Z.]*)+$", "", cells[0].strip("`")): cells
        for cells in rows(tables)
        if cells[0] != "verb"
    }


def options(command: click.Command) -> set[str]:
    """Every spelling of every option; `--help` is everywhere."""
    return {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("--")
    }


def exit_codes(text: str) -> set[str]:
    """The numbers in a sentence about exit codes."""
    return set(re.findall(r"(?:^|[ ,])([0-9]{1,2})(?= )", text))


def test_every_verb_has_a_line_and_no_other() -> None:
    assert set(described()) == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_line_of_a_verb_names_its_options_and_no_other(verb: str) -> None:
    named = set(re.findall(r"`(--[a-z-]+)", described()[verb][2]))
    named -= {"--parts browser"}
    assert named == options(VERBS[verb])


@pytest.mark.parametrize("verb", VERBS)
def test_the_line_of_a_verb_names_its_exit_codes_and_no_other(verb: str) -> None:
    command = VERBS[verb]
    last = " ".join((command.help or "").rpartition("\n\n")[2].split())
    assert last.startswith("Exit codes: "), "they are the last paragraph of the help"
    stated = exit_codes(last.removeprefix("Exit codes:"))
    assert stated
    assert exit_codes(" " + described()[verb][3]) == stated


def test_the_global_options_are_named() -> None:
    named = set(re.findall(r"^\| `(--[a-z-]+)` \|", page("commands.md"), re.M))
    assert options(cli) <= named


def test_every_option_is_explained_in_its_help() -> None:
    mute = [
        f"{verb} {parameter.name}"
        for verb, command in {**VERBS, "": cli}.items()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        if not parameter.help and not isinstance(parameter.type, click.Choice)
    ]
    assert mute == []


def test_the_environment_variables_are_named() -> None:
    named = set(re.findall(r"`(EVIDENCE_[A-Z_]+)`", page("commands.md")))
    assert named - {"EVIDENCE_"} == set(KNOWN_VARIABLES)


def test_every_command_that_a_message_names_exists() -> None:
    named = set()
    for package in ("archive", "crawlers", "search", "web"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            named |= set(re.findall(r"`evidence (?:--\S+ \S+ )*([a-z]+)", text))
    assert named
    assert named <= {verb.split()[0] for verb in VERBS}


# docs/errors.md


def classes(parent: type[EvidenceError] = EvidenceError) -> Iterator[tuple[str, int]]:
    """Every class of `archive/errors.py` with its exit code."""
    yield parent.__name__, parent.exit_code
    for child in parent.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from classes(child)


def test_every_error_has_a_line_with_its_exit_code_and_no_other() -> None:
    table = page("errors.md").partition("## Classes")[2]
    stated = {cells[0].strip("`"): cells[1] for cells in rows(table)}
    del stated["class"]
    assert stated == {name: str(code) for name, code in classes()}


def test_every_exit_code_says_who_must_act() -> None:
    table = page("errors.md").partition("## Classes")[0]
    stated = {cells[0] for cells in rows(table)} - {"exit"}
    assert stated == {"0", "130", *(str(code) for _, code in classes())}


# docs/verification.md (that it explains every code: tests/unit/archive/verify)


def procedure() -> dict[int, list[str]]:
    """The table of steps."""
    text = page("verification.md").partition("## The numbered procedure")[2]
    cells = [cells for cells in rows(text.partition("\n## ")[0]) if cells[0] != "#"]
    return {int(line[0]): line for line in cells}


def required(number: int) -> str:
    """The word of the column "required"."""
    if number in ALWAYS_REQUIRED:
        return "always"
    if number in ARCHIVE_REQUIRED:
        return "archive"
    if number == LAST_SEEN_STEP:
        return "if given"
    if number == REVOCATION_STEP:
        return "`--strict`"
    return "policy" if number in {WITNESS_STEP, *TOKEN_STEPS, ANCHOR_STEP} else "no"


@pytest.mark.parametrize("number", STEPS)
def test_each_step_stands_in_the_procedure_word_for_word(number: int) -> None:
    step, line = STEPS[number], procedure()[number]
    assert (line[1], line[3], line[5]) == (
        step.title,
        required(number),
        step.specification,
    )
    assert line[2], "what it reads"


def test_the_procedure_has_no_other_step() -> None:
    assert list(procedure()) == list(STEPS)


def test_what_verified_does_not_prove_is_said_word_for_word() -> None:
    text = " ".join(page("verification.md").split())
    assert CLAIM in text
    for line in DOES_NOT_PROVE:
        assert line in text
    assert f"**{ONE_WITNESS}**" in text


# The whole repository


def tracked() -> list[Path]:
    """Every file that git knows, or without git every file that is not made."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
        paths = [ROOT / name for name in listed.split("\0") if name]
    else:
        made = {".venv", "warcs", "__pycache__", "build"}
        paths = [path for path in ROOT.rglob("*") if made.isdisjoint(path.parts)]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def found_in_files(words: list[bytes]) -> list[str]:
    """Files, but this one, that hold one of the words."""
    return [
        f"{path.relative_to(ROOT)}: {word.decode()}"
        for path in tracked()
        if path.relative_to(ROOT).as_posix() != HERE
        for word in words
        if word in path.read_bytes()
    ]


def test_no_file_names_a_folder_of_the_machine_it_was_made_on() -> None:
    # Put together here, so that this file does not hold them either.
    folders = [b"/wo" + b"rk/", b"/ro" + b"ot/"]
    assert found_in_files(folders) == []


def test_no_file_names_a_package_registry() -> None:
    hosts = [b"pypi" + b".org", b"pythonhosted" + b".org", b"arti" + b"factory"]
    assert found_in_files(hosts) == []


CLAIMED_TOO_MUCH = re.compile(rb"proof\s+that\s+the\s+site\s+published", re.IGNORECASE)
MAY_FORBID_IT = {"CONTRIBUTING.md": 1, "tests/unit/web/test_languages.py": 1}
"""Where the phrase may stand, because it is forbidden there; how often."""


def test_nowhere_is_more_claimed_than_can_be_proven() -> None:
    counts = {
        path.relative_to(ROOT).as_posix(): len(CLAIMED_TOO_MUCH.findall(data))
        for path in tracked()
        if CLAIMED_TOO_MUCH.search(data := path.read_bytes())
    }
    assert {
        name: count
        for name, count in counts.items()
        if count > MAY_FORBID_IT.get(name, 0)
    } == {}


def test_the_first_commands_of_the_readme_are_make_demo_and_make_test() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block, *_) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    commands = [line.partition("#")[0].strip() for line in block.splitlines()]
    assert commands == ["make demo", "make test"]
    before = text.partition("```sh")[0]
    assert re.findall(r"`(make|pip|git|evidence)\b", before) == []
