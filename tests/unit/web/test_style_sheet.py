"""The style sheet and the templates know each other: no rule is dead."""

import re
from pathlib import Path

WEB = Path(__file__).parents[3] / "web"
CSS = (WEB / "static" / "archive.css").read_text("utf-8")
BARE = re.sub(r'/\*.*?\*/|"[^"]*"', "", CSS, flags=re.DOTALL)
SELECTORS = re.sub(r"\{[^{}]*\}", "{}", BARE)
SOURCES = [
    path.read_text("utf-8")
    for path in sorted(WEB.rglob("*"))
    if path.suffix in (".html", ".py")
]
TEXT = "\n".join(SOURCES)


def test_every_class_and_id_of_the_sheet_occurs_in_a_page() -> None:
    words = set(re.findall(r"[A-Za-z][\w-]*", TEXT))
    # `badge-{{ outcome }}`: the beginning of a class that is put together.
    begun = tuple(set(re.findall(r"([a-z][a-z-]*-)\{\{", TEXT)))
    classes = set(re.findall(r"\.([a-zA-Z][\w-]*)", SELECTORS))
    ids = set(re.findall(r"#([a-zA-Z][\w-]*)", SELECTORS))
    assert len(classes) > 100
    dead = {one for one in classes if one not in words and not one.startswith(begun)}
    assert dead == set()
    assert ids - words == set()


def test_every_element_of_the_sheet_occurs_in_a_page() -> None:
    plain = re.sub(r"@[^{;]*", "", re.sub(r":[a-z-]+(\([^)]*\))?", "", SELECTORS))
    named = re.findall(r"(?<![\w.#:-])([a-z][a-z0-9]*)(?=[\s,{.\[>+~])", plain)
    used = set(re.findall(r"<([a-z][a-z0-9]*)", TEXT))
    assert set(named) - used == set()


def test_every_property_of_the_sheet_is_defined_and_used() -> None:
    defined = set(re.findall(r"(--[\w-]+)\s*:", BARE))
    used = set(re.findall(r"var\((--[\w-]+)", BARE))
    assert defined == used
