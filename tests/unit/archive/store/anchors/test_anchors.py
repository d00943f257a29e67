"""Which stamped checkpoint is looked at in search of one that is enough."""

import pytest

from archive.store.anchors.folder import search_sizes

SIZES = [3 * number for number in range(1, 1001)]


@pytest.mark.parametrize("first", [0, 1, 7, 8, 9, 63, 500, 998, 999])
def test_the_first_size_that_is_enough_is_found_in_few_looks(first: int) -> None:
    looked: list[int] = []

    def is_enough(size: int) -> bool:
        looked.append(size)
        return size >= SIZES[first]

    assert search_sizes(SIZES, is_enough, in_turn=8) == SIZES[first]
    assert len(looked) == len(set(looked)) <= 8 + 2 * 10
    if first < 8:
        assert looked == SIZES[: first + 1]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 1000])
def test_the_last_size_is_looked_at_before_none_is_found(count: int) -> None:
    looked: list[int] = []
    assert search_sizes(SIZES[:count], looked.append, in_turn=8) is None  # type: ignore[arg-type]
    assert looked[-1:] == SIZES[:count][-1:]


def test_what_was_enough_in_between_alone_is_found_among_the_first() -> None:
    assert search_sizes(SIZES, lambda size: size == SIZES[5], in_turn=8) == SIZES[5]
