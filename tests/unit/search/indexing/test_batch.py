"""How often what was taken in is stored: a batch is what a crash repeats."""

from collections.abc import Callable, Sequence

import pytest

from archive.capture import CaptureOutcome
from search.engines.base import Rejected
from search.engines.tantivy_engine import TantivyEngine
from search.indexing.index import Indexer
from tests.support.archives.search_archive import ArchiveBox

SMALL, LARGE, CAPTURES = 2, 6, 7


@pytest.mark.parametrize(("rebuild", "commits"), [(False, 4), (True, 2)])
def test_what_was_kept_is_stored_in_larger_batches_than_what_is_new(
    new_archive: Callable[[], ArchiveBox],
    monkeypatch: pytest.MonkeyPatch,
    rebuild: bool,
    commits: int,
) -> None:
    box = new_archive()
    uris = [f"https://host{number}.example/" for number in range(CAPTURES)]
    box.capture(*(box.exchange(uri, outcome=CaptureOutcome.DNS) for uri in uris))
    monkeypatch.setattr("search.indexing.batch.COMMIT_CAPTURES", SMALL)
    monkeypatch.setattr("search.indexing.batch.BULK_COMMIT_CAPTURES", LARGE)
    made: list[int] = []
    commit = TantivyEngine.commit

    def counted(engine: TantivyEngine) -> Sequence[Rejected]:
        rejected = commit(engine)
        made.append(engine.count())
        return rejected

    monkeypatch.setattr(TantivyEngine, "commit", counted)
    reader = box.open_reader()
    try:
        report = Indexer(reader, workers=1).run(rebuild=rebuild)
    finally:
        reader.close()
    assert len(made) == commits
    assert made[-1] == report.documents == CAPTURES
