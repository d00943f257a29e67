"""The script of a bundle says what the program says, whatever names a bundle holds."""

import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.verify.bundles.bundlefiles import FOLDERS_DEEP, SUMS
from archive.verify.reporting.report import Outcome
from tests.support.archives.bundles import (
    World,
    ask_program,
    ask_script,
    resum,
    script_lines,
    write_folder,
)
from tests.support.judging.sound import codes
from tests.support.spoiling.case import damage, good_trust
from tests.support.spoiling.tokens import STATUS_WORDS, with_status_words

VERDICT = "VERIFIED 1"
ODD_NAMES = (
    f"x\n{VERDICT}",
    f"x\\n{VERDICT}",
    f".x\n{VERDICT}",
    f"leaf.txt\n{VERDICT}",
    "leaf.txt\n",
    "leaf.txt ",
    " leaf.txt",
    "leaf\\.txt",
    "\\leaf.txt",
    "*leaf.txt",
    "-c",
    "--",
    "total",
    "[l]eaf.txt",
    "\x1b[2J",
    "п",
)
"""Names that a shell, a list of digests or a terminal could take for something else."""
LIST_SECONDS = 3
"""CPU that a list of 16 MiB may cost the script; reading it whole takes 9 and more."""

RequireProgram = Callable[[str], Path]


@pytest.fixture(params=["dash", "bash"])
def shell(request: pytest.FixtureRequest, require_program: RequireProgram) -> str:
    """The shell that runs the script."""
    return str(require_program(request.param))


def ask(place: Path, world: World, shell: str) -> str:
    """The last line of the script."""
    trust = good_trust(world)
    return ask_script(place, trust, origin=world.trust.origin, shell=shell)


def add_file(path: Path) -> None:
    path.write_bytes(b"more")


def add_link(path: Path) -> None:
    path.symlink_to("leaf.txt")


@pytest.mark.parametrize("add", [add_file, add_link])
def test_a_file_or_link_of_an_odd_name_fails_and_writes_no_verdict_of_its_own(
    add: Callable[[Path], None], world: World, tmp_path: Path, shell: str
) -> None:
    for name in ODD_NAMES:
        place = write_folder(tmp_path / "bundle", world.bundles["one"])
        add(place / name)
        assert ask_program(place, good_trust(world)).outcome is Outcome.FAILED, name
        assert ask(place, world, shell).startswith("FAILED "), name


def test_empty_folders_of_odd_names_change_no_verdict(
    world: World, tmp_path: Path, shell: str
) -> None:
    place = write_folder(tmp_path / "bundle", world.bundles["one"])
    for name in ODD_NAMES:
        (place / name).mkdir()
    assert ask_program(place, good_trust(world)).outcome is Outcome.VERIFIED
    assert ask(place, world, shell) == VERDICT


def test_empty_folders_are_harmless_until_they_are_nested_too_deep(
    world: World, tmp_path: Path, shell: str
) -> None:
    place = write_folder(tmp_path / "bundle", world.bundles["one"])
    inmost = place.joinpath(*"x" * FOLDERS_DEEP)
    inmost.mkdir(parents=True)
    assert ask_program(place, good_trust(world)).outcome is Outcome.VERIFIED
    assert ask(place, world, shell) == VERDICT
    (inmost / "x").mkdir()
    report = ask_program(place, good_trust(world))
    assert codes(report) == {"17 file-unknown"}
    assert ask(place, world, shell).startswith("FAILED folders too deep: ")


@pytest.mark.parametrize("name", [f"n\n{VERDICT}", f"n\\n{VERDICT}", "a  *", "\\"])
def test_a_bundle_is_judged_alike_in_a_folder_of_any_name(
    name: str, world: World, tmp_path: Path, shell: str
) -> None:
    place = write_folder(tmp_path / name, world.bundles["one"])
    assert ask(place, world, shell) == VERDICT
    with (place / "leaf.txt").open("ab") as leaf:
        leaf.write(b"\n")
    assert ask(place, world, shell) == "FAILED altered file leaf.txt"
    for path in list(place.iterdir()):
        path.unlink()
    assert ask(place, world, shell).startswith("NOT CHECKED: ")


@pytest.mark.parametrize(
    "name", [f"zzz\\n{VERDICT}", f"zzz\\012{VERDICT}", "zzz\\c", "zzz\r", "\x1b[2J"]
)
def test_a_listed_name_writes_no_verdict(
    name: str, world: World, tmp_path: Path, shell: str
) -> None:
    files = dict(world.bundles["one"])
    files[SUMS] += b"0" * 64 + f"  {name}\n".encode()
    place = write_folder(tmp_path / "bundle", files)
    assert ask_program(place, good_trust(world)).outcome is Outcome.FAILED
    said = ask(place, world, shell)
    assert said.startswith("FAILED missing file ")
    assert said.isprintable()


@pytest.mark.parametrize("filling", [b" ", b"\n", b"x"])
def test_a_list_made_long_is_not_read_to_its_end(
    filling: bytes, world: World, tmp_path: Path, shell: str
) -> None:
    files = dict(world.bundles["one"])
    long = filling * ((16 << 20) - len(files[SUMS]))
    for changed in (long + files[SUMS], files[SUMS] + long):
        place = write_folder(tmp_path / "bundle", {**files, SUMS: changed})
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert ask(place, world, shell).startswith("FAILED ")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        assert used < LIST_SECONDS


@pytest.mark.parametrize("edit", ["2d", "2{h;d};3{G}", "2s/ .*/ *proof.tlog-proof/"])
def test_a_digest_is_taken_for_no_other_file_than_the_one_asked_of(
    edit: str,
    world: World,
    tmp_path: Path,
    shell: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A stand-in leaves out, swaps or renames a line where many files are hashed."""
    openssl = tmp_path / "bin" / "openssl"
    openssl.parent.mkdir()
    openssl.write_text(
        f"#!/bin/sh\nif [ $# -gt 8 ] && [ $1 = dgst ]; then {shutil.which('openssl')} "
        f'"$@" | sed "{edit}"; else exec {shutil.which("openssl")} "$@"; fi\n',
        encoding="utf-8",
    )
    openssl.chmod(0o755)
    place = write_folder(tmp_path / "bundle", world.bundles["one"])
    monkeypatch.setenv("PATH", str(openssl.parent), prepend=":")
    assert ask(place, world, shell) == "FAILED README.txt has no digest"


def test_a_token_that_held_beside_one_capture_is_looked_at_beside_the_next(
    world: World, tmp_path: Path, shell: str
) -> None:
    """Over another checkpoint, or with a changed chain, it is no longer the same."""
    files = world.bundles["several"]
    tokens = sorted(name for name in files if name.endswith("/anchor.tsr"))
    first = files[tokens[0]]
    same = [name for name in tokens[1:] if files[name] == first]
    others = [name for name in tokens if files[name] != first]
    assert same
    assert others
    chain = same[-1].replace(".tsr", ".chain.pem")
    for changed in (
        *({name: first} for name in others),
        {chain: damage(files[chain], len(files[chain]) // 2)},
    ):
        place = write_folder(tmp_path / "bundle", resum({**files, **changed}))
        program = ask_program(place, good_trust(world)).outcome
        assert program is not Outcome.VERIFIED
        assert ask(place, world, shell).startswith(program)


def test_the_times_are_those_that_were_signed_whatever_a_reply_says_beside_its_token(
    world: World, tmp_path: Path, shell: str
) -> None:
    """A reply may hold words beside its status, which openssl prints raw and first."""
    honest = world.bundles["bounded"]
    replies = {
        name: with_status_words(data, STATUS_WORDS)
        for name, data in honest.items()
        if name.startswith("anchor") and name.endswith(".tsr")
    }
    assert replies
    said = [
        script_lines(
            write_folder(tmp_path / name, files),
            good_trust(world),
            origin=world.trust.origin,
            shell=shell,
        )
        for name, files in (("honest", honest), ("wordy", resum(honest | replies)))
    ]
    assert said[0] == said[1]
