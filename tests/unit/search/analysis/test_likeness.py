"""Near-identical texts have near numbers; others have not."""

import random

import pytest

from search.analysis.likeness import (
    ALIKE_BITS,
    LEAST_WORDS,
    differing_bits,
    simhash,
)

WORDS = 300


def text(rng: random.Random) -> list[str]:
    """Words as frequent as in a language: few are common, many are rare."""
    return [f"w{int(rng.paretovariate(0.8))}" for _ in range(WORDS)]


def test_the_number_is_the_same_wherever_it_is_made() -> None:
    words = ["the", "commission", "announced", "the", "results"] * 8
    assert simhash(words) == 0x1738B1E4F2B3E0DF
    assert simhash(words[: LEAST_WORDS - 1]) is None
    assert simhash([]) is None


def test_one_changed_sentence_of_eighteen_is_alike_and_others_are_not() -> None:
    rng = random.Random(12)
    near, far = [], []
    for _ in range(200):
        words, other = text(rng), text(rng)
        at = rng.randrange(WORDS - WORDS // 18)
        changed = [*words[:at], *other[: WORDS // 18], *words[at + WORDS // 18 :]]
        one, two, three = map(simhash, (words, changed, other))
        assert one is not None
        assert two is not None
        assert three is not None
        near.append(differing_bits(one, two))
        far.append(differing_bits(one, three))
    assert sorted(near)[189] <= ALIKE_BITS
    assert min(far) > ALIKE_BITS


@pytest.mark.parametrize(
    ("one", "other", "bits"), [(0, 0, 0), (1, 2, 2), (0, 2**64 - 1, 64)]
)
def test_bits_are_counted(one: int, other: int, bits: int) -> None:
    assert differing_bits(one, other) == bits
