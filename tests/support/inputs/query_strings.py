"""Query strings nobody writes: signs of many query languages, odd letters, size."""

import random
from collections.abc import Iterator
from typing import Any

from archive.errors import InvalidQuery
from search.analysis.gazetteer import load_gazetteer, load_stop_words
from search.answering.service import SearchService
from search.engines.elastic_query import compile_clause
from search.engines.fields import (
    CAPTURED_US,
    CLAIMED_US,
    FILTER_FIELDS,
    ORDER,
    TOKEN_FIELDS,
)
from search.engines.guarded import guarded
from search.engines.planning import Planner
from search.query.parser import parse_query

LEAF = {"value": str, "boost": float}
PHRASE = {"query": str, "slop": int, "boost": float}

_PIECES = (
    *"()[]{}<>\"'`^~*?:;,.!|&+-=/\\%$#@_ \t\n",
    *("\x00", "\x07", "\u200b", "\u202e", "\ud800", "\ufffe", "\U0001f5f3", "e\u0301"),
    *("AND", "OR", "NOT", "||", "&&", "-", "--", "+", "~3", "~51", "~99999999999"),
    *("exact:", "name:", "lang:", "host:", "type:", "status:", "source:", "outcome:"),
    *("captured:", "claimed:", "archive:", "date:", "class:", "_id:", "access:", "*:"),
    *("2025", "2025-13-45", "2025-01..", "..0000", "9999-12-31+14:00", "1e400"),
    *("access:restricted", "_exists_:text", "id:*", "/.*/", "[a TO z]", "{!join}"),
    *('{"match_all":{}}', '"}}],"query":{"match_all":{}}', "${jndi:x}", "<script>"),
    *("'; DROP TABLE capture; --", "' OR 1=1", "../../etc/passwd", "%00", "\\u0000"),
    *("выбары", "Łukaszenka", "Лукашэнка", "lukash*", "a*", "1,265", "не", "the", "ў"),
)
_LONGEST = 30


def query_strings(count: int, seed: str = "") -> Iterator[str]:
    """So many strings, the same for one seed; every hundredth is very long."""
    chance = random.Random(seed)
    for number in range(count):
        if number % 3 == 0:
            yield "".join(
                chr(chance.choice((chance.randrange(128), chance.randrange(0x30000))))
                for _ in range(chance.randrange(_LONGEST))
            )
            continue
        pieces = chance.choices(_PIECES, k=chance.randrange(1, _LONGEST))
        text = chance.choice(("", " ")).join(pieces)
        yield text * 200 if number % 100 == 1 else text


class Asker:
    """Asks a service whatever it is given, and looks at what a cluster would get."""

    def __init__(self, service: SearchService) -> None:
        self._service = service
        self._planner = Planner(
            gazetteer=load_gazetteer(),
            stop_words=load_stop_words(),
            seen_again=lambda _node: (),
        )

    def is_answered(self, text: str) -> bool:
        """Whether it is a query; AssertionError for a body of another shape."""
        try:
            tree = parse_query(text.encode("utf-8", "replace").decode())
            self._service.search(text, limit=3)
        except InvalidQuery:
            return False
        check_shape(compile_clause(guarded(self._planner.plan(tree).tier_one)))
        return True


def check_shape(body: Any) -> None:
    """The query is one of the few shapes there are; only its leaf values vary."""
    ((kind, inside),) = body.items()
    if kind == "bool":
        assert set(inside) in ({"must", "must_not"}, {"should", "minimum_should_match"})
        assert isinstance(inside.get("minimum_should_match", 0), int)
        for part in ("must", "must_not", "should"):
            for one in inside.get(part, ()):
                check_shape(one)
        return
    if kind == "constant_score":
        assert set(inside) == {"filter", "boost"}
        assert isinstance(inside["boost"], float)
        check_shape(inside["filter"])
        return
    if kind in ("match_none", "match_all"):
        assert inside == {}
        return
    ((field, value),) = inside.items()
    if kind == "terms":
        assert field in (*FILTER_FIELDS, ORDER)
        assert all(isinstance(one, str | int) for one in value)
    elif kind == "range":
        assert field in (ORDER, CAPTURED_US, CLAIMED_US)
        assert set(value) <= {"gte", "lt"}
        assert all(isinstance(one, int) for one in value.values())
    else:
        shapes = {"term": LEAF, "match_phrase": PHRASE, "prefix": {"value": str}}
        assert field in TOKEN_FIELDS
        assert {name: type(one) for name, one in value.items()} == shapes[kind]
