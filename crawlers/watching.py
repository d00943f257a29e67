"""From what a person asked for to a watch: which sources, whose turn, who is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.cli.root import CommandContext
from archive.errors import UsageProblem
from crawlers.crawl.order import CrawlOrder
from crawlers.crawl.roster import Roster
from crawlers.crawl.standings import read_standings
from crawlers.crawl.watch import Tell, Tools, Watch, WatchPlan
from crawlers.sources.campaign import NO_CAMPAIGN, Campaign, read_campaign
from crawlers.sources.registry import find_source, read_registry
from crawlers.sources.schedule import in_shard
from crawlers.sources.source import Source

PLACES = 4
"""Sources at a time: enough to keep two cores and a line busy."""
SHARDS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which sources are watched, and how near the election is."""

    source_ids: tuple[str, ...] = ()
    every_source: bool = False
    campaign_path: Path | None = None
    shard: tuple[int, int] = (1, 1)
    """Which of how many machines, counted from 1."""
    places: int = PLACES

    def read(self, folders: Sequence[Path]) -> tuple[Mapping[str, Source], Campaign]:
        """Read campaign and registry; SourceError or UsageProblem where they fail."""
        campaign = NO_CAMPAIGN
        if self.campaign_path is not None:
            campaign = read_campaign(self.campaign_path)
        registry = read_registry(folders)
        wanted = self.source_ids or campaign.source_ids
        if self.every_source:
            wanted = tuple(registry)
        if not wanted:
            raise UsageProblem(
                "nothing to watch: name sources, give --campaign FILE, or --all"
            )
        shard, shards = self.shard
        chosen = {
            source_id: find_source(source_id, registry)
            for source_id in dict.fromkeys(wanted)
        }
        return {
            source_id: source
            for source_id, source in chosen.items()
            if in_shard(source_id, shard=shard, shards=shards)
        }, campaign


def parse_shard(text: str) -> tuple[int, int]:
    """Read `2/3`; UsageProblem for anything else."""
    shard, slash, shards = text.partition("/")
    if slash and shard.isdecimal() and shards.isdecimal() and text.isascii():
        pair = int(shard[:5]), int(shards[:5])
        if 1 <= pair[0] <= pair[1] <= SHARDS:
            return pair
    raise UsageProblem(f"--shard is K/N, such as 2/3, not {ascii(text)[:40]}")


def open_watch(
    context: CommandContext,
    order: CrawlOrder,
    choice: Choice,
    *,
    once: bool,
    tell: Tell,
) -> Watch:
    """Read everything that must be sound before the first crawl."""
    sources, campaign = choice.read(order.sources_folders)
    for source in sources.values():
        order.via.label_for(source)
    tools = Tools(clock=context.clock, random_bytes=context.random_bytes, tell=tell)
    standings = read_standings(
        context.archive,
        sources,
        now=context.clock(),
        chance=tools.chance,
        overrides=order.is_test,
    )
    roster = Roster(
        sources=sources, standings=standings, campaign=campaign, places=choice.places
    )
    plan = WatchPlan(
        order=order, reload=lambda: choice.read(order.sources_folders), once=once
    )
    return Watch(plan, roster, tools)
