"""Every command that a document shows is one of the program, with options it has."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.cli.root import cli
from tests.test_docs import VERBS, options
from tests.test_documents import DOCUMENTS

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`]+)`")
CALL = re.compile(r"(?<![\w-])evidence ((?:[^|;&<>#]|&(?!&))*)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")
PATTERN = "[--archive DIR] [--keys DIR] [--trust DIR] VERB"
"""How the pages write any command at all."""
EVERYWHERE = options(cli) | {"--help"}


def calls(text: str) -> Iterator[str]:
    """What stands behind `evidence` in blocks and spans of code, which may omit it."""
    for language, block in FENCE.findall(text):
        if language in ("", "sh"):
            yield from CALL.findall(block.replace("\n", " ; "))
    for span in SPAN.findall(FENCE.sub("", text)):
        words = " ".join(span.split())
        found = CALL.search(words)
        if found:
            yield found[1]
        elif " --" in words and any(words.startswith(f"{verb} ") for verb in VERBS):
            yield words


def problem(call: str) -> str | None:
    """What is wrong with a command line, if anything is."""
    words = TEXT.sub("TEXT", call).split()
    named = set(OPTION.findall(" ".join(words)))
    while words and words[0].startswith("--"):
        words = words[2:]
    heads = [" ".join(words[:count]) for count in (3, 2, 1)]
    verb = next((head for head in heads if head in VERBS), None)
    if verb is None:
        groups = {path.split()[0] for path in VERBS}
        return None if words and words[0] in groups and not named else "no such verb"
    unknown = named - EVERYWHERE - options(VERBS[verb])
    return f"no such option: {sorted(unknown)}" if unknown else None


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_shown_exists(path: Path) -> None:
    shown = [call for call in calls(path.read_text("utf-8")) if call != PATTERN]
    wrong = {call: found for call in shown if (found := problem(call.strip()))}
    assert wrong == {}


def test_most_pages_show_commands() -> None:
    """Or the rule above reads past them."""
    counts = [len(list(calls(path.read_text("utf-8")))) for path in DOCUMENTS]
    assert sum(counts) > 150


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("serch x", "no such verb"),
        ("search --colour x", "no such option: ['--colour']"),
        ("--archive a index --forever", "no such option: ['--forever']"),
        ("export bundle ID -o out --fast", "no such option: ['--fast']"),
    ],
)
def test_what_is_not_there_is_named(call: str, words: str) -> None:
    assert problem(call) == words
