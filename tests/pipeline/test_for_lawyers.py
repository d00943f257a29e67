"""docs/for-lawyers.md, tried word for word on a machine without the product.

The machine is a folder with a shell, coreutils, gzip and openssl and the libraries they
need, and nothing else: no Python, no sed, no grep, no network.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.attest.trust.folder import trust_path
from tests.support.archives.bundles import (
    Files_,
    World,
    ask_program,
    make_world,
    resum,
    script_lines,
    write_folder,
)
from tests.support.servers import stampers

PAGE = Path(__file__).parents[2] / "docs" / "for-lawyers.md"
COREUTILS = ("cat", "head", "tail", "wc", "tr", "od", "base32", "mktemp", "rm")
PROGRAMS = ("sh", "openssl", "sha256sum", "gzip", *COREUTILS)


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory,
    require_program: Callable[[str], Path],
) -> World:
    for name in (*PROGRAMS, "unshare", "chroot", "ldd"):
        require_program(name)
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, world: World) -> Path:
    """A root folder with these programs and their libraries."""
    del world
    root = tmp_path_factory.mktemp("machine")
    (root / "bin").mkdir()
    (root / "tmp").mkdir()
    (root / "dev").mkdir()
    (root / "dev" / "null").touch()
    for name in PROGRAMS:
        found = Path(str(shutil.which(name))).resolve()
        shutil.copy(found, root / "bin" / name)
        listed = subprocess.run(
            ["ldd", str(found)], capture_output=True, text=True, check=False
        ).stdout
        for library in re.findall(r"(/\S+)", listed):
            place = root / library.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                shutil.copy(Path(library).resolve(), place)
    return root


def commands() -> list[str]:
    """The lines that the page tells a reader to type."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def type_there(machine: Path, line: str) -> "subprocess.CompletedProcess[bytes]":
    """Type one line on that machine, without network and environment."""
    return subprocess.run(
        [
            *("unshare", "--user", "--map-root-user", "--net", "--"),
            *("chroot", str(machine), "/bin/sh", "-c", f"cd /tmp; {line}"),
        ],
        env={"PATH": "/bin:/usr/bin:/usr/sbin"},
        capture_output=True,
        timeout=100,
        check=False,
    )


def lay_out(machine: Path, world: World, files: Files_) -> None:
    """Put bundle and keys where the page says they are."""
    write_folder(machine / "tmp" / "BUNDLE", files)
    keys = trust_path(world.trust_folder(world.trust, "good"), world.trust.origin)
    shutil.copytree(keys, machine / "tmp" / "TRUST", dirs_exist_ok=True)


def test_the_page_names_three_commands() -> None:
    assert commands() == [
        "(cd TRUST && LC_ALL=C && sha256sum * | sha256sum)",
        "sh BUNDLE/verify.sh BUNDLE TRUST",
        "gzip -dc BUNDLE/capture.warc.gz",
    ]


def test_the_page_works_word_for_word_on_a_bare_machine(
    world: World, machine: Path
) -> None:
    lay_out(machine, world, world.bundles["page"])
    if type_there(machine, "true").returncode:
        pytest.skip("program: unshare may not make a namespace here")
    fingerprint, check, look = (type_there(machine, line) for line in commands())
    assert re.fullmatch(rb"[0-9a-f]{64}  -\n", fingerprint.stdout)
    assert check.stderr == b""
    assert check.returncode == 0
    lines = check.stdout.decode().splitlines()
    assert lines[-1].startswith("VERIFIED")
    assert "2 witnesses, 2 time stamps" in lines[0]
    assert look.stdout.startswith(b"WARC/1.1\r\n")


STATED_BEFORE = re.compile(r"before (\w+ +\d+ [\d:]+ \d+) GMT \(give or take (\d+) s\)")


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [("secs:1", 1), ("secs:1, millisecs:500", 2), ("millisecs:20", 1)],
)
def test_the_script_claims_no_earlier_time_than_the_program(
    accuracy: str, said: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A token is right to its accuracy, and both count that in; seconds are begun."""
    config = stampers.CONFIG.replace("ordering", f"accuracy = {accuracy}\nordering")
    monkeypatch.setattr(stampers, "CONFIG", config)
    world = make_world(tmp_path / "world")
    folder = write_folder(tmp_path / "one", world.bundles["one"])
    trust = world.trust_folder(world.trust, "good")
    lines = script_lines(folder, trust, origin=world.trust.origin)
    found = STATED_BEFORE.search(lines[0])
    assert found is not None, lines
    named = datetime.strptime(found.group(1), "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    latest = ask_program(folder, trust).bracket.existed_by
    assert latest is not None
    assert int(found.group(2)) == said
    assert latest <= named + timedelta(seconds=said) < latest + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("capture.warc.gz", "FAILED"),
        ("statement.json", "FAILED"),
        ("leaf.txt", "FAILED"),
        ("proof.tlog-proof", "FAILED"),
    ],
)
def test_what_the_opponent_is_told_to_try_is_found(
    name: str, said: str, world: World, machine: Path
) -> None:
    """Change one letter in any file and run the check again."""
    files = dict(world.bundles["one"])
    data = files[name]
    middle = len(data) // 2
    files[name] = data[:middle] + bytes([data[middle] ^ 2]) + data[middle + 1 :]
    for changed in (files, resum(files)):
        lay_out(machine, world, changed)
        done = type_there(machine, commands()[1])
        if done.returncode not in (0, 3):
            pytest.skip("program: unshare may not make a namespace here")
        assert done.stdout.decode().splitlines()[-1].startswith(said)
        assert done.returncode == 3


def test_without_the_keys_nothing_is_believed(world: World, machine: Path) -> None:
    lay_out(machine, world, world.bundles["one"])
    done = type_there(machine, "sh BUNDLE/verify.sh BUNDLE BUNDLE")
    if done.returncode != 3:
        pytest.skip("program: unshare may not make a namespace here")
    assert done.stdout.decode().startswith("NOT CHECKED: the trust folder has no")
