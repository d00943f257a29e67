"""A source from memory counts once a run proved it; `sources check` says so."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive.cli.root import cli
from archive.errors import SourceError
from crawlers.sources.registry import get_source
from crawlers.sources.source import Source
from crawlers.sources.standing import LastRun, judge_standing, resembling_hosts

NOW = datetime(2025, 1, 26, tzinfo=UTC)
Parse = Callable[[str], Source]


def run(*outcomes: str, captured: bool = True) -> LastRun:
    return LastRun(closed_at=NOW, seeds_captured=captured, outcomes=outcomes)


def test_what_is_recalled_counts_only_after_a_run_that_met_a_minimum() -> None:
    recalled = get_source("ohchr")
    assert not judge_standing(recalled, None).counts
    assert not judge_standing(recalled, run("met", "failed")).counts
    assert not judge_standing(recalled, run("met", captured=False)).counts
    assert not judge_standing(recalled, run("not-judged")).counts
    proved = judge_standing(recalled, run("met", "warning"))
    assert proved.counts
    assert proved.words == "proved 2025-01-26"
    assert judge_standing(get_source("viasna"), None).counts


def test_a_doubtful_source_without_a_minimum_is_refused(
    parse: Parse, sound: str
) -> None:
    doubtful = sound.replace('confidence = "verified"', 'confidence = "recalled"')
    assert parse(doubtful).expect.has_minimum
    with pytest.raises(SourceError, match="must prove itself"):
        parse(doubtful.replace("items_min = 1", "failures_max = 1"))


def test_hosts_spelt_to_resemble_the_main_one_are_pointed_at() -> None:
    hosts = resembling_hosts(get_source("zerkalo"))
    assert "zerka1o-web.ink" in hosts
    assert "z3rkalo-browse.xyz" in hosts
    assert "zerkalo-web.club" not in hosts


def test_the_check_prints_a_line_for_each_source(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        cli, ["--archive", str(tmp_path / "none"), "sources", "check"]
    )
    assert done.exit_code == 0, done.output
    lines = [line.split("\t") for line in done.output.splitlines() if "\t" in line]
    table = {cells[0]: cells for cells in lines}
    assert len(table) == 71
    assert table["ohchr"][3] == "must prove itself"
    assert table["belta"][4:6] == ["6h", "listing+feed"]
    assert "Tor" in table["svaboda"][7]
