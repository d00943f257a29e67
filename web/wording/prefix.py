"""Prefix: the language of a request, from `/be/...` or what the browser prefers (WSGI).

Permanent links have no prefix. With one, every link of the page keeps it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from web.wording.languages import CODES, DEFAULT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CHOSEN = "evidence.language"
"""Name in the WSGI environment: the code of the prefix, absent without one."""
PREFERENCES = 20
"""Languages of an Accept-Language header that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Language of a page, and what stands before the paths of its links."""

    code: str
    base: str


class LanguagePrefix:
    """A WSGI application around another that never sees the prefix."""

    def __init__(self, application: "WSGIApplication") -> None:
        """Wrap an application."""
        self._application = application

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        first, _, rest = str(environ.get("PATH_INFO", ""))[1:].partition("/")
        if first in CODES:
            environ = {**environ, "PATH_INFO": f"/{rest}", CHOSEN: first}
        return self._application(environ, start_response)


def choose(chosen: object, accepted: str, codes: Collection[str] = CODES) -> Choice:
    """The language of a request by prefix, else by Accept-Language, else English."""
    if isinstance(chosen, str):
        return Choice(code=chosen, base=f"/{chosen}")
    return Choice(code=_preferred(accepted, codes), base="")


def _preferred(accepted: str, codes: Collection[str]) -> str:
    """The language with the highest weight that there is; the first of equals."""
    best, weight_of_best = DEFAULT, 0.0
    for one in accepted.split(",")[:PREFERENCES]:
        tag, _, parameter = one.partition(";")
        code = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if code in codes and weight > weight_of_best:
            best, weight_of_best = code, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name == "q" else 0.0
    except ValueError:
        return 0.0
