"""Source values from `entries/*.toml` and folders named by the user; strict parse.

An unknown key, a missing key, a seed outside the scope, a rule that can never match,
one host in two sources: each is a SourceError naming file and line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from difflib import get_close_matches
from pathlib import Path

from archive.errors import SourceError, UnknownSource
from crawlers.sources.dates import ANY_DAY, seeds_at
from crawlers.sources.entry import read_entry
from crawlers.sources.identity import identify
from crawlers.sources.scope import decide
from crawlers.sources.seeds import Seed
from crawlers.sources.source import (
    Confidence,
    ScopeAction,
    ScopeRule,
    Source,
)
from crawlers.sources.toml_table import Table, parse_table, read_file

SHIPPED_FOLDER = Path(__file__).parent / "entries"


def read_registry(folders: Sequence[Path] = ()) -> dict[str, Source]:
    """Read the shipped entries and every `*.toml` of further folders, by source id."""
    files: list[Path] = []
    for folder in (SHIPPED_FOLDER, *folders):
        if not folder.is_dir():
            raise SourceError(f"{folder}: no such folder of source files")
        files.extend(sorted(folder.glob("*.toml")))
    sources: dict[str, Source] = {}
    hosts: dict[tuple[str, str | None], str] = {}
    for path in files:
        source = read_source(path)
        if source.id in sources:
            raise SourceError(f"{path}: id {source.id!r} is taken by another file")
        for host in source.hosts:
            owner = hosts.setdefault((host.name, host.path), source.id)
            if owner != source.id:
                raise SourceError(
                    f"{path}: host {host.name} already belongs to source {owner!r}"
                )
        sources[source.id] = source
    return sources


def get_source(source_id: str, folders: Sequence[Path] = ()) -> Source:
    """Look one source up; UnknownSource names those called nearly so."""
    return find_source(source_id, read_registry(folders))


def find_source(source_id: str, sources: Mapping[str, Source]) -> Source:
    """Look one source up in what was read; UnknownSource as `get_source`."""
    if source_id not in sources:
        near = get_close_matches(source_id, sources, n=3)
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        raise UnknownSource(
            f"no source is called {source_id!r}; {meant}`evidence sources list` names "
            "them (add a folder of your own files with --sources)"
        )
    return sources[source_id]


def read_one_source(source_id: str, folders: Sequence[Path] = ()) -> Source:
    """Read one source of a registry that was read, and found sound, before.

    A child that crawls one source need not read all the others again.
    """
    for folder in (SHIPPED_FOLDER, *folders):
        path = folder / f"{source_id}.toml"
        if path.is_file():
            return read_source(path)
    raise UnknownSource(f"no source is called {source_id!r}")


def read_source(path: Path) -> Source:
    """Read one file; SourceError names file and line."""
    return parse_source(read_file(path), path)


def parse_source(data: bytes, path: Path) -> Source:
    """Parse the bytes of one file; `path` gives the id and the place of errors."""
    top = parse_table(data, path)
    source = read_entry(top)
    top.finish()
    _check_hosts(source, top)
    _check_rules(source, top)
    _check_seeds(source, top)
    _check_identity(source, top)
    _check_proof(source, top)
    return source


def _check_hosts(source: Source, top: Table) -> None:
    seen: set[tuple[str, str | None]] = set()
    for number, host in enumerate(source.hosts):
        table = top.at("host", number)
        if (host.name, host.path) in seen:
            table.fail("name", f"{host.name} is named twice")
        if _runs_backwards(host.since, host.until):
            table.fail("until", f"{host.name} ends before it begins")
        seen.add((host.name, host.path))


def _runs_backwards(since: date | None, until: date | None) -> bool:
    return since is not None and until is not None and until < since


def _check_rules(source: Source, top: Table) -> None:
    """Refuse rules that no URL can reach."""
    own = {host.name for host in source.hosts}
    earlier: list[ScopeRule] = []
    for number, rule in enumerate(source.scope):
        table = top.at("scope", number)
        foreign = rule.host is not None and rule.host not in own
        if foreign and rule.action is ScopeAction.FOLLOW:
            table.fail("host", f"{rule.host} is no [[host]] of this source")
        for before in earlier:
            if _covers(before, rule, own=own):
                table.fail(None, f"can never match: {before.name!r} comes first")
        earlier.append(rule)


def _covers(before: ScopeRule, rule: ScopeRule, *, own: set[str]) -> bool:
    same_hosts = before.host == rule.host or (before.host is None and rule.host in own)
    wider_path = before.path is None or before.path == rule.path
    wider_query = before.query is None or before.query == rule.query
    return same_hosts and wider_path and wider_query


def _at_any_day(source: Source, seed: Seed) -> Seed:
    now = datetime.combine(ANY_DAY, time(12), tzinfo=UTC)
    return seeds_at(replace(source, seeds=(seed,)), now).seeds[0]


def _check_seeds(source: Source, top: Table) -> None:
    for number, seed in enumerate(source.seeds):
        verdict = decide(source, _at_any_day(source, seed).url)
        if not verdict.may_fetch:
            table = top.at("seed", number)
            table.fail("url", f"is not in the source's own scope ({verdict.rule})")


def _check_identity(source: Source, top: Table) -> None:
    """Each example must have its key, by its own rule and through its source."""
    for number, rule in enumerate(source.identity):
        table = top.at("identity", number)
        for address, key in rule.examples:
            found = identify(source, address)
            if found is None or found.rule != rule.name:
                by = f"by {found.rule!r}" if found else "by no rule"
                table.fail("examples", f"{address} is named {by}")
            if found.key != key:
                table.fail("examples", f"{address} has the key {found.key!r}")


def _check_proof(source: Source, top: Table) -> None:
    doubtful = source.confidence in (Confidence.RECALLED, Confidence.SEED)
    if doubtful and not source.expect.has_minimum:
        top.fail(
            "confidence",
            f"a source that is {source.confidence} must prove itself: state items_min"
            " or pages_min in [expect]",
        )
