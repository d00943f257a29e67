"""I1, all of it: no string is anything but a query or a refusal."""

from pathlib import Path

import pytest

from tests.support.archives.search_archive import make_box
from tests.support.inputs.query_strings import Asker, query_strings

STRINGS, PARTS = 50_000, 20


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_I1_50000_query_strings_break_nothing(tmp_path: Path, part: int) -> None:
    box = make_box(tmp_path)
    box.page("https://a.example/", "<title>Выбары</title><p>Лукашэнка, 1,265 не the ў")
    box.page("https://b.example/1265", "<title>Results</title><p>Łukaszenka OR and")
    box.index()
    asker = Asker(box.service())
    strings = query_strings(STRINGS // PARTS, seed=str(part))
    assert sum(map(asker.is_answered, strings)) > STRINGS // PARTS // 10
