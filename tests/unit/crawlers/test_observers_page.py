"""docs/for-observers.md and docs/schedule.md: the files that they show are sound."""

import re
from pathlib import Path

import pytest

from crawlers.sources.campaign import parse_campaign
from crawlers.sources.registry import read_registry

DOCS = Path(__file__).parents[3] / "docs"


def campaigns() -> list[tuple[str, str]]:
    return [
        (page, text)
        for page in ("for-observers.md", "schedule.md")
        for text in re.findall(
            r"```toml\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL
        )
    ]


@pytest.mark.parametrize(("page", "text"), campaigns())
def test_the_campaign_shown_can_be_watched(page: str, text: str) -> None:
    campaign = parse_campaign(text.encode(), Path(page))
    assert campaign.spans
    assert set(campaign.source_ids) <= set(read_registry())


def test_both_pages_show_one() -> None:
    assert [page for page, _ in campaigns()] == ["for-observers.md", "schedule.md"]
