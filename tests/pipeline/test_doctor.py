"""`evidence doctor` in a process of its own: a sound machine, and a spoiled one."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs.command import Program

MOST_LINES = 50
"""One screen."""


def run(program: Program, *options: str) -> tuple[int, str]:
    done = program.run(*options, "doctor")
    assert done.stderr == ""
    return done.returncode, done.stdout


def tell(program: Program) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    done = program.run("doctor", "--json")
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(done.stdout)["findings"]:
        found.setdefault(one["check"], []).append(one)
    return done.returncode, found


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """An archive that `init` made and `index` indexed, on a machine of its own."""
    (tmp_path / "tmp").mkdir(mode=0o700)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    home = tmp_path / "home"
    home.mkdir()
    made = Program(home=home, archive=tmp_path / "archive")
    for verb in (("init", "--name", "Observers"), ("index",)):
        assert made.run(*verb).returncode == 0
    return made


def everything(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_a_sound_machine_ends_with_0_and_nothing_is_written(
    program: Program, tmp_path: Path
) -> None:
    before = everything(tmp_path)
    code, said = run(program)
    assert everything(tmp_path) == before
    lines = said.splitlines()
    words = [line.split()[0] for line in lines]
    assert code == 0, said
    assert set(words) == {"weaker", "good"}
    assert words == sorted(words, reverse=True)  # the most harmful first
    assert len(lines) <= MOST_LINES
    named = {line.split()[1] for line in lines}
    assert {"archive", "keys", "passphrase", "trust", "clock", "index"} <= named
    assert {"browser", "proxy", "pictures", "old-word", "openssl", "swap"} <= named
    assert ".pem " not in said.replace("*.pem", "")


def test_a_spoiled_machine_names_each_thing_and_ends_with_3(
    program: Program, tmp_path: Path
) -> None:
    (keys,) = (program.home / "xdg_data_home" / "evidence" / "keys").iterdir()
    keys.chmod(0o755)
    program.archive.chmod(0o755)
    left = tmp_path / "tmp" / "evidence-page-0011223344556677"
    left.mkdir()
    left.chmod(0o755)
    (program.archive / "spool" / "planted").symlink_to("/etc/passwd")
    shutil.rmtree(program.archive / "index")
    shutil.rmtree(program.home / "trust")
    settings = program.home / "xdg_config_home" / "evidence" / "settings.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[archive]\nreserve = 3\n")
    code, found = tell(program)
    assert code == 3
    told = {name: {one["outcome"] for one in all_} for name, all_ in found.items()}
    for name in ("keys", "permissions", "temporary", "archive"):
        assert "unsafe" in told[name], name
    for name in ("trust", "index", "settings"):
        assert told[name] == {"weaker"}, name
    assert all(one["needed"] for one in found["settings"])
    for one in (one for all_ in found.values() for one in all_):
        assert one["outcome"] == "good" or (one["without"] and one["step"])
    code, said = run(program)
    assert (code, said.split()[0]) == (3, "UNSAFE")


def test_settings_that_stop_every_verb_do_not_stop_this_one(program: Program) -> None:
    bad = program.home / "bad.toml"
    bad.write_text("[archive]\nreserve = 3\n")
    assert program.run("--settings", str(bad), "list").returncode == 2
    code, said = run(program, "--settings", str(bad))
    assert code == 1
    assert said.splitlines()[0].startswith("MISSING  settings")
    assert "unknown key" in said.splitlines()[0]


def test_a_newcomer_without_anything_is_told_how_to_begin(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    nothing = Program(home=tmp_path / "home", archive=tmp_path / "none")
    code, said = run(nothing)
    assert code == 1
    assert "init --name" in said.splitlines()[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]


def test_no_network_is_touched(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's sockets are refused in the very process.

    A library asks at its import whether ::1 can be bound; that leads nowhere.
    """
    hook, events = tmp_path / "hook", tmp_path / "events"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import sys\n"
        "REACH = {'connect', 'bind', 'sendto', 'sendmsg', 'getaddrinfo',\n"
        "         'gethostbyname', 'gethostbyaddr', 'getnameinfo'}\n"
        "def refuse(event, args):\n"
        "    kind = event.removeprefix('socket.')\n"
        "    if kind == event or kind not in REACH or args[1:] == (('::1', 0),):\n"
        "        return\n"
        f"    open({str(events)!r}, 'a').write(event + ' ' + repr(args[1:]) + '\\n')\n"
        "    raise OSError('no network')\n"
        "sys.addaudithook(refuse)\n"
    )
    environment = program.environment()
    joined = f"{hook}:{environment['PYTHONPATH']}"
    monkeypatch.setattr(
        Program, "environment", lambda _: {**environment, "PYTHONPATH": joined}
    )
    assert run(program)[0] == 0
    assert not events.exists()
    program.run("capture", "http://a.example/")  # the hook sees what it forbids
    assert "socket." in events.read_text()
