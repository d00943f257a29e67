"""Kept texts that were lost come back from the records; what cannot is counted."""

import shutil
import sqlite3
from typing import Any

import pytest

from search.intake import Intake


def fill(archive: Any) -> None:
    archive.capture(
        *(
            archive.exchange(f"https://one.example/{n}", f"<p>Навіна нумар {n}.")
            for n in range(5)
        )
    )


def test_lost_texts_are_made_again_and_those_that_stay_lost_are_counted(
    archive: Any,
) -> None:
    fill(archive)
    archive.index(state=True)
    texts = archive.root / "texts"
    names = {path.name for path in texts.iterdir()}
    shutil.rmtree(texts)
    assert archive.index().texts_again == len(names)
    (current,) = (archive.root / "index").glob("g*/captures.sqlite")
    with sqlite3.connect(current) as rows:
        last = "(SELECT max(leaf) FROM capture WHERE text_digest IS NOT NULL)"
        rows.execute(
            f"UPDATE capture SET text_digest = ? WHERE leaf = {last}", ("0" * 64,)
        )
    rows.close()
    shutil.rmtree(texts)
    archive.page("https://a.example/", "<p>Новая старонка.")
    report = archive.index()
    assert (report.captures_added, report.rebuilt) == (1, False)
    assert (report.texts_again, report.texts_lost) == (len(names) - 1, 1)
    assert names < {path.name for path in texts.iterdir()}
    again = archive.index()
    assert (again.texts_again, again.texts_lost) == (0, 0)


def test_a_restoring_that_ended_halfway_goes_on(
    archive: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(archive)
    archive.index()
    texts = archive.root / "texts"
    count = len(list(texts.iterdir()))
    shutil.rmtree(texts)

    def end(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Intake, "settle", end)
        with pytest.raises(KeyboardInterrupt):
            archive.index()
    for path in sorted(texts.iterdir())[1:]:
        path.unlink()
    assert archive.index().texts_again == count - 1
    assert len(list(texts.iterdir())) == count
