"""Checking a citation: generating it again and comparing, letter by letter (pure).

The citation itself says which checkpoint it names; the archive's own root of that size
is taken, never the one that is written.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from archive.verify.reporting.report import ONE_WITNESS
from web.citing.citation import FORMATS, Citation

CITATION_LIMIT_CHARS = 16_000
SHORT_ID = re.compile(r"(?<![a-z2-7])[a-z2-7]{26}(?![a-z2-7])")
HEX_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_SIZE = re.compile(r"checkpoint of size ([1-9][0-9]{0,17})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Whether a citation is what the archive would write; where it first is not."""

    is_equal: bool
    name: str
    """The format it is closest to."""
    expected: str
    same_chars: int
    """Length of the beginning that agrees."""


def size_named(text: str) -> int | None:
    """The size of the checkpoint a citation names."""
    found = _SIZE.search(" ".join(text.split()))
    return int(found[1]) if found else None


def ids_named(text: str) -> list[str]:
    """Hex ids and short ids in a text, in that order, each once."""
    return list(dict.fromkeys([*HEX_ID.findall(text), *SHORT_ID.findall(text)]))


def judge(
    text: str, citation: Citation, roots: Callable[[int], str | None]
) -> Judgement:
    """Compare with every format; white space at the ends of lines does not count."""
    given = _normal(text)
    best: Judgement | None = None
    for name, expected in _variants(citation, size_named(text), roots):
        normal = _normal(expected)
        same = _same(given, normal)
        if best is None or normal == given or same > best.same_chars:
            best = Judgement(
                is_equal=normal == given,
                name=name,
                expected=expected,
                same_chars=same,
            )
        if best.is_equal:
            break
    if best is None:
        raise AssertionError("there are formats")
    return best


def _variants(
    citation: Citation, size: int | None, roots: Callable[[int], str | None]
) -> Iterator[tuple[str, str]]:
    """What the archive may have written: then as now, with fewer vouchers than now."""
    if size is not None and size > citation.leaf:
        root = roots(size)
        if root is not None:
            citation = replace(citation, checkpoint_size=size, checkpoint_root=root)
    elif size is None:
        citation = replace(citation, checkpoint_size=None, checkpoint_root=None)
    for headline in dict.fromkeys((citation.headline, ONE_WITNESS, "")):
        changed = replace(citation, headline=headline)
        for name, write in FORMATS.items():
            yield name, write(changed)


def _normal(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _same(one: str, other: str) -> int:
    for number, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return number
    return min(len(one), len(other))
