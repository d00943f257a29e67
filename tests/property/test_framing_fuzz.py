"""Whatever comes over the wire: no crash, every byte kept, however it is cut.

Two kinds of streams: pieces put together by Hypothesis, and exchanges that a seeded
mutator damages. `slow` runs a million of the latter.
"""

import itertools
import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.capture import CaptureOutcome
from tests.support.inputs.streams import CAUSES, HOW, LIMITS, METHODS, check
from tests.support.judging.examples import examples

EXAMPLES = 20_000
MUTATED_EVERYDAY = 20_000
MUTATED_SLOW = 1_000_000
SLOW_SECONDS = 1_500
"""Ten minutes on two idle cores; the limit leaves room for a busy machine."""

STATUS = [
    b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.1 204 No Content",
    b"HTTP/1.1 304 Not Modified", b"HTTP/1.1 101 Switching", b"HTTP/1.1 999",
    b"HTTP/1.1 100 Continue", b"HTTP/1.1 103 Early", b"HTTP/2 200", b"ICY 200 OK",
    b"http/1.1\t200  ok", b"HTTP/1.1 20", b"HTTP/1.1 abc", b"HTTP/", b"SSH-2.0", b"",
]  # fmt: skip
FIELDS = [
    b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: 5, 5",
    b"Content-Length: +5", b"Content-Length: -1", b"Content-Length: 99999999999999999",
    b"Content-Length: " + b"9" * 60, b"Content-Length:", b"Content-Length : 6",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: chunked, gzip", b"Transfer-Encoding: identity",
    b"Connection: close", b"Connection: keep-alive", b"A: b", b" folded", b"no colon",
    b"X: a\x00b", b"X: \xff\xfe", b"X: " + b"a" * 300,
]  # fmt: skip
BODIES = [
    b"hello", b"5\r\nhello\r\n", b"5;a=b\r\nhello\r\n", b"5\nhello\n",
    b"05\r\nhello\r\n",
    b"5\r\nhelloX", b"z\r\n", b"F" * 30 + b"\r\n", b"0\r\n\r\n", b"0\r\nT: x\r\n\r\n",
    b"0\n\n", b"\r\n", b"\n\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
]  # fmt: skip
ENDS = [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\n"]
NEW_HEAD = 0xE0
"""In a plan, from this byte on: another message begins."""


def assemble(plan: bytes) -> bytes:
    """Heads and bodies of pieces that are each nearly right; each byte picks one.

    Hypothesis draws bytes many times faster than lists of choices.
    """
    data, rest = b"", iter(plan)
    for first in rest:
        if data and first < NEW_HEAD:
            data += BODIES[first % len(BODIES)]
            continue
        end = ENDS[0 if (shape := next(rest, 0)) < 128 else shape % len(ENDS)]
        picked = itertools.islice(rest, shape % 5)
        lines = [FIELDS[one % len(FIELDS)] for one in picked]
        data += end.join([STATUS[first % len(STATUS)], *lines, b"", b""])
    return data


@settings(
    max_examples=examples(EXAMPLES),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    plan=st.binary(max_size=20),
    tail=st.binary(max_size=6),
    places=st.binary(max_size=4),
    how=st.integers(0, len(HOW) - 1),
)
def test_any_pieces_are_kept_whole_and_end_the_same_however_cut(
    plan: bytes, tail: bytes, places: bytes, how: int
) -> None:
    method, limit, cause = HOW[how]
    check(assemble(plan) + tail, list(places), method=method, limit=limit, cause=cause)


def seeds() -> list[bytes]:
    """Exchanges to begin with: every pair of framing and body that belongs together."""
    heads = [
        b"\r\n".join([status, *fields, b"", b""])
        for status in STATUS[:8]
        for fields in itertools.chain(
            [()], ((f,) for f in FIELDS), itertools.combinations(FIELDS[:12], 2)
        )
    ]
    bodies = [
        b"",
        b"hello",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\r\n0\r\nT: x\r\n\r\n",
    ]
    return [head + body for head in heads for body in bodies]


TOKENS = [*STATUS, *FIELDS, *BODIES, *ENDS, b"\x00", b"\xff", b": ", b";", b"0" * 40]


def mutate(data: bytearray, chance: random.Random) -> None:
    """One kind of damage, in place."""
    at = chance.randrange(len(data) + 1)
    match chance.randrange(8):
        case 0:  # a bit
            if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
        case 1:  # a byte of chance
            if data:
                data[at % len(data)] = chance.randrange(256)
        case 2:  # a piece goes
            del data[at : at + chance.randrange(12)]
        case 3:  # a piece twice
            data[at:at] = data[at : at + chance.randrange(24)]
        case 4:  # a piece of the dictionary
            data[at:at] = chance.choice(TOKENS)
        case 5:  # cut off
            del data[at:]
        case 6:  # two places change
            other = chance.randrange(len(data) + 1)
            low, high = min(at, other), max(at, other)
            data[low:high] = data[low:high][::-1]
        case _:  # a line end of another kind
            found = data.find(b"\r\n", at)
            if found >= 0:
                data[found : found + 2] = chance.choice(ENDS)


def mutated(
    count: int, seed: int
) -> Iterator[tuple[bytes, list[int], dict[str, object]]]:
    """That many damaged streams, always the same for a seed."""
    chance = random.Random(seed)
    begun = seeds()
    for _ in range(count):
        data = bytearray(chance.choice(begun))
        if chance.random() < 0.2:
            data += chance.choice(begun)
        for _ in range(chance.choice((1, 1, 2, 3, 6))):
            mutate(data, chance)
        places = [chance.randrange(1, len(data) + 2) for _ in range(3)]
        how: dict[str, object] = {
            "method": chance.choice(METHODS),
            "limit": chance.choice(LIMITS),
            "cause": chance.choice(CAUSES),
        }
        yield bytes(data), places, how


def run_mutated(count: int, seed: int) -> set[CaptureOutcome]:
    outcomes = set()
    for number, (data, places, how) in enumerate(mutated(count, seed)):
        try:
            outcomes.add(check(data, places, **how).outcome)
        except Exception as error:
            raise AssertionError(f"{number} of seed {seed}: {data!r} {how}") from error
    return outcomes


REACHED = {
    CaptureOutcome.COMPLETE,
    CaptureOutcome.DISCONNECT,
    CaptureOutcome.TIMEOUT,
    CaptureOutcome.LENGTH,
    CaptureOutcome.NOT_HTTP,
    CaptureOutcome.NO_RESPONSE,
}


def test_damaged_streams_are_kept_whole() -> None:
    assert run_mutated(MUTATED_EVERYDAY, seed=1) == REACHED


@pytest.mark.slow
@pytest.mark.timeout(SLOW_SECONDS)
@pytest.mark.parametrize("seed", range(2, 12))
def test_a_million_damaged_streams_are_kept_whole(seed: int) -> None:
    assert run_mutated(MUTATED_SLOW // 10, seed=seed) == REACHED
