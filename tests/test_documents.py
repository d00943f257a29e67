"""The documents of the repository say what is there, no more and no less."""

import re
import tomllib
from pathlib import Path

import click
import pytest

from archive.claim import CLAIM
from archive.cli.root import EntryPointGroup, cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "warcs" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
SLOW_MARK = re.compile(
    r"^\s*(?:@|pytestmark = )pytest\.mark\.slow|marks=pytest\.mark\.slow",
    re.MULTILINE,
)
FORBIDDEN_IN_LOCKS = ("://", " @ ", "--index", "--extra-index", "--find-links")


def verbs() -> list[str]:
    assert isinstance(cli, EntryPointGroup)
    return cli.list_commands(click.Context(cli))


def table_verbs() -> set[str]:
    table = README.partition("## Commands")[2].partition("## How")[0]
    cells = [
        line.split("|")[1] for line in table.splitlines() if line.startswith("| `")
    ]
    return {name.split()[0] for cell in cells for name in re.findall("`([^`]+)`", cell)}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))


def test_readme_names_every_verb_and_no_other() -> None:
    assert table_verbs() == set(verbs())


@pytest.mark.parametrize("verb", verbs())
def test_help_of_each_verb_names_its_exit_codes(verb: str) -> None:
    context = click.Context(cli, info_name="evidence")
    command = cli.get_command(context, verb)
    assert command is not None
    text = command.get_help(click.Context(command, info_name=verb, parent=context))
    assert "Exit codes:" in text


def test_every_make_target_the_documents_name_exists() -> None:
    named = {
        name
        for path in DOCUMENTS
        for name in re.findall(r"`?make ([a-z-]+)(?=[` ]|$)", _code(path))
    }
    assert named <= targets()


def _code(path: Path) -> str:
    """What stands in back quotes or in code blocks."""
    text = path.read_text("utf-8")
    return "\n".join(
        [
            *re.findall("`([^`\n]+)`", text),
            *re.findall("```sh(.*?)```", text, re.DOTALL),
        ]
    )


def test_readme_states_the_claim_word_for_word() -> None:
    assert CLAIM in " ".join(README.replace("\n> ", " ").split())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_no_document_claims_that_a_site_published_something(path: Path) -> None:
    text = path.read_text("utf-8").replace('Never write "proof that the site', "")
    assert "proof that the site" not in text


def test_the_map_of_the_documents_leads_to_every_page() -> None:
    folder = ROOT / "docs"
    linked = set(LINK.findall((folder / "README.md").read_text("utf-8")))
    assert {path.name for path in folder.glob("*.md")} - {"README.md"} <= linked


def test_every_decision_record_is_listed_and_names_its_price() -> None:
    folder = ROOT / "docs" / "adr"
    listing = (folder / "README.md").read_text("utf-8")
    for path in sorted(folder.glob("0*.md")):
        assert path.name in listing
        assert "**Price.**" in path.read_text("utf-8")


def test_lock_files_hold_versions_and_hashes_and_no_address() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text("utf-8")
        assert not [word for word in FORBIDDEN_IN_LOCKS if word in text]
        packages = re.split(r"\n(?=[a-z0-9])", text.strip(), flags=re.IGNORECASE)
        assert all("==" in one and "--hash=sha256:" in one for one in packages)


def test_version_is_the_same_everywhere() -> None:
    from archive.version import VERSION

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_every_slow_test_lies_in_a_slow_suite() -> None:
    lines = (ROOT / "tests" / "slow_suites.txt").read_text("utf-8").splitlines()
    suites = [line.split()[1] for line in lines if line and not line.startswith("#")]
    slow = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if SLOW_MARK.search(path.read_text("utf-8"))
    ]
    assert [name for name in slow if not name.startswith(tuple(suites))] == []
