"""Rate limits hold, and what they keep leads to nobody."""

from typing import Any

from werkzeug.test import Client

from tests.support.web.served import APP, REPLAY
from tests.support.web.web_world import World
from web.app import create_app
from web.guards.limits import COSTS, ENTRY_LIMIT, KEY_SECONDS, READER, RateLimiter
from web.settings import WebSettings

COST = 100


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make(clock: Clock) -> RateLimiter:
    return RateLimiter(monotonic=clock, random_bytes=lambda count: b"k" * count)


def test_a_reader_waits_when_the_bucket_is_empty_and_not_longer() -> None:
    clock = Clock()
    limiter = make(clock)
    times = int(READER.burst // COST)
    assert [limiter.admit("203.0.113.1", COST) for _ in range(times)] == [0] * times
    seconds = limiter.admit("203.0.113.1", COST)
    assert seconds > 0
    assert limiter.admit("203.0.113.2", COST) == 0
    clock.now += seconds
    assert limiter.admit("203.0.113.1", COST) == 0


def test_no_address_is_kept() -> None:
    limiter = make(Clock())
    limiter.admit("203.0.113.77", COST)
    kept = repr(vars(limiter)) + repr(list(limiter._buckets))
    assert "203.0.113.77" not in kept
    assert not any(b"203.0.113.77" in key for key in limiter._buckets)


def test_buckets_are_bounded_and_forgotten_with_the_key() -> None:
    clock = Clock()
    limiter = make(clock)
    for number in range(ENTRY_LIMIT + 50):
        limiter.admit(f"2001:db8:0:{number:x}::1", COST)
    assert len(limiter) == ENTRY_LIMIT
    clock.now += KEY_SECONDS
    limiter.admit("203.0.113.1", COST)
    assert len(limiter) == 1


def test_who_asks_too_often_is_told_when_to_come_back(world: World) -> None:
    settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
    apps = create_app(settings, world.services())
    for application, origin, path in (
        (apps.app, APP, "/help"),
        (apps.replay, REPLAY, f"/v/{world.named['main'].short_id}"),
    ):
        client = Client(application)
        far = {"REMOTE_ADDR": "203.0.113.9"}
        statuses = []
        for _ in range(1_000):
            got = client.get(path, base_url=origin, environ_base=far)
            statuses.append(got.status_code)
            if got.status_code != 200:
                break
        assert statuses[-1] == 429
        assert int(got.headers["Retry-After"]) >= 1
        assert "no-store" in got.headers["Cache-Control"]
        assert client.get(path, base_url=origin).status_code == 200


def test_one_subscriber_of_ipv6_has_one_bucket_whatever_address_he_takes() -> None:
    limiter = make(Clock())
    for number in range(1, 40):
        limiter.admit(f"2001:db8:1:2::{number:x}:{number:x}", COST)
        limiter.admit(f"2001:db8:1:3::{number:x}%eth0", COST)
    assert len(limiter) == 2
    limiter.admit("::ffff:203.0.113.1", COST)
    limiter.admit("203.0.113.1", COST)
    assert len(limiter) == 3
    limiter.admit("::ffff:203.0.113.2", COST)
    limiter.admit("no address", COST)
    assert len(limiter) == 5


def test_every_route_that_has_a_cost_of_its_own_is_there(apps: Any) -> None:
    routes = {
        rule.endpoint
        for one in (apps.app, apps.replay)
        for rule in one._application._application.url_map.iter_rules()
    }
    assert set(COSTS) <= routes
