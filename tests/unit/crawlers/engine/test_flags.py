"""Every flag the engine can set is in the table, and nothing else is."""

import re
from pathlib import Path

from crawlers.engine.flags import ENGINE_FLAGS

ENGINE = Path(__file__).parents[4] / "crawlers" / "engine"


def test_each_code_of_the_table_is_set_somewhere() -> None:
    sources = [p.read_text() for p in ENGINE.glob("*.py") if p.name != "flags.py"]
    text = "\n".join(sources)
    for code, meaning in ENGINE_FLAGS.items():
        assert f'"{code}"' in text, code
        assert meaning


def test_each_code_set_is_in_the_table() -> None:
    pattern = re.compile(
        r"(?:flags|doubts|remarks)(?:\.append\(| \+= | = |: list\[str\] = )"
        r'\(?\[?"([a-z0-9-]+)"'
        r'|broken = "([a-z0-9-]+)"|^ +Cause\.\w+: \("([a-z0-9-]+)"',
        re.MULTILINE,
    )
    found = set()
    for path in ENGINE.glob("*.py"):
        for match in pattern.finditer(path.read_text()):
            found.add(match[1] or match[2] or match[3])
    assert len(found) > 15
    assert found <= ENGINE_FLAGS.keys()
