"""Rendering: templates with every value escaped, words from the message table.

Autoescape is on for every template and undefined values are errors; nothing is ever
marked as safe.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from archive.instant import format_instant
from search.highlight import Snippet
from web.messages import text_of
from web.overview import key_of
from web.prose import LIMITS

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


def format_second(moment: datetime) -> str:
    """Write `2025-01-26 18:04:11`; the page says that it is UTC."""
    return format_instant(moment)[:19].replace("T", " ")


def format_day(moment: datetime) -> str:
    """Write `2025-01-26`."""
    return format_instant(moment)[:10]


def format_size(count: int) -> str:
    """Write a number of bytes with a unit of 1,024."""
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{count:,} bytes" if unit == "bytes" else f"{size:,.1f} {unit}"


def format_number(count: int) -> str:
    """Write a number with a thin space between thousands."""
    return f"{count:,}".replace(",", "\u2009")


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
            "t": text_of,
            "sheet": f"/static/{sheet}",
            "icon": f"data:image/svg+xml;base64,{icon}",
            "key_of": key_of,
            "limits": LIMITS,
        }
        self._environment.filters |= {
            "second": format_second,
            "day": format_day,
            "size": format_size,
            "number": format_number,
            "pieces": pieces,
            "slug": slug_of,
            "instant": format_instant,
        }

    def render(self, template: str, /, **values: object) -> str:
        """Render a template by its name below `templates/`."""
        return self._environment.get_template(template).render(**values)
