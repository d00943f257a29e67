"""A whole campaign in compressed time, played to the real `watch`.

Sixty days: nomination, campaign, election day, a night of results that are corrected
behind a geo-block, removals afterwards. Sources fail, the command and its child are
killed at work, the clock is set forwards and back.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.campaign.judge import check
from tests.support.campaign.play import DAY, Pace, play
from tests.support.campaign.run import open_campaign
from tests.support.campaign.world import build_world

COARSE = Pace(calm=4 * DAY, day=timedelta(hours=4), night=timedelta(minutes=20))
FINE = Pace(calm=DAY, day=timedelta(hours=1), night=timedelta(minutes=10))


def run_campaign(root: Path, pace: Pace, *, sources: int) -> None:
    world = build_world(sources=sources, calm=pace.calm)
    with open_campaign(root, world, **pace.arguments()) as run:
        played = play(run, pace)
        figures = check(run, pace, played)
    print(figures)


@pytest.mark.timeout(900)
def test_twelve_sources_over_sixty_days_lose_no_change(tmp_path: Path) -> None:
    """For every day: coarse steps; two of the sources are offices."""
    run_campaign(tmp_path, COARSE, sources=12)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_forty_sources_over_sixty_days_lose_no_change(tmp_path: Path) -> None:
    """Coarse steps: sources are looked at every four days, at night three times an
    hour.
    """
    run_campaign(tmp_path, COARSE, sources=40)


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_a_whole_campaign_day_by_day_loses_no_change(tmp_path: Path) -> None:
    """Daily in calm times, hourly on election day, every ten minutes at night."""
    run_campaign(tmp_path, FINE, sources=40)
