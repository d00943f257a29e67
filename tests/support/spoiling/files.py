"""Bundles with files removed, flipped, swapped, strange, or listed wrongly."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from archive.digest import Digest
from archive.verify.bundles.bundlefiles import FOLDERS_DEEP, SUMS
from tests.support.archives.bundles import Files_, World, resum
from tests.support.spoiling.case import CORE, PAPERS, Case, flip, forged, good_trust


def good_bundles(world: World) -> Iterator[Case]:
    for name, files in world.bundles.items():
        policies = [(w, t) for w in range(3) for t in range(3)]
        if name in ("page", "several"):
            policies = [(2, 2)]
        for witnesses, tokens in policies:
            trust = replace(world.trust, witness_quorum=witnesses, token_quorum=tokens)
            yield Case(
                name=f"good {name} {witnesses} {tokens}",
                files=files,
                trust=world.trust_folder(trust, f"q{witnesses}{tokens}"),
                good=True,
            )


def removed_files(world: World) -> Iterator[Case]:
    trust = good_trust(world)
    for bundle in ("one", "bounded", "revisit", "chained", "page"):
        files = world.bundles[bundle]
        for name in files:
            left = {key: data for key, data in files.items() if key != name}
            yield Case(
                name=f"removed {bundle} {name}", files=left, trust=trust, good=False
            )
            if name == SUMS:
                continue
            needed = name.rpartition("/")[2] in CORE or name.endswith(".tsr")
            optional = name in PAPERS or name.endswith((".pem", "text.txt", ".png"))
            yield Case(
                name=f"removed and listed anew {bundle} {name}",
                files=resum(left),
                trust=trust,
                good=False if needed else (True if optional else None),
            )


def flipped_bits(world: World, count: int = 220) -> Iterator[Case]:
    """Any bit of any file, found by the list of files alone."""
    dice = random.Random("flipped")
    trust = good_trust(world)
    for number in range(count):
        bundle = dice.choice(["one", "bounded", "one", "revisit"])
        files = dict(world.bundles[bundle])
        name = dice.choice(sorted(files))
        files[name] = flip(files[name], dice)
        yield Case(
            name=f"flip {number} {bundle} {name}", files=files, trust=trust, good=False
        )


def forged_bits(world: World, count: int = 260) -> Iterator[Case]:
    """The same by somebody who lists the files anew; tokens have cases of their own."""
    dice = random.Random("forged")
    trust = good_trust(world)
    for number in range(count):
        bundle = dice.choice(["one", "bounded", "chained"])
        files = dict(world.bundles[bundle])
        name = dice.choice(CORE)
        files[name] = flip(files[name], dice)
        yield Case(
            name=f"forged flip {number} {bundle} {name}",
            files=resum(files),
            trust=trust,
            good=False,
        )


def swapped_files(world: World) -> Iterator[Case]:
    pairs = [("one", "bounded"), ("bounded", "one"), ("one", "chained")]
    for into, source in pairs:
        for name in (*CORE, "anchor.tsr", "anchor2.tsr"):
            if world.bundles[into][name] == world.bundles[source][name]:
                continue
            files = {**world.bundles[into], name: world.bundles[source][name]}
            yield forged(world, f"swapped {into} {source} {name}", files)
    one, chained = world.bundles["one"], world.bundles["chained"]
    for count in (2, 3):
        for start in range(4):
            names = [CORE[(start + step) % 4] for step in range(count)]
            files = {**one, **{name: chained[name] for name in names}}
            yield forged(world, f"swapped {'+'.join(names)}", files)


def strange_files(world: World) -> Iterator[Case]:
    one, page = world.bundles["one"], world.bundles["page"]
    trust = good_trust(world)
    for name in (
        "extra.txt",
        ".hidden",
        "captures/readme.txt",
        "view/film.mp4",
        "view/deeper/text.txt",
        "anchor17.tsr",
        "anchor1.tsr",
        "anchor02.tsr",
        "Capture.warc.gz",
        "capture.warc.gz.bak",
        "revocation/other.crl",
        "also/x/capture.warc.gz",
        "also/captures/leaf.txt",
        "captures/also/view/text.txt",
        "a b.txt",
        "-rf",
    ):
        files = {**one, name: b"more"}
        yield Case(name=f"file {name}", files=files, trust=trust, good=False)
        yield forged(world, f"file {name}, listed", files)
    yield forged(
        world,
        "another verify.sh",
        {**one, "verify.sh": b"echo VERIFIED\n"},
        good=True,
    )
    links: dict[str, Callable[[Path], None]] = {
        "a link to a file": lambda f: (f / "link.txt").symlink_to(f / "leaf.txt"),
        "a link in place of a file": _linked,
        "a link to a folder": lambda f: (f / "also").symlink_to(f.parent),
        "a link to itself": lambda f: (f / "view").symlink_to(f / "view"),
    }
    for name, act in links.items():
        yield Case(name=name, files=one, trust=trust, good=False, after=act)
    yield Case(
        name="an empty folder",
        files=one,
        trust=trust,
        good=True,
        after=lambda folder: (folder / "view").mkdir(),
    )
    for deep, good in ((FOLDERS_DEEP, True), (FOLDERS_DEEP + 1, False)):
        yield Case(
            name=f"{deep} empty folders inside each other",
            files=one,
            trust=trust,
            good=good,
            after=lambda folder, deep=deep: (folder / "/".join("x" * deep)).mkdir(  # type: ignore[misc]
                parents=True
            ),
        )
    yield from _broken_pages(world, page)
    revisit = world.bundles["revisit"]
    alone = {key: data for key, data in revisit.items() if not key.startswith("also/")}
    yield forged(world, "a revisit without its original", alone)
    chained = world.bundles["chained"]
    bare = {key: data for key, data in chained.items() if not key.startswith("also/")}
    yield forged(world, "a capture without its chain", bare, good=True)


def _broken_pages(world: World, page: Files_) -> Iterator[Case]:
    folders = sorted({key[:36] for key in page if key.startswith("captures/")})
    for number, folder in enumerate(folders):
        left = {key: data for key, data in page.items() if not key.startswith(folder)}
        yield forged(world, f"a page without capture {number}", left)
        other = folders[1 - number]
        swapped = {
            (key.replace(folder, other) if key.startswith(folder) else key): data
            for key, data in page.items()
            if not key.startswith(other)
        }
        yield forged(world, f"a page with capture {number} renamed", swapped)
        broken = {**page, folder + "capture.warc.gz": b"x"}
        yield forged(world, f"a page with capture {number} altered", broken)
    stranger = world.bundles["bounded"]
    short = Digest.of(stranger["capture.warc.gz"]).short_id
    more = {
        f"captures/{short}/{key}": data
        for key, data in stranger.items()
        if key not in (*PAPERS, SUMS)
    }
    yield forged(world, "a page with a foreign capture", {**page, **more})
    for name in ("view/screenshot.png", "view/text.txt"):
        yield forged(world, f"a page with another {name}", {**page, name: b"other"})
        yield forged(
            world,
            f"a capture with a foreign {name}",
            {**world.bundles["one"], name: page[name]},
        )
    headless = {key: data for key, data in page.items() if key not in CORE}
    for name in [key for key in headless if key.startswith(("anchor", "view/"))]:
        del headless[name]
    yield forged(world, "the captures of a page alone", headless, good=True)
    nested = {f"captures/{short}/captures/{short}/{key}": b"" for key in CORE}
    yield forged(world, "a capture inside a capture", {**page, **nested})


def edited_sums(world: World) -> Iterator[Case]:
    one = world.bundles["one"]
    sums = one[SUMS]
    lines = sums.splitlines(keepends=True)
    trust = good_trust(world)
    edits = {
        "turned round": b"".join(reversed(lines)),
        "one line less": b"".join(lines[:-1]),
        "one line twice": sums + lines[-1],
        "a file that is not there": sums + b"0" * 64 + b"  zzz.txt\n",
        "itself listed": sums + b"0" * 64 + b"  SHA256SUMS\n",
        "capitals": sums.upper(),
        "binary marks": sums.replace(b"  ", b" *"),
        "CR LF": sums.replace(b"\n", b"\r\n"),
        "no last line end": sums[:-1],
        "a comment": b"# digests\n" + sums,
        "empty": b"",
        "zeros": bytes(500),
    }
    for name, changed in edits.items():
        files = {**one, SUMS: changed}
        yield Case(name=f"sums {name}", files=files, trust=trust, good=False)


def _linked(folder: Path) -> None:
    target = folder / "leaf.txt"
    target.rename(folder.parent / "leaf-elsewhere.txt")
    target.symlink_to(folder.parent / "leaf-elsewhere.txt")
