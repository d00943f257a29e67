"""Killed at a write, sync or rename, a change of keys, a removal, an import goes on.

Each verb runs under strace over a copy of one archive with its keys and its trust, and
is killed at a system call; then it runs again to its end. Nothing that was captured is
lost, the archive is VERIFIED under the trust folder that is there, and it can be
written to. `FULL_SWEEPS=1` makes every kill.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.errors import KeyProblem
from archive.store.waiting.waiting import WaitingWriter
from tests.support.archives.archives import FixedRandom, MadeArchive, fill
from tests.support.attacks.foreign import exchange, pack, warcinfo
from tests.support.disk.strace import (
    Kill,
    assert_nearly_all,
    counted,
    has_hit,
    most_calls,
    run,
    spread,
    traced,
)
from tests.support.judging.sweeps import rounds
from tests.support.programs.command import COMMAND, Command

SECONDS = 120
VERBS = ("rotate", "new", "revoke", "remove", "import", "sign")
REPEATED = {"revoke": {0, 2, 3}, "remove": {0, 6}}
"""Exit codes of the second run: what was done whole before is not done again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A home with an archive in it, its keys and its trust."""

    home: Path
    ids: frozenset[str]
    """Captures that are there before."""
    victim: str
    key_id: str

    def copy(self, to: Path) -> "Scene":
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.home, to)
        return Scene(home=to, ids=self.ids, victim=self.victim, key_id=self.key_id)

    @property
    def command(self) -> Command:
        return Command(home=self.home, archive=self.home / "archive")

    def line(self, verb: str) -> list[str]:
        """The command line of a verb."""
        words = {
            "rotate": ["keys", "rotate"],
            "new": ["keys", "new"],
            "revoke": ["keys", "revoke", self.key_id],
            "remove": ["remove", self.victim, "--reason", "r", "--authority", "a"],
            "import": ["import", str(self.home / "received.warc.gz")],
            "sign": ["sign", "--yes"],
        }
        return [*COMMAND, "--archive", str(self.command.archive), *words[verb]]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Three captures signed, two that wait, a file to import."""
    home = tmp_path_factory.mktemp("scene")
    command = Command(home=home, archive=home / "archive")
    assert command.run("init", "--name", "Observers").returncode == 0
    (key,) = command.rows("trust", "show", "--json")
    made = _made(home)
    captures = made.fill(3)
    writer = WaitingWriter.open(
        made.root, reason=KeyProblem("no key"), random_bytes=made.random_bytes
    )
    fill(writer, made, 2)
    writer.close()
    warc = pack([warcinfo(), *exchange(), *exchange(number=2)])
    (home / "received.warc.gz").write_bytes(warc)
    return Scene(
        home=home,
        ids=frozenset(capture.capture_id for capture in captures),
        victim=captures[1].capture_id,
        key_id=key["operators"][0]["key_id"],
    )


def _made(home: Path) -> MadeArchive:
    from archive.store.layout import read_identity

    identity = read_identity(home / "archive")
    (keys,) = (home / "xdg_data_home").rglob(identity.archive_id)
    return MadeArchive(
        root=home / "archive",
        keys_folder=keys,
        trust_folder=home / "trust",
        identity=identity,
        random_bytes=FixedRandom(seed="scene"),
    )


def judge(scene: Scene, verb: str, why: str) -> None:
    """The verb again, then everything is there and VERIFIED; writing goes on."""
    environ = scene.command.environment()
    again = run(scene.line(verb), environ=environ, seconds=SECONDS)
    assert again.returncode in REPEATED.get(verb, {0}), (why, again.stderr)
    if verb == "sign":  # with nothing left to sign it writes nothing, logs nothing
        assert scene.command.run("checkpoint").returncode == 0, why
    else:
        rest = run(scene.line("sign"), environ=environ, seconds=SECONDS)
        assert rest.returncode == 0, (why, rest.stderr)
    verified = scene.command.run("verify")
    assert verified.returncode == 0, (why, verified.stdout)
    rows = scene.command.rows("list", "--json")
    ids = [row["id"] for row in rows]
    gone = {scene.victim} if verb == "remove" else set()
    assert scene.ids - gone <= set(ids), f"lost: {why}"
    assert not gone & set(ids), f"still there: {why}"
    assert len(ids) == len(set(ids)), f"stated twice: {why}"
    assert scene.command.run("checkpoint").returncode == 0, why
    if verb in ("rotate", "new", "revoke"):
        (trust,) = scene.command.rows("trust", "show", "--json")
        assert len(trust["operators"]) >= 2, why


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("verb", VERBS)
def test_a_killed_verb_is_finished_by_the_next_and_nothing_is_lost(
    verb: str,
    scene: Scene,
    tmp_path: Path,
    require_program: Callable[[str], Path],
) -> None:
    strace = require_program("strace")
    first = scene.copy(tmp_path / "counted")
    log = tmp_path / "calls"
    environ = first.command.environment()
    done = run(
        [*counted(strace, log), *first.line(verb)], environ=environ, seconds=SECONDS
    )
    assert done.returncode == 0, done.stderr
    judge(first, verb, "nothing was killed")
    kills: list[Kill] = spread(most_calls(log), rounds(sampled=8, full=1000))
    assert len(kills) >= 8
    hits = []
    for kill in kills:
        copy = scene.copy(tmp_path / "killed")
        run(
            [*traced(strace, kill, log), *copy.line(verb)],
            environ=copy.command.environment(),
            seconds=SECONDS,
        )
        hits.append(has_hit(log))
        judge(copy, verb, f"{verb}, killed at {kill.call} {kill.number}")
    assert_nearly_all(hits)


def test_the_scene_is_whole(scene: Scene, tmp_path: Path) -> None:
    copy = scene.copy(tmp_path / "copy")
    rows = copy.command.rows("list", "--waiting", "--json")
    assert [json.loads(json.dumps(row))["kind"] for row in rows].count("capture") == 2
