"""Names become addresses by hosts file or DNS; answers are kept raw and aged."""

import asyncio
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import dns.asyncresolver
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest

from crawlers.engine.host import host_to_alabel
from crawlers.engine.resolve import (
    ADDRESS_LIMIT,
    CACHE_SECONDS,
    LookupFailed,
    Resolver,
    read_hosts,
)

Records = dict[tuple[str, str], tuple[int, tuple[str, ...]] | Exception]


class Zone:
    """Stands in for dnspython's resolver; counts what it is asked."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.asked: list[tuple[str, str]] = []

    async def resolve(
        self, name: dns.name.Name, kind: dns.rdatatype.RdataType, **options: object
    ) -> dns.resolver.Answer:
        assert options == {"raise_on_no_answer": False, "search": False}
        question = (name.to_text(), dns.rdatatype.to_text(kind))
        self.asked.append(question)
        await asyncio.sleep(0)
        found = self.records.get(question, (0, ()))
        if isinstance(found, Exception):
            raise found
        query = dns.message.make_query(name, kind, id=7)
        response = dns.message.make_response(query)
        if found[1]:
            response.answer.append(
                dns.rrset.from_text(name, found[0], "IN", kind, *found[1])
            )
        received = dns.message.from_wire(response.to_wire())
        assert isinstance(received, dns.message.QueryMessage)
        return dns.resolver.Answer(name, kind, dns.rdataclass.IN, received)


@pytest.fixture
def make(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[Resolver, Zone, list[float]]]:
    def build(records: Records) -> tuple[Resolver, Zone, list[float]]:
        zone, now = Zone(records), [1000.0]
        resolver = Resolver(monotonic=lambda: now[0])
        monkeypatch.setattr(resolver, "_dns", zone)
        return resolver, zone, now

    return build


def make_error(kind: Any, **fields: Any) -> Exception:
    """Make an exception of dnspython, which has no types for them."""
    error: Exception = kind(**fields)
    return error


H_A, H_AAAA = ("h.example.", "A"), ("h.example.", "AAAA")


def test_both_families_in_turn_with_the_smaller_ttl_and_raw_answers(make: Any) -> None:
    resolver, _zone, _now = make(
        {H_A: (30, ("192.0.2.1", "192.0.2.2")), H_AAAA: (20, ("2001:db8::1",))}
    )
    found = asyncio.run(resolver.resolve("h.example"))
    texts = [str(address) for address in found.addresses]
    assert sorted(texts[1:]) == ["192.0.2.1", "192.0.2.2"]
    assert texts[0] == "2001:db8::1"
    assert (found.facts.origin, found.facts.ttl_seconds) == ("dns", 20)
    assert found.facts.addresses == tuple(texts)
    wire = found.facts.answer
    kinds = []
    while wire:
        size = int.from_bytes(wire[:2], "big")
        message = dns.message.from_wire(wire[2 : 2 + size])
        kinds.append(dns.rdatatype.to_text(message.question[0].rdtype))
        wire = wire[2 + size :]
    assert kinds == ["AAAA", "A"]


def test_answers_are_used_again_for_their_ttl_and_say_their_age(make: Any) -> None:
    resolver, zone, now = make({H_A: (30, ("192.0.2.1",))})

    async def run() -> list[int | None]:
        ages = []
        for moment in (0, 29.9, 30):
            now[0] = 1000 + moment
            ages.append((await resolver.resolve("h.example")).facts.age_seconds)
        return ages

    assert asyncio.run(run()) == [0, 29, 0]
    assert len(zone.asked) == 4


def test_no_answer_is_used_longer_than_a_minute(make: Any) -> None:
    resolver, zone, now = make({H_A: (86_400, ("192.0.2.1",))})

    async def run() -> None:
        await resolver.resolve("h.example")
        now[0] += CACHE_SECONDS
        found = await resolver.resolve("h.example")
        assert found.facts.ttl_seconds == 86_400

    asyncio.run(run())
    assert len(zone.asked) == 4


def test_many_callers_ask_once_and_one_giving_up_hurts_nobody(make: Any) -> None:
    resolver, zone, _now = make({H_A: (30, ("192.0.2.1",))})

    async def run() -> None:
        tasks = [asyncio.create_task(resolver.resolve("h.example")) for _ in range(5)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(found[0], asyncio.CancelledError)
        for resolution in found[1:]:
            assert not isinstance(resolution, BaseException)
            assert resolution.addresses == (ip_address("192.0.2.1"),)

    asyncio.run(run())
    assert len(zone.asked) == 2


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (make_error(dns.resolver.NXDOMAIN), "does not exist"),
        (make_error(dns.resolver.NoNameservers), "name servers failed"),
        (make_error(dns.resolver.LifetimeTimeout, timeout=1, errors=[]), "in time"),
        (OSError(101, "no net"), "OSError"),
        (None, "holds no address"),
    ],
)
def test_failures_say_which_and_are_asked_anew(
    make: Any, error: Any, words: str
) -> None:
    records = {} if error is None else {H_A: error, H_AAAA: error}
    resolver, zone, _now = make(records)

    async def run() -> None:
        for _ in range(2):
            with pytest.raises(LookupFailed, match=words) as caught:
                await resolver.resolve("h.example")
            assert caught.value.facts.addresses == ()

    asyncio.run(run())
    assert len(zone.asked) == 4


def test_one_family_failing_does_not_hide_the_other(make: Any) -> None:
    resolver, _zone, _now = make(
        {H_A: (30, ("192.0.2.1",)), H_AAAA: make_error(dns.resolver.NoNameservers)}
    )
    found = asyncio.run(resolver.resolve("h.example"))
    assert found.addresses == (ip_address("192.0.2.1"),)


def test_addresses_of_an_answer_are_bounded(make: Any) -> None:
    many = tuple(f"192.0.2.{n}" for n in range(1, 200))
    resolver, _zone, _now = make({H_A: (30, many)})
    assert len(asyncio.run(resolver.resolve("h.example")).addresses) == ADDRESS_LIMIT


def test_hosts_file_names_are_not_asked_for(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_bytes(
        b"# x\n127.0.0.1 a.example A.Example2 # b.example\nnonsense c.example\n"
        b"::1\ta.example\n\xff\xfe d.example\n"
    )
    resolver = Resolver(hosts_file=hosts, nameservers=("127.0.0.1",), port=1)
    found = asyncio.run(resolver.resolve("a.example"))
    assert found.facts.origin == "hosts"
    assert found.facts.addresses == ("127.0.0.1", "::1")
    assert set(read_hosts(hosts)) == {"a.example", "a.example2"}
    assert read_hosts(tmp_path / "none") == {}


def test_alabels_leave_ascii_alone_but_for_case() -> None:
    assert host_to_alabel("My_Host.EXAMPLE.") == "my_host.example."
