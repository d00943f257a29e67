"""Every figure of search, of quality and of speed, in one table.

Each benchmark runs in a process of its own and gives its figures, whatever bars it
misses; one that ends without figures is named. Then the table, and 1 where a bar is
missed or something was not measured.

usage: python benchmarks/search_figures.py [--documents 20000] [--elasticsearch]
                                           [PART ...]
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.quality.figures import Figure, format_table

HERE = Path(__file__).parent
PARTS = {
    "quality": "search_quality.py",
    "speed": "search_speed.py",
    "scale": "search_scale.py",
}


def measure(part: str, options: list[str]) -> list[Figure] | None:
    """The figures of one benchmark; None where it gave none."""
    sys.stderr.write(f"measuring {part}\n")
    done = subprocess.run(  # noqa: S603  files beside this one
        [sys.executable, str(HERE / PARTS[part]), "--json", *options],
        stdout=subprocess.PIPE,
        check=False,
    )
    try:
        return [Figure(**value) for value in json.loads(done.stdout)]
    except ValueError:
        return None


def main() -> int:
    """Print the table; 1 where a bar is missed or something was not measured."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--documents", type=int, default=20_000, help="of scale")
    parser.add_argument("--elasticsearch", action="store_true", help="in scale, too")
    asked = parser.parse_args()
    if set(asked.parts) - set(PARTS):
        parser.error(f"parts are {', '.join(PARTS)}")
    scale = ["--documents", str(asked.documents)]
    scale += ["--elasticsearch"] if asked.elasticsearch else []
    figures: list[Figure] = []
    silent = []
    for part in asked.parts or PARTS:
        found = measure(part, scale if part == "scale" else [])
        figures += found or []
        silent += [] if found else [part]
    sys.stdout.write(format_table(figures))
    short = [figure for figure in figures if figure.reached is False]
    sys.stdout.write(f"{len(figures)} figures, {len(short)} short of their bar\n")
    for part in silent:
        sys.stdout.write(f"{part}: not measured, its command failed (see above)\n")
    return 1 if short or silent else 0


if __name__ == "__main__":
    sys.exit(main())
