"""Whether two written forms are one slip of the pen apart (pure)."""


def one_apart(one: str, other: str) -> bool:
    """Whether one sign is another, more or less, or two neighbours changed places."""
    least = min(len(one), len(other))
    start = 0
    while start < least and one[start] == other[start]:
        start += 1
    end = 0
    while end < least - start and one[-1 - end] == other[-1 - end]:
        end += 1
    first, second = one[start : len(one) - end], other[start : len(other) - end]
    swapped = len(first) == 2 and first == second[::-1]
    return swapped or max(len(first), len(second)) == 1
