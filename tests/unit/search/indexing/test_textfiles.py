"""Texts are written once, whoever brings them, and as often as they come."""

import threading
from pathlib import Path

from archive.digest import Digest
from archive.store.texts import find_text
from search.indexing.textfiles import TextFiles


def test_one_text_brought_by_many_at_once_is_written_once(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    files = TextFiles(tmp_path)
    texts = [f"text {n % 5} " * 2_000 for n in range(200)]
    start = threading.Barrier(8)

    def bring(share: list[str]) -> None:
        start.wait(30)
        for text in share:
            files.write(text)

    threads = [threading.Thread(target=bring, args=(texts[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    files.settle()
    files.close()
    assert len(list((tmp_path / "texts").iterdir())) == 5
    for text in set(texts):
        assert find_text(tmp_path, Digest.of(text.encode())) == text


def test_a_text_written_before_may_come_again(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    files = TextFiles(tmp_path)
    first = files.write("text")
    files.settle()
    assert files.write("text") == first
    files.settle()
    files.close()
