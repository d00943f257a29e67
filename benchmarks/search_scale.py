"""Many documents of real text: speed of queries, size of the index, memory.

Documents are made of the paragraphs of real pages, analysed once, and indexed by the
ordinary engine and rows; a process of its own opens the index and asks. With
--elasticsearch a real one-node server gets the same documents and the same queries in
turn. The bars are held against the clock or, query by query, CPU time where that is
less: a busy machine only adds to the one, and on a quiet one no query of an embedded
index takes longer than all its threads together. With --keep the index stays in
--folder, and --again DIR asks it once more.

usage: python benchmarks/search_scale.py [--documents 50000] [--elasticsearch]
           [--makers 1] [--minutes 120] [--queries 40]
           [--folder DIR [--keep]] [--again DIR] [--json]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from archive.settings import SearchSettings
from benchmarks.quality.figures import Figure
from benchmarks.scale.asking import (
    FACETED,
    KINDS,
    anonymous_bytes,
    ask,
    make_queries,
    percentile,
)
from benchmarks.scale.building import Built, Plan, build
from benchmarks.scale.texts import Maker, read_pieces
from search.answering.service import SearchService
from search.engines.opening import EMBEDDED, Engines
from tests.support.servers import elastic_server

DEFAULT_CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
FACETED_MS, PHRASE_MS, SIZE_BAR, MEMORY_MB = 50.0, 30.0, 1.6, 1_000
SERVER_HEAP = "1g"
BUILT, TODO, ANSWER = "built.json", "todo.json", "answer.json"
"""In the folder of a build: its figures, what to ask, what was answered."""


@contextmanager
def cluster(wanted: bool) -> Iterator[str | None]:
    """The address of a real one-node server, or None."""
    if not wanted:
        yield None
        return
    elastic_server.HEAP = SERVER_HEAP
    with elastic_server.running(elastic_server.pinned_versions()[0]) as servers:
        yield servers[0].url


def measure(folder: Path, *, again: bool) -> None:
    """The asking process: reads what to ask, writes what it took.

    `again`: the cluster of the build is gone, so the embedded index is asked alone.
    """
    todo = json.loads((folder / TODO).read_text())
    services = {
        name: SearchService.open(
            [Path(root)], Engines(settings=SearchSettings(url=todo["url"]))
        )
        for name, root in todo["roots"].items()
        if name == EMBEDDED or not again
    }
    embedded = {EMBEDDED: services[EMBEDDED]}
    ask(embedded, todo["queries"])
    asked = ask(embedded, todo["queries"])
    memory = anonymous_bytes()
    if len(services) > 1:
        ask(services, todo["queries"][: len(KINDS) * 5])
        asked = ask(services, todo["queries"])
    answer = {"memory": memory, "asked": [asdict(one) for one in asked]}
    (folder / ANSWER).write_text(json.dumps(answer))


def report(built: list[Built], answer: dict[str, Any]) -> tuple[str, bool]:
    """The table, and whether every bar is reached."""
    first = built[0]
    size = first.index_bytes / first.text_bytes
    memory = answer["memory"] / 1e6
    lines = [
        f"{first.documents} documents, {first.text_bytes / 1e6:.0f} MB of text "
        f"({first.text_bytes / first.documents:.0f} bytes each)",
        f"index {first.index_bytes / 1e6:.0f} MB = {size:.2f} x text (bar {SIZE_BAR}); "
        f"rows {first.rows_bytes / 1e6:.0f} MB",
        f"built in {first.seconds:.0f} s, {first.cpu_seconds:.0f} s CPU, "
        f"{first.documents / first.seconds:.0f}/s, peak of "
        f"the writing process {first.peak_bytes / 1e6:.0f} MB (with all paragraphs)",
        f"asking process: {memory:.0f} MB anonymous (bar {MEMORY_MB})",
        "milliseconds                by the clock: p50     p95  CPU: p50     p95"
        "  least of both: p95",
    ]
    rows = list(answer["asked"])
    reached = size <= SIZE_BAR and memory <= MEMORY_MB
    for engine in dict.fromkeys(row["engine"] for row in rows):
        own = [row for row in rows if row["engine"] == engine]
        groups = [(kind, [row for row in own if row["kind"] == kind]) for kind in KINDS]
        faceted = [row for row in own if row["kind"] in FACETED]
        for name, group in [*groups, ("all faceted", faceted)]:
            clock = [row["clock_ms"] for row in group]
            cpu = [row["cpu_ms"] for row in group]
            quiet = percentile(_quiet(group), 0.95)
            lines.append(
                f"{engine:14} {name:22} {percentile(clock, 0.5):7.1f} "
                f"{percentile(clock, 0.95):7.1f}  {percentile(cpu, 0.5):8.1f} "
                f"{percentile(cpu, 0.95):7.1f}  {quiet:18.1f}"
            )
            bar = {"all faceted": FACETED_MS, "phrase": PHRASE_MS}.get(name)
            if bar and engine == EMBEDDED:
                lines[-1] += f"  (bar {bar:.0f})"
                reached = reached and quiet <= bar
    slow = sorted(rows, key=lambda row: -row["clock_ms"])[:5]
    lines += [
        f"slowest: {row['engine']} {row['query']!r}: {row['total']} found, "
        f"{row['clock_ms']:.0f} ms, {row['cpu_ms']:.0f} of CPU"
        for row in slow
    ]
    return "\n".join(lines) + "\n", reached


def _quiet(rows: Sequence[dict[str, Any]]) -> list[float]:
    """What each query takes on a quiet machine at most; of an embedded index alone."""
    return [min(row["clock_ms"], row["cpu_ms"]) for row in rows]


def figures(built: list[Built], answer: dict[str, Any]) -> list[Figure]:
    """The same as figures; times are p95 in milliseconds."""
    first = built[0]
    rows = list(answer["asked"])
    made = [
        _figure("documents", first.documents, note="of real text, 300 words"),
        _figure("built, documents a second", first.documents / first.seconds),
        _figure("index against text", first.index_bytes / first.text_bytes, SIZE_BAR),
        _figure("asking process, MB", answer["memory"] / 1e6, MEMORY_MB),
    ]
    kinds = {"faceted": (FACETED, FACETED_MS), "phrase": (("phrase",), PHRASE_MS)}
    for engine in dict.fromkeys(row["engine"] for row in rows):
        for name, (wanted, bar) in kinds.items():
            own = [r for r in rows if r["engine"] == engine and r["kind"] in wanted]
            clock = percentile([r["clock_ms"] for r in own], 0.95)
            made.append(_figure(f"{engine}: {name} query, by the clock", clock))
            if engine == EMBEDDED:
                quiet = percentile(_quiet(own), 0.95)
                name = f"{engine}: {name} query, clock or CPU"
                made.append(_figure(name, quiet, bar))
    return made


def _figure(
    name: str, value: float, bar: float | None = None, note: str = ""
) -> Figure:
    return Figure(
        part="scale", name=name, value=value, bar=bar, at_most=True, note=note
    )


def _build(asked: argparse.Namespace, stack: ExitStack, url: str | None) -> Path:
    """Make the index in a new folder, and there what to ask it."""
    made = tempfile.mkdtemp(dir=asked.folder, prefix="evidence-scale-")
    folder = Path(made)
    if not asked.keep:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
    maker = Maker(read_pieces(Path(os.environ.get("CORPUS_DIR") or DEFAULT_CORPUS)))
    plan = Plan(documents=asked.documents, makers=asked.makers, minutes=asked.minutes)
    built = build(maker, folder, plan, url)
    (folder / BUILT).write_text(json.dumps([asdict(one) for one in built]))
    todo = {
        "url": url,
        "roots": {Path(one.root).parent.name: one.root for one in built},
        "queries": make_queries(maker.pieces, asked.queries),
    }
    (folder / TODO).write_text(json.dumps(todo))
    return folder


def main() -> int:
    """Build, ask, print; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--makers", type=int, default=1, help="processes")
    parser.add_argument("--minutes", type=float, default=120, help="of building, most")
    parser.add_argument("--queries", type=int, default=40, help="of each kind")
    parser.add_argument("--elasticsearch", action="store_true")
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.add_argument("--folder", type=Path, help="where the index is made")
    parser.add_argument("--keep", action="store_true", help="leave it there")
    parser.add_argument("--again", type=Path, help="ask what --keep left, build none")
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.ask:
        measure(asked.ask, again=asked.again is not None)
        return 0
    if asked.again and asked.elasticsearch:
        parser.error("--again asks the embedded index alone: the server is gone")
    with ExitStack() as stack:
        url = stack.enter_context(cluster(asked.elasticsearch))
        folder = asked.again or _build(asked, stack, url)
        own = [sys.executable, __file__, "--ask", str(folder)]
        own += ["--again", str(folder)] if asked.again else []
        subprocess.run(own, check=True)  # noqa: S603  this file
        built = [Built(**one) for one in json.loads((folder / BUILT).read_text())]
        answer = json.loads((folder / ANSWER).read_text())
    text, reached = report(built, answer)
    if asked.json:
        made = [asdict(figure) for figure in figures(built, answer)]
        text = json.dumps(made) + "\n"
    sys.stdout.write(text)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
