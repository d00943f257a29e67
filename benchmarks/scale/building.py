"""Two archives with the same documents: one index in a folder, one in a cluster."""

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from archive.settings import SearchSettings
from archive.store.layout import ArchivePaths, read_identity
from benchmarks.scale.texts import Made, Maker
from search.analysed import analyse
from search.captures import CaptureRow, CaptureRows, DocumentRow
from search.document import build_document, microseconds
from search.engines.base import SearchEngine
from search.engines.opening import EMBEDDED, Engines
from search.generations import VERSION, new_generation, use_generation
from tests.support.search_archive import make_box

COMMIT_DOCUMENTS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """Figures of one build."""

    root: Path
    documents: int
    text_bytes: int
    index_bytes: int
    rows_bytes: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int


class Target:
    """One archive's index that is being filled."""

    def __init__(self, folder: Path, kind: str, url: str | None) -> None:
        box = make_box(folder, kind)
        self.root = box.root
        archive_id = read_identity(box.root).archive_id
        index = ArchivePaths(box.root).index
        index.mkdir(exist_ok=True)
        self._generation = new_generation(index)
        self._rows = CaptureRows.create(self._generation.rows_path)
        self._rows.begin()
        for name, value in (
            ("version", VERSION),
            ("archive", archive_id),
            ("engine", kind),
        ):
            self._rows.set_progress(name, value)
        self.engine: SearchEngine = Engines(settings=SearchSettings(url=url)).open(
            kind, folder=self._generation.folder, archive_id=archive_id, writable=True
        )
        self.archive_id = archive_id

    def add(self, made: Made) -> None:
        """Index one document with its one capture."""
        analysed = analyse(made.capture, made.page, made.tokens)
        document = build_document(self.archive_id, made.capture, made.page, analysed)
        self.engine.add([document])
        source = made.capture.source_id
        self._rows.add_document(
            DocumentRow(
                order_key=document.order,
                document_id=document.document_id,
                title=made.page.title,
                language=made.page.language,
                source_id=source,
            )
        )
        self._rows.add_capture(
            CaptureRow(
                capture_id=made.capture.capture_id,
                leaf=made.capture.leaf,
                order_key=document.order,
                captured_us=microseconds(made.capture),
                source_id=source,
                text_digest=None,
                extractor=made.page.extractor,
                charset="utf-8",
                declared_charset=None,
                bytes_key=None,
                stated=0,
            )
        )

    def commit(self, count: int) -> None:
        """Store what was added."""
        if self.engine.commit():
            raise AssertionError("the engine refused documents")
        self._rows.set_progress("next_leaf", str(count))
        self._rows.commit()
        self._rows.begin()

    def finish(self, count: int) -> None:
        """Store the rest and put the index in use."""
        self.commit(count)
        self.engine.close()
        self._rows.commit()
        self._rows.close()
        use_generation(self._generation)

    def sizes(self) -> tuple[int, int]:
        """Bytes of the engine's folder and of the rows."""
        engine = self._generation.folder / "engine"
        files = [path for path in engine.rglob("*") if path.is_file()]
        rows = self._generation.rows_path.stat().st_size
        return sum(path.stat().st_size for path in files), rows


def build(maker: Maker, folder: Path, documents: int, url: str | None) -> list[Built]:
    """Fill the embedded index and, with `url`, the cluster's."""
    kinds = [EMBEDDED, *(["elasticsearch"] if url else [])]
    built = []
    for kind in kinds:
        began, cpu = time.monotonic(), time.process_time()
        target = Target(folder / kind, kind, url)
        text_bytes = 0
        for number in range(documents):
            made = maker.make(number)
            text_bytes += len(made.page.text.encode())
            target.add(made)
            if (number + 1) % COMMIT_DOCUMENTS == 0:
                target.commit(number + 1)
                rate = (number + 1) / (time.monotonic() - began)
                sys.stderr.write(f"{kind}: {number + 1} documents, {rate:.0f}/s\n")
        target.finish(documents)
        index_bytes, rows_bytes = target.sizes()
        built.append(
            Built(
                root=target.root,
                documents=documents,
                text_bytes=text_bytes,
                index_bytes=index_bytes,
                rows_bytes=rows_bytes,
                seconds=time.monotonic() - began,
                cpu_seconds=time.process_time() - cpu,
                peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            )
        )
    return built
