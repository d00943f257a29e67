"""Kept texts that were lost come back from the records; what cannot is counted."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from archive.store.segments.segment import find_segment, parse_segment_name
from search.indexing.index import IndexReport
from search.indexing.intake import Intake
from tests.support.archives.search_archive import ArchiveBox
from tests.support.attacks.tamper import flip

NOT_MADE = "0" * 64
"""Digest of a text that no capture gives."""


def fill(archive: ArchiveBox) -> None:
    archive.capture(
        *(
            archive.exchange(f"https://one.example/{n}", f"<p>Навіна нумар {n}.")
            for n in range(5)
        )
    )


def name_another_text(archive: ArchiveBox) -> None:
    """The text of the last capture is not made as it was any more."""
    with rows_of(archive) as rows:
        last = "(SELECT max(leaf) FROM capture WHERE text_digest IS NOT NULL)"
        rows.execute(
            f"UPDATE capture SET text_digest = ? WHERE leaf = {last}", (NOT_MADE,)
        )


@contextmanager
def rows_of(archive: ArchiveBox) -> Iterator[sqlite3.Connection]:
    (current,) = (archive.root / "index").glob("g*/captures.sqlite")
    rows = sqlite3.connect(current)
    with rows:
        yield rows
    rows.close()


def named_texts(archive: ArchiveBox) -> set[str]:
    """Names of the files of all texts that the rows name."""
    with rows_of(archive) as rows:
        query = "SELECT text_digest FROM capture WHERE text_digest IS NOT NULL"
        return {f"{digest}.gz" for (digest,) in rows.execute(query)}


def kept_texts(archive: ArchiveBox) -> set[str]:
    return {path.name for path in (archive.root / "texts").iterdir()}


def lose_texts(archive: ArchiveBox) -> None:
    shutil.rmtree(archive.root / "texts")


def restored(report: IndexReport) -> tuple[int, int]:
    return report.texts_again, report.texts_lost


def test_lost_texts_are_made_again_and_those_that_stay_lost_are_counted(
    archive: ArchiveBox,
) -> None:
    fill(archive)
    archive.index(state=True)
    names = kept_texts(archive)
    lose_texts(archive)
    assert restored(archive.index()) == (len(names), 0)
    assert kept_texts(archive) == names
    name_another_text(archive)
    lose_texts(archive)
    archive.page("https://a.example/", "<p>Новая старонка.")
    report = archive.index()
    assert (report.captures_added, report.rebuilt) == (1, False)
    assert restored(report) == (len(names) - 1, 1)
    assert restored(archive.index()) == (0, 0)


def test_nothing_is_kept_that_no_row_names(archive: ArchiveBox) -> None:
    fill(archive)
    archive.index()
    name_another_text(archive)
    lose_texts(archive)
    archive.index()
    assert kept_texts(archive) == named_texts(archive) - {f"{NOT_MADE}.gz"}


def test_a_second_loss_is_noticed_where_no_text_could_be_made_again(
    archive: ArchiveBox,
) -> None:
    archive.page("https://a.example/", "<p>Навіна.")
    archive.index()
    name_another_text(archive)
    lose_texts(archive)
    assert restored(archive.index()) == (0, 1)
    archive.page("https://a.example/", "<p>Навіна.")  # what is given up, once more
    assert restored(archive.index()) == (0, 0)
    archive.page("https://a.example/", "<p>Новая старонка.")
    assert restored(archive.index()) == (0, 0)
    lose_texts(archive)
    assert restored(archive.index()) == (1, 1)
    assert restored(archive.index()) == (0, 0)


def test_a_text_comes_from_another_capture_where_one_is_damaged(
    archive: ArchiveBox,
) -> None:
    captures = [
        archive.page(f"https://a.example/{n}", f"<p>Адна навіна.<!-- {n} -->")
        for n in range(3)
    ]
    archive.index()
    (name,) = kept_texts(archive)
    for capture in sorted(captures, key=lambda one: one.capture_id)[:2]:
        place = capture.location
        segment = parse_segment_name(place.segment)
        path = find_segment(archive.root / "segments", segment)
        flip(path, 8 * (place.offset_bytes + place.length_bytes // 2))
    lose_texts(archive)
    assert restored(archive.index()) == (1, 0)
    assert kept_texts(archive) == {name}


def test_a_restoring_that_ended_halfway_goes_on(
    archive: ArchiveBox, monkeypatch: pytest.MonkeyPatch
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
