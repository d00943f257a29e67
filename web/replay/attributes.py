"""Attributes: which of them stay on which element, decided once for a set of names."""

import re
from dataclasses import dataclass

from web.replay.markup import GLOBAL_ATTRIBUTES, TAG_ATTRIBUTES
from web.replay.parsing import Element

PLANS_KEPT = 8_192
"""Sets of names that are remembered, then all are forgotten: a page has a hundred."""
SHORT_CHARS = 400
"""Names of one element together, as usual pages have them."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)
_STYLES = frozenset(("style", "background"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of attributes of these names on one kind of element."""

    dropped: tuple[str, ...]
    is_odd: bool
    """Whether a name, such as `{`, cannot be looked up: then all are written anew."""
    has_style: bool
    has_link: bool
    """Whether they are to be cleaned: a style, the address of an inner link."""


_plans: dict[tuple[str, ...], Plan] = {}
"""Plans by tag and names: the same for all pages and readers."""


def plan_of(tag: str, names: list[str]) -> Plan:
    """The plan; kept for the next such element, unless a page makes names up."""
    name = (tag, *names)
    plan = _plans.get(name)
    if plan is None:
        plan = _make_plan(tag, names)
        if sum(map(len, names)) <= SHORT_CHARS:
            if len(_plans) >= PLANS_KEPT:
                _plans.clear()
            _plans[name] = plan
    return plan


def _make_plan(tag: str, names: list[str]) -> Plan:
    allowed = TAG_ATTRIBUTES.get(tag, frozenset()) | GLOBAL_ATTRIBUTES
    dropped = tuple(name for name in names if name not in allowed)
    return Plan(
        dropped=dropped,
        is_odd=not all(map(_NAME.fullmatch, dropped)),
        has_style=not _STYLES.isdisjoint(dropped),
        has_link=tag == "a" and "href" in dropped,
    )


def drop_unlisted(element: Element, names: list[str], plan: Plan) -> None:
    """Take out the attributes that are not listed."""
    attrib = element.attrib
    if len(plan.dropped) == len(names):
        attrib.clear()
    elif plan.is_odd:
        kept = [pair for pair in element.items() if pair[0] not in plan.dropped]
        attrib.clear()
        for name, value in kept:
            element.set(name, value)
    else:
        for name in plan.dropped:
            del attrib[name]
