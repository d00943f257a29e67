"""Two profiles compared: cloaking is told from pages that move with every request."""

import random
from dataclasses import replace

import pytest

from archive.capture import Capture
from archive.digest import Digest
from search.report.span.findings import ShownChange
from search.report.span.second_profile import Sample, find_cloaking
from tests.support.archives.values import bare_capture

PAGES = 200
NOTHING = ShownChange(counts={}, is_list=False, lines=())
SENTENCE = "In the district of {} the commission counted {} ballots on that evening."


def make_capture(digit: str = "1") -> Capture:
    return replace(
        bare_capture(1, "http://a.example/"),
        capture_id=digit * 64,
        source_id="outlet",
        job_id="j",
    )


def judge(first: str, seconds: list[str], control: str | None) -> list[str]:
    texts = dict(zip("12345", (first, control or "", *seconds), strict=False))
    sample = Sample(
        first=make_capture("1"),
        seconds=tuple(make_capture(digit) for digit in "345"[: len(seconds)]),
        control=None if control is None else make_capture("2"),
    )
    return [
        found.code
        for found in find_cloaking(
            [sample],
            text_of=lambda c: texts[c.capture_id[0]],
            digest_of=lambda c: c.payload_digest,
            show=lambda _: NOTHING,
        )
    ]


def article(number: int) -> list[str]:
    return [SENTENCE.format(f"{number}-{n}", 1000 + 7 * n) for n in range(8)]


def moved(lines: list[str], kind: int, chance: random.Random) -> str:
    """The page as one of its requests gets it: what news pages change each time."""
    said = list(lines)
    if kind == 0:
        said.insert(1, f"{chance.randrange(10**5)} people read this page until now.")
    elif kind == 1:
        said.append(f"Page made at 12:{chance.randrange(60):02} on this very evening.")
    elif kind == 2:
        chance.shuffle(said)
    elif kind == 3:
        said.append(f"Read also: {chance.choice(lines)}")
    return "\n".join(said)


def test_pages_that_move_with_every_request_are_no_cloaking() -> None:
    chance, alarms = random.Random(1), 0
    for number in range(PAGES):
        looks = [moved(article(number), number % 5, chance) for _ in range(4)]
        alarms += bool(judge(looks[0], looks[1:3], looks[3]))
    assert alarms <= PAGES * 0.02


@pytest.mark.parametrize("place", [0, 3, 7])
def test_another_text_for_others_is_found_also_on_a_page_that_moves(place: int) -> None:
    lines = article(1)
    counters = [
        "100 people read this page until this hour, it says.",
        "107 people read",
    ]
    other = [
        *lines[:place],
        "Nothing of that kind happened anywhere, says this page to those from abroad.",
        *lines[place + 1 :],
    ]
    assert judge("\n".join(lines), ["\n".join(other)] * 2, "\n".join(lines)) == [
        "second-profile-differs"
    ]
    first, again = ("\n".join([counter, *lines]) for counter in counters)
    seconds = ["\n".join([f"{n} people read this", *other]) for n in (1, 2)]
    assert judge(first, seconds, again) == ["second-profile-differs"]


@pytest.mark.parametrize(
    ("first", "second", "codes"),
    [
        (b"one", b"one", []),
        (b"one", b"another", ["second-profile-not-checked"]),
        (None, None, ["second-profile-not-checked"]),
    ],
)
def test_without_a_control_only_the_same_bytes_are_the_same(
    first: bytes | None, second: bytes | None, codes: list[str]
) -> None:
    """The control may have been refused by a limit: that says nothing."""
    looks = [
        replace(make_capture(), payload_digest=Digest.of(body) if body else None)
        for body in (first, second)
    ]
    sample = Sample(first=looks[0], seconds=(looks[1],), control=None)
    found = find_cloaking(
        [sample],
        text_of=lambda _: "",
        digest_of=lambda c: c.payload_digest,
        show=lambda _: NOTHING,
    )
    assert [one.code for one in found] == codes


@pytest.mark.parametrize(
    ("status", "codes"),
    [
        ((200, 403, 200), ["second-profile-not-shown"]),
        ((403, 200, 403), ["second-profile-alone-shown"]),
        ((200, 503, 503), []),
        ((403, 403, 403), []),
    ],
)
def test_a_page_refused_to_one_of_them(
    status: tuple[int, int, int], codes: list[str]
) -> None:
    looks = [replace(make_capture(), http_status=one) for one in status]
    sample = Sample(first=looks[0], seconds=(looks[1],) * 2, control=looks[2])
    found = find_cloaking(
        [sample],
        text_of=lambda _: "",
        digest_of=lambda c: c.payload_digest,
        show=lambda _: NOTHING,
    )
    assert [one.code for one in found] == codes
