"""What a text must hold for a pattern to match at all: looked for before the pattern.

A pattern of many alternatives, letter case aside, takes a quarter of a millisecond for
each thousand characters. Nearly no text holds any of the words without which none of
the alternatives can match, and to look for words takes a hundredth of that (pure).
"""

import re
from collections.abc import Iterator
from functools import cache

LEAST_CHARACTERS = 3
"""Of a needle: shorter ones are everywhere."""
_QUANTIFIERS = "?*+{"
_PLAIN_ESCAPES = frozenset(".|/-'()[]{}?*+^$\\")
"""Behind a backslash these stand for themselves."""
_LATIN_I = str.maketrans({"\u0130": "i", "\u0131": "i"})
"""To patterns without letter case they are an i, to `casefold` they are not."""


def fold_case(text: str) -> str:
    """Letters as patterns compare them that take no notice of case."""
    if "\u0130" in text or "\u0131" in text:
        text = text.translate(_LATIN_I)
    return text.casefold()


def search(pattern: re.Pattern[str], text: str, *, folded: str) -> re.Match[str] | None:
    """What `pattern.search(text)` gives; `folded` is `fold_case(text)`."""
    needles = find_needles(pattern.pattern)
    for needle in needles:
        if needle in folded:
            break
    else:
        if needles:
            return None
    return pattern.search(text)


@cache
def find_needles(expression: str) -> tuple[str, ...]:
    """Words of which every match holds at least one; none where that is not certain."""
    found = _of_alternatives(expression)
    return tuple(sorted(found)) if found else ()


def _of_alternatives(expression: str) -> set[str] | None:
    """The needles of all alternatives; None if one of them has none."""
    needles: set[str] = set()
    for branch in _split(expression):
        found = _of_branch(branch)
        if found is None:
            return None
        needles |= found
    return needles


def _split(expression: str) -> list[str]:
    """Cut at the bars that are in no group and no set."""
    branches, depth, begin = [], 0, 0
    for at, letter in _structure(expression):
        if letter in "()":
            depth += 1 if letter == "(" else -1
        elif not depth:
            branches.append(expression[begin:at])
            begin = at + 1
    return [*branches, expression[begin:]]


def _structure(expression: str, begin: int = 0) -> Iterator[tuple[int, str]]:
    """Brackets and bars, with their places: not those escaped or in a set."""
    in_set, at = False, begin
    while at < len(expression):
        letter = expression[at]
        if letter == "\\":
            at += 1
        elif in_set:
            in_set = letter != "]"
        elif letter == "[":
            in_set = True
        elif letter in "()|":
            yield at, letter
        at += 1


def _of_branch(branch: str) -> set[str] | None:
    """A run of plain letters, or the needles of a group, whichever says most."""
    runs, groups = [""], []
    at = 0
    while at < len(branch):
        token, after = _next_token(branch, at)
        follows = branch[after : after + 1]
        is_optional = follows != "" and follows in "?*{"
        if len(token) == 1 and not is_optional:
            runs[-1] += token
        else:
            runs.append("")
        if token.startswith("(") and len(token) > 1 and not is_optional:
            groups.append(token)
        if follows and follows in _QUANTIFIERS:
            runs.append("")
            after = _behind_quantifier(branch, after)
        at = after
    found = [{fold_case(run)} for run in runs]
    for group in groups:
        if not group.startswith("(?"):
            found.append(_of_alternatives(group[1:-1]) or {""})
    best = max(found, key=_worth)
    return best if _worth(best) >= LEAST_CHARACTERS else None


def _worth(needles: set[str]) -> int:
    """Letters of the weakest: ` is ` is in every text, `is available` in few."""
    return min(len(needle.strip()) for needle in needles)


def _next_token(branch: str, at: int) -> tuple[str, int]:
    """One plain letter, or a whole group, set or escape; and where the next begins."""
    letter = branch[at]
    if letter == "\\":
        escaped = branch[at + 1 : at + 2]
        token = escaped if escaped in _PLAIN_ESCAPES else f"\\{escaped}"
        return token, at + 2
    if letter == "[":
        end = branch.index("]", at + 2)
        return branch[at : end + 1], end + 1
    if letter == "(":
        end = _closing(branch, at)
        return branch[at : end + 1], end + 1
    return ("\\." if letter in ".^$" else letter), at + 1


def _closing(branch: str, at: int) -> int:
    depth = 0
    for place, letter in _structure(branch, at):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if not depth:
            return place
    raise AssertionError(f"a group without end: {branch!r}")


def _behind_quantifier(branch: str, at: int) -> int:
    if branch[at] == "{":
        at = branch.index("}", at)
    at += 1
    return at + 1 if branch[at : at + 1] == "?" else at
