"""docs/for-researchers.md: each example is run, and finds something."""

import json
import re
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from archive.capture import CaptureOutcome
from archive.cli.root import cli
from search.query.grammar import FORMS, GRAMMAR, NOTES
from search.search_cli import NOTHING_NEW
from tests.support.archives.search_archive import ArchiveBox, make_box

PAGE = (Path(__file__).parents[3] / "docs" / "for-researchers.md").read_text("utf-8")
DATED = '<meta property="article:published_time" content="2025-01-26">'
TEXTS = {
    "be": "Тихановской напісалі: палітвязняў вызвалілі. Ціханоўская была ў Вільні.",
    "ru": "О Тихановской и Беляцком. Политзаключённые, выборы, комиссия в Минске.",
    "en": (
        "Political prisoners were released after the election in December 2024."
        "\nThe commission in Minsk announced it; the observers met in Vilnius."
        "\nTsikhanouskaya and Ales Bialiatski spoke of prisoners and of the election."
        "\nThese are the exact words of the page."
    ),
    "pl": "Wybory bez stolicy: election bez komisji. Więźniowie polityczni są wolni.",
}
DIGEST = "<title>Digest</title>" + "".join(
    f"<h2>Item {number}</h2><p>Jan 2{number}, 2025</p><p>What was said of the election"
    f" on day {number}, and who said it before the evening came.</p>"
    for number in (3, 2, 1)
)


def examples() -> list[str]:
    """The commands that the page tells a reader to type."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def archive(
    new_archive: Callable[[], ArchiveBox], article: Callable[[str, str], str]
) -> ArchiveBox:
    made = new_archive()
    exchanges = []
    for code, text in TEXTS.items():
        page = article(f"News {code}", text).replace("<head>", f"<head>{DATED}")
        exchanges.append(
            made.exchange(f"https://{code}.example/1", page, source_id=f"source-{code}")
        )
    later = article("News", "An election will be held in March 2026, said the office.")
    exchanges += [
        made.exchange("https://b.example/2", later.replace("<head>", f"<head>{DATED}")),
        made.exchange("https://b.example/404", "<p>election</p>", status=404),
        made.exchange("https://b.example/dns", outcome=CaptureOutcome.DNS),
        made.exchange(
            "https://en.example/1",
            article("News en", TEXTS["en"].replace("December 2024", "May 2024")),
        ),
    ]
    exchanges.append(made.exchange("https://en.example/digest", DIGEST))
    made.capture(*exchanges)
    made.index(state=True)
    return made


@pytest.fixture(scope="module")
def partner(
    tmp_path_factory: pytest.TempPathFactory, article: Callable[[str, str], str]
) -> ArchiveBox:
    """The archive of somebody else, or a mirror of it."""
    made = make_box(tmp_path_factory.mktemp("partner"), "partner")
    made.page("https://en.example/1", article("News en", TEXTS["en"]))
    made.index()
    return made


@pytest.fixture(scope="module")
def run(
    archive: ArchiveBox,
    partner: ArchiveBox,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Result]:
    """Runs a command line in a folder of its own, as a reader would."""
    folder = tmp_path_factory.mktemp("reader")
    (toml,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert len(tomllib.loads(toml)["search"]) == 2
    (folder / "searches.toml").write_text(toml, "utf-8")
    ids = {
        "A": archive.captures[2].short_id,
        "B": archive.captures[-1].short_id,
        "ID": archive.captures[2].short_id,
        "OURS": str(archive.root),
        "PARTNER": str(partner.root),
        "384": str(*archive.service().upto().values()),
    }

    def invoke(line: str) -> Result:
        name, *words = shlex.split(line)
        assert name == "evidence"
        words = [ids.get(word, word) for word in words]
        environ = {"EVIDENCE_ARCHIVE": str(archive.root)}
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            done = CliRunner().invoke(cli, words, env=environ, standalone_mode=False)
        if words[:2] == ["quote", "make"]:
            (folder / "quotations.jsonl").write_text(done.output, "utf-8")
        return done

    return invoke


def test_every_example_of_the_page_does_what_it_says(
    run: Callable[..., Result],
) -> None:
    since = 0
    for line in examples():
        done = run(line)
        assert done.exception is None or isinstance(done.exception, SystemExit), line
        code = done.return_value if done.return_value is not None else done.exit_code
        since += "--new-since" in line
        # What the first run remembers is not new for the second.
        second = "--new-since" in line and since == 2
        assert code == (NOTHING_NEW if second else 0), (line, done.output)
        assert done.output, line
        if line.startswith("evidence search") and "--from" not in line:
            assert not done.output.startswith("0 documents"), line


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.written)
def test_every_example_of_the_language_finds_something(
    run: Callable[..., Result], form: Any
) -> None:
    done = run(shlex.join(["evidence", "search", "--json", form.example]))
    assert done.exception is None, (form.example, done.exception)
    assert json.loads(done.output)["total"] > 0, form.example


def test_the_table_of_the_page_is_that_of_the_grammar() -> None:
    head = "| written | means | example |\n|---|---|---|\n"
    table = PAGE.partition(head)[2].partition("\n\n")[0]
    assert table.splitlines() == [
        f"| `{form.written}` | {form.means} | `{form.example}` |" for form in FORMS
    ]
    assert " ".join(NOTES) in PAGE
    (grammar,) = re.findall(r"```ebnf\n(.*?)```", PAGE, re.DOTALL)
    assert grammar == GRAMMAR


def test_every_verb_and_option_of_the_page_exists() -> None:
    context = click.Context(cli)
    for verb, option in re.findall(r"evidence (\w+)[^`|\n&;]*?(--[a-z-]+)", PAGE):
        command = cli.get_command(context, verb)
        assert command is not None, verb
        known = {
            name
            for parameter in command.params
            for name in (*parameter.opts, *parameter.secondary_opts)
        }
        assert option in known, (verb, option)
