"""All odd replies, and which of them a list, a crawl or a browser can ask for."""

from collections.abc import Sequence

from tests.support.awkward.case import Case
from tests.support.awkward.chunks import CHUNKINGS
from tests.support.awkward.endings import ENDINGS
from tests.support.awkward.heads import HEADS
from tests.support.awkward.lengths import LENGTHS
from tests.support.awkward.requests import REQUESTS

CASES: list[Case] = [*REQUESTS, *HEADS, *LENGTHS, *CHUNKINGS, *ENDINGS]
BY_NAME = {case.name: case for case in CASES}
UNSAYABLE = {"timeout_seconds", "limit_bytes", "close"}
"""What a line of a list cannot ask of the engine."""


def sayable(cases: Sequence[Case] = CASES) -> list[Case]:
    """The cases that `evidence capture --from` can ask for."""
    return [
        case
        for case in cases
        if not UNSAYABLE & set(case.request or ()) and b"\xff" not in body_of(case)
    ]


def gettable(cases: Sequence[Case] = CASES) -> list[Case]:
    """Those that a crawl and a browser can ask for: a plain GET for any path."""
    return [case for case in sayable(cases) if not set(case.request or ()) - {"path"}]


def body_of(case: Case) -> bytes:
    """The body that the request of a case carries."""
    data: bytes = (case.request or {}).get("body", b"")
    return data


def path_of(case: Case) -> str:
    """The path that a case asks for."""
    path: str = (case.request or {}).get("path", "/")
    return path
