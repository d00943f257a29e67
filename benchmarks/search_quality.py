"""Quality of search on the test material, figure by figure beside its bar.

Languages, names, lemmas, article text, dates, encodings, evasions and the evidence
questions, in one table; the same measures are what the tests fail on. CORPUS_DIR is the
folder of test material.

usage: python benchmarks/search_quality.py [PART ...] [--json]
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.quality import (
    articles,
    dates,
    encodings,
    evasions,
    language,
    lemmas,
    names,
    questions,
)
from benchmarks.quality.figures import Figure, format_table

MEASURES: dict[str, Callable[[Path], list[Figure]]] = {
    "language": language.measure,
    "names": names.measure,
    "lemmas": lemmas.measure,
    "articles": articles.measure,
    "dates": dates.measure,
    "encodings": encodings.measure,
    "evasions": evasions.measure,
    "questions": questions.measure,
}
DEFAULT_CORPUS = Path(__file__).parents[2] / "shared" / "corpus"


def main() -> int:
    """Print the table; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(MEASURES))
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    asked = parser.parse_args()
    unknown = set(asked.parts) - set(MEASURES)
    corpus = Path(os.environ.get("CORPUS_DIR") or DEFAULT_CORPUS)
    if unknown or not corpus.is_dir():
        parser.error(f"unknown: {sorted(unknown)}" if unknown else f"no {corpus}")
    figures: list[Figure] = []
    for part in asked.parts or MEASURES:
        sys.stderr.write(f"measuring {part}\n")
        figures += MEASURES[part](corpus)
    if asked.json:
        sys.stdout.write(json.dumps([asdict(figure) for figure in figures]) + "\n")
    else:
        sys.stdout.write(format_table(figures))
    return 1 if any(figure.reached is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
