"""Values of filters that no document of an index has, and the values that there are."""

from collections.abc import Iterator, Sequence

from search.answering.opened import OpenIndex
from search.answering.results import UnknownValue
from search.counting import FACET_SHOWN, make_facet
from search.engines.base import AllOf, Clause, OneOf
from search.query.nodes import And, Filter, Node, Not, Or


def find_unknown(
    tree: Node, archives: Sequence[OpenIndex], hidden_sources: frozenset[str]
) -> tuple[UnknownValue, ...]:
    """Name the values of a query's filters that are nowhere in these indexes.

    What only documents of `hidden_sources` have is not there, and is never named.
    """
    hidden = frozenset(source.lower() for source in hidden_sources)
    found: dict[tuple[str, str], UnknownValue] = {}
    for one in _filters(tree):
        known: tuple[str, ...] | None = None
        for value in one.values:
            key = one.field, value
            if key in found or _is_known(*key, archives, hidden):
                continue
            known = _known(one.field, archives, hidden) if known is None else known
            found[key] = UnknownValue(field=one.field, value=value, known=known)
    return tuple(found.values())


def _filters(tree: Node) -> Iterator[Filter]:
    match tree:
        case Filter():
            yield tree
        case Not():
            yield from _filters(tree.item)
        case And() | Or():
            for item in tree.items:
                yield from _filters(item)


def _is_known(
    field: str, value: str, archives: Sequence[OpenIndex], hidden: frozenset[str]
) -> bool:
    if field == "source" and value.lower() in hidden:
        return False
    clause = _shown(OneOf(field=field, values=(value.lower(),)), hidden)
    return any(
        one.use(lambda engine, _: engine.search(clause, limit=0, bare=True)).total
        for one in archives
    )


def _known(
    field: str, archives: Sequence[OpenIndex], hidden: frozenset[str]
) -> tuple[str, ...]:
    clause = _shown(AllOf(wanted=()), hidden)
    parts = [
        one.use(lambda engine, _: engine.tally(clause, (field,)).values[field])
        for one in archives
    ]
    return tuple(value for value, _ in make_facet(parts).values[:FACET_SHOWN])


def _shown(clause: Clause, hidden: frozenset[str]) -> Clause:
    if not hidden:
        return clause
    sources = OneOf(field="source", values=tuple(sorted(hidden)))
    return AllOf(wanted=(clause,), unwanted=(sources,))
