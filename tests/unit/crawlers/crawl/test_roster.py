"""The roster: no overlap, places, what cannot begin is tried again soon."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from crawlers.crawl.roster import FAILED_PAUSE, Roster
from crawlers.sources.campaign import Campaign, PhaseSpan
from crawlers.sources.registry import read_registry
from crawlers.sources.timing import Phase, Schedule

NOW = datetime(2030, 1, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
REGISTRY = read_registry()


def make_roster(*source_ids: str, places: int = 4) -> Roster:
    schedule = Schedule(every=6 * HOUR, phases={Phase.COUNTING: HOUR})
    sources = {i: replace(REGISTRY[i], schedule=schedule) for i in source_ids}
    span = PhaseSpan(phase=Phase.COUNTING, since=NOW + 9 * HOUR, until=NOW + 20 * HOUR)
    campaign = Campaign(title="t", source_ids=source_ids, spans=(span,))
    return Roster(sources=sources, standings={}, campaign=campaign, places=places)


def end(roster: Roster, source_id: str, *, cut: bool = False) -> None:
    roster.end(source_id, cut=cut, chance=0.0, recheck_at=None)


def test_a_source_that_runs_is_not_begun_again() -> None:
    roster = make_roster("viasna", "baj", places=1)
    assert [s.source_id for s in roster.begin(NOW)] == ["baj"]
    assert roster.begin(NOW + 100 * HOUR) == [], "no place is free"
    end(roster, "baj")
    assert [s.source_id for s in roster.begin(NOW)] == ["viasna"]
    end(roster, "viasna")
    assert roster.next_due(NOW) == (NOW + 6 * HOUR, "baj")


def test_channels_of_one_host_take_turns() -> None:
    roster = make_roster("tg-bajmedia", "tg-viasnainfo", "viasna")
    begun = [s.source_id for s in roster.begin(NOW)]
    assert begun == ["tg-bajmedia", "viasna"]
    end(roster, "tg-bajmedia")
    assert [s.source_id for s in roster.begin(NOW)] == ["tg-viasnainfo"]


def test_the_turn_says_which_interval_and_phase_it_was() -> None:
    roster = make_roster("viasna")
    (first,) = roster.begin(NOW)
    assert (first.turn.every_s, first.turn.phase) == (21600, None)
    end(roster, "viasna")
    (second,) = roster.begin(NOW + 9 * HOUR)
    assert (second.turn.every_s, second.turn.phase) == (3600, "counting")


def test_what_could_not_begin_is_tried_again_in_a_minute() -> None:
    roster = make_roster("viasna")
    roster.begin(NOW)
    roster.fail("viasna", NOW)
    assert roster.begin(NOW) == []
    assert roster.next_due(NOW) == (NOW + FAILED_PAUSE, "viasna")
    assert roster.begin(NOW - HOUR) != [], "unless the clock was set back meanwhile"


def test_a_run_that_was_cut_short_is_gone_on_with() -> None:
    roster = make_roster("viasna")
    roster.begin(NOW)
    end(roster, "viasna", cut=True)
    assert [s.source_id for s in roster.begin(NOW)] == ["viasna"]
    end(roster, "viasna", cut=True)
    assert roster.begin(NOW) == [], "twice in a row: not at once"


def test_a_source_may_leave_the_registry_while_it_runs() -> None:
    roster = make_roster("tg-bajmedia", "tg-viasnainfo")
    roster.begin(NOW)
    roster.sources = {"tg-viasnainfo": roster.sources["tg-viasnainfo"]}
    assert roster.begin(NOW) == [], "its host is busy all the same"
    end(roster, "tg-bajmedia")
    assert [s.source_id for s in roster.begin(NOW)] == ["tg-viasnainfo"]


def test_a_run_for_rechecks_is_none_from_the_seeds() -> None:
    roster = make_roster("viasna")
    roster.begin(NOW)
    roster.end("viasna", cut=False, chance=0.0, recheck_at=NOW + HOUR)
    (start,) = roster.begin(NOW + HOUR)
    assert start.turn.rechecks_only
    end(roster, "viasna")
    assert roster.next_due(NOW + HOUR) == (NOW + 6 * HOUR, "viasna")
