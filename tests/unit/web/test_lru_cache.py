"""What is kept is bounded, and what was used longest ago goes first."""

from web.lru_cache import LruCache


def test_the_one_used_longest_ago_goes_first() -> None:
    kept: LruCache[str, str] = LruCache(2)
    for name in "ab":
        kept.keep(name, name.upper())
    assert kept.find("a") == "A"
    kept.keep("c", "C")
    assert [kept.find(name) for name in "abc"] == ["A", None, "C"]


def test_sizes_are_bounded_and_counted_anew_for_a_name_that_is_there() -> None:
    kept: LruCache[int, bytes] = LruCache(100, len)
    for number in range(50):
        kept.keep(7, b"x" * 20)
        kept.keep(number, b"x" * 10)
    found = [kept.find(number) for number in range(50)]
    held = [one for one in found if one is not None]
    assert 80 <= sum(map(len, held)) <= 100
    assert found[49] == b"x" * 10


def test_a_value_that_would_leave_no_room_for_others_is_not_kept() -> None:
    kept: LruCache[str, bytes] = LruCache(100, len)
    kept.keep("small", b"x" * 25)
    kept.keep("large", b"x" * 26)
    assert kept.find("small") == b"x" * 25
    assert kept.find("large") is None
