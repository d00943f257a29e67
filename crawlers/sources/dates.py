"""Seeds whose addresses carry a day, as the addresses of a given day (pure)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from crawlers.sources.entry_seeds import fill_archive_url
from crawlers.sources.seeds import ArchiveRules, Seed
from crawlers.sources.source import Source

ANY_DAY = date(2025, 1, 26)
"""Stands for every day where only the shape of an address matters."""


def seeds_at(source: Source, now: datetime) -> Source:
    """The source with a seed for each day its archives are read at."""
    today = now.astimezone(ZoneInfo(source.timezone)).date()
    seeds = tuple(seed for one in source.seeds for seed in _on_days(one, today))
    return replace(source, seeds=seeds)


def _on_days(seed: Seed, today: date) -> Iterator[Seed]:
    rules = seed.rules
    if not isinstance(rules, ArchiveRules) or rules.days == 0:
        yield seed
        return
    for back in range(rules.days):
        day = today - timedelta(days=back)
        template = fill_archive_url(
            rules.url, year=day.year, month=day.month, day=day.day
        )
        url = fill_archive_url(template, page=rules.first)
        yield replace(seed, url=url, rules=replace(rules, url=template))


def next_page(rules: ArchiveRules, page_number: int) -> str:
    """The address of a page of an archive; the first has number 1 here."""
    return fill_archive_url(rules.url, page=rules.first + page_number - 1)
