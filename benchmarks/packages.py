# ruff: noqa: S603, T201  tools of a fixed list are run, a table is printed
"""Forged packages and WARC files: our verdict beside those of today's tools.

The same fifteen packages and nine WARC files as `tests/tamper/test_forgeries.py`, made
anew. A verdict is right if it is not "valid" for a forgery. The other tools live in a
virtual environment of their own, made in build/tools (py-wacz's checker of signatures
is under the GPL: it is run, never imported; it refuses every anonymous signature, that
of the good package and of the published example of replayweb.page, too).

usage: python benchmarks/packages.py [--tools VENV]
"""

import argparse
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from archive.attest.trust.folder import read_trust
from archive.store.reading.reader import ArchiveReader
from archive.store.segments.segment import list_segments
from archive.verify.packages.package import verify_wacz
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from archive.warc.surt import make_urlkey
from tests.support.archives.bundles import World, make_world
from tests.support.attacks.forged_packages import package_forgeries, warc_forgeries

ROOT = Path(__file__).parents[1]
TOOLS = ("wacz[signing]==0.6.0", "warcio==1.8.1", "fastwarc==2.0.1")
INDEXER = "cdxj-indexer==1.5.0"
SECONDS = 120


def main() -> None:
    """Make the files, ask everybody, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", type=Path, default=ROOT / "build" / "tools")
    tools = parser.parse_args().tools
    if not (tools / "bin" / "wacz").exists():
        venv.create(tools, with_pip=True)
        pip = [str(tools / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *TOOLS, INDEXER], check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = make_world(folder / "world")
        compare_packages(world, folder, tools)
        compare_warcs(world, folder, tools)
        compare_indexes(world, folder, tools)


def compare_packages(world: World, folder: Path, tools: Path) -> None:
    """Fifteen packages: ours, `wacz validate` with and without its signature check."""
    trust = world.trust_folder(world.trust, "good")
    good, forged = package_forgeries(world, folder)
    wacz = str(tools / "bin" / "wacz")
    checks = {
        "evidence": lambda path: (
            verify_wacz(path, trust_of=lambda origin: read_trust(trust, origin)).outcome
            is Outcome.VERIFIED
        ),
        "wacz validate": lambda path: accepts(wacz, "validate", "-f", path),
        "wacz --verify-auth": lambda path: accepts(
            wacz, "validate", "-f", path, "--verify-auth"
        ),
    }
    show("package", {"the good one": good}, forged, checks)


def compare_warcs(world: World, folder: Path, tools: Path) -> None:
    """Nine WARC files: ours over the archive, the checkers over the forged segment."""
    trust = world.made.trust()
    (folder / "warcs").mkdir()
    good, forged = warc_forgeries(world, folder / "warcs")

    def segment(root: Path) -> Path:
        """Checkers go by the end of the name."""
        path = list_segments(root / "segments")[-1].path
        plain = root / "segment.warc.gz"
        plain.write_bytes(path.read_bytes())
        return plain

    bins = tools / "bin"
    checks = {
        "evidence": lambda root: (
            verify_archive(root, trust=trust).outcome is Outcome.VERIFIED
        ),
        "warcio check": lambda root: accepts(
            str(bins / "warcio"), "check", segment(root)
        ),
        "fastwarc check": lambda root: accepts(
            str(bins / "fastwarc"), "check", segment(root)
        ),
    }
    # Ours goes first: what the others are given is no file of an archive.
    show("WARC file", {"the good one": good}, forged, checks)


def compare_indexes(world: World, folder: Path, tools: Path) -> None:
    """Lines of our index and of cdxj-indexer over the same segment."""
    from archive.export.selection import index_archive

    reader = ArchiveReader.open(world.made.root)
    ours = list(index_archive(reader))
    reader.close()
    path = list_segments(world.made.root / "segments")[-1].path
    plain = folder / path.name.removesuffix(".open")
    plain.write_bytes(path.read_bytes())
    done = subprocess.run(
        [
            str(tools / "bin" / "cdxj-indexer"),
            *("--sort", "--records", "response,revisit", str(plain)),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=SECONDS,
    )
    theirs = [
        line.replace(
            plain.name, f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
        )
        for line in done.stdout.splitlines(keepends=True)
    ]
    # Without a payload digest the indexer computes SHA-1 itself.
    plainly = [line for line in theirs if '"digest": "sha1:' not in line]
    same = sum(line in ours for line in plainly)
    print(f"\nindex lines: {same} of {len(plainly)} equal to cdxj-indexer's;", end=" ")
    print(f"{len(theirs) - len(plainly)} more differ by a digest it makes itself")
    keys = {line.split(" ")[0] for line in theirs}
    wanted = {make_urlkey(line.split('"url": "')[1].split('"')[0]) for line in ours}
    print(f"keys: {len(keys & wanted)} of {len(keys)} equal")


def accepts(*command: object) -> bool:
    """Whether a tool ends with 0."""
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        check=False,
        timeout=SECONDS,
    )
    return done.returncode == 0


def show(
    what: str,
    good: dict[str, Path],
    forged: dict[str, Path],
    checks: Mapping[str, Callable[[Path], bool]],
) -> None:
    """Print who accepts what, and how often that is right."""
    print(f"\n{what:36}" + "".join(f"{name:>20}" for name in checks))
    right = dict.fromkeys(checks, 0)
    for name, path in {**good, **forged}.items():
        row = f"{name:36}"
        for title, check in checks.items():
            accepted = check(path)
            right[title] += (not accepted) if name in forged else 0
            row += f"{'accepted' if accepted else 'refused':>20}"
        print(row)
    counts = (f"{right[title]} of {len(forged)}" for title in checks)
    print(f"{'right about forgeries':36}" + "".join(f"{text:>20}" for text in counts))


if __name__ == "__main__":
    main()
