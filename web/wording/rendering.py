"""Rendering: templates with every value escaped, words of the reader's language.

Autoescape is on for every template and undefined values are errors; nothing is ever
marked as safe.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from archive.instant import format_instant
from search.answering.highlight import Snippet
from web.overview import key_of
from web.wording.charts import level_of
from web.wording.languages import LANGUAGES, Language
from web.wording.prefix import Choice
from web.wording.prose import LIMITS

ASSET_TYPES: dict[str, str] = {
    "css": "text/css; charset=utf-8",
    "woff2": "font/woff2",
}
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="5" fill="#17424f"/>'
    '<path d="M8 10h16M8 16h16M8 22h9" stroke="#fff" stroke-width="2.6"/>'
    "</svg>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file of `static/`, named by its own digest."""

    name: str
    media_type: str
    data: bytes


def load_assets() -> dict[str, Asset]:
    """Read `static/`; keys are the names used in addresses, `<hash>.css`."""
    assets = {}
    for entry in (files("web") / "static").iterdir():
        ending = entry.name.rpartition(".")[2]
        if ending not in ASSET_TYPES:
            continue
        data = entry.read_bytes()
        name = f"{hashlib.sha256(data).hexdigest()[:20]}.{ending}"
        assets[name] = Asset(name=name, media_type=ASSET_TYPES[ending], data=data)
    return assets


def format_day(moment: datetime) -> str:
    """Write `2025-01-26`."""
    return format_instant(moment)[:10]


@pass_context
def _number(context: Context, count: float) -> str:
    return _language(context).number(count)


@pass_context
def _size(context: Context, count: int) -> str:
    return _language(context).size(count)


def _language(context: Context) -> Language:
    language = context["lang"]
    if not isinstance(language, Language):
        raise AssertionError("templates are rendered in a language")
    return language


def pieces(snippet: Snippet) -> list[tuple[str, bool]]:
    """Cut a snippet at its marks: text and whether it is marked, in order."""
    return cut(snippet.text, snippet.marks)


def cut(text: str, marks: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """Cut text at `[start, end)` marks; overlapping or outside parts are ignored."""
    parts: list[tuple[str, bool]] = []
    done = 0
    for start, end in sorted(marks):
        start, end = max(start, done), min(end, len(text))
        if start >= end:
            continue
        parts.append((text[done:start], False))
        parts.append((text[start:end], True))
        done = end
    parts.append((text[done:], False))
    return [part for part in parts if part[0]]


def slug_of(outcome: str) -> str:
    """The class name of a three-valued outcome: `verified`, `failed`, `not-checked`."""
    return outcome.lower().replace(" ", "-").replace("_", "-")


class Renderer:
    """Renders a template; one instance serves all threads."""

    def __init__(self) -> None:
        """Compile lazily; the style sheet's address is fixed here."""
        self.assets = load_assets()
        sheet = next(name for name in self.assets if name.endswith(".css"))
        self._environment = Environment(
            loader=PackageLoader("web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        icon = base64.b64encode(_ICON.encode()).decode()
        self._environment.globals |= {
            "sheet": f"/static/{sheet}",
            "icon": f"data:image/svg+xml;base64,{icon}",
            "key_of": key_of,
            "level_of": level_of,
            "limits": LIMITS,
        }
        self._environment.filters |= {
            "day": format_day,
            "size": _size,
            "number": _number,
            "pieces": pieces,
            "slug": slug_of,
            "instant": format_instant,
        }

    def render(self, template: str, choice: Choice, /, **values: object) -> str:
        """Render a template by its name below `templates/`, in the chosen language."""
        found = self._environment.get_template(template)
        return found.render(**self._words(choice), **values)

    def stream(
        self, template: str, choice: Choice, /, **values: object
    ) -> Iterator[str]:
        """Render piece by piece, as values that are iterators come to their items."""
        found = self._environment.get_template(template)
        return found.generate(**self._words(choice), **values)

    @staticmethod
    def _words(choice: Choice) -> dict[str, object]:
        language = LANGUAGES[choice.code]
        return {
            "lang": language,
            "t": language.text,
            "n": language.count,
            "base": choice.base,
            "languages": LANGUAGES.values(),
        }
