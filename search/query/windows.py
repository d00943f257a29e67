"""Windows: stretches of time in which a capture must lie, as a query asks (pure)."""

from search.query.nodes import CAPTURED, FIRST, And, Node, Or, When
from search.times import EVER, Window, Windows, microseconds_of


def windows_of(node: Node, field: str = CAPTURED) -> Windows | None:
    """When a capture may lie that a query finds its document by; None: ever.

    What filters of a branch ask beside words counts, too. `field`: the filter on time
    that is looked at.
    """
    match node:
        case When() if node.field == field:
            low, high = microseconds_of(node.start), microseconds_of(node.end)
            return (
                (EVER[0] if low is None else low, EVER[1] if high is None else high),
            )
        case And():
            return both([windows_of(item, field) for item in node.items])
        case Or():
            return either([windows_of(item, field) for item in node.items])
        case _:
            return None


def shown_in(tree: Node) -> Windows | None:
    """When the capture may lie that is handed out for a document; None: ever.

    Where only the first capture is asked for, that one was meant.
    """
    asked = windows_of(tree)
    return windows_of(tree, FIRST) if asked is None else asked


def is_time(node: Node) -> bool:
    """Whether it asks for times of capture and for nothing else."""
    match node:
        case When():
            return node.field == CAPTURED
        case And() | Or():
            return all(map(is_time, node.items))
        case _:
            return False


def both(given: list[Windows | None]) -> Windows | None:
    """Times that lie in all; None among them takes nothing away."""
    found: Windows | None = None
    for one in given:
        if one is None:
            continue
        found = one if found is None else _common(found, one)
    return found


def either(given: list[Windows | None]) -> Windows | None:
    """Times that lie in any."""
    joined: list[Window] = []
    for low, high in sorted(window for one in given for window in one or ()):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return None if None in given else tuple(joined)


def _common(one: Windows, other: Windows) -> Windows:
    cut = [
        (max(low, begin), min(high, end)) for low, high in one for begin, end in other
    ]
    return tuple(sorted((low, high) for low, high in cut if low < high))
