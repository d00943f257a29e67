"""`evidence demo` from an empty folder to a served page, and once more."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from archive.cli.root import main; main()")
SECONDS = 240
REUSE_SECONDS = 20.0
"""From typing the command to a served page, where the archive is there already."""
SPELLINGS = ("Ціханоўск", "Тихановск", "Cichanoŭsk", "Cichanousk")


@dataclass(frozen=True)
class Demonstration:
    """A finished demonstration and what its first run said."""

    archive: Path
    home: Path
    first: "subprocess.CompletedProcess[str]"

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return run(self.home, *words)

    def read(self, *words: str) -> "subprocess.CompletedProcess[str]":
        trust = self.archive.with_name("demo-trust")
        return self.run("--archive", str(self.archive), "--trust", str(trust), *words)


def run(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=environment(home),
        check=False,
    )


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    home = tmp_path_factory.mktemp("home")
    archive = tmp_path_factory.mktemp("warcs") / "demo"
    first = run(home, "demo", "--once", "--archive", str(archive))
    assert first.returncode == 0, first.stdout + first.stderr
    return Demonstration(archive=archive, home=home, first=first)


def test_it_is_verified_and_every_planned_case_was_captured(
    demonstration: Demonstration,
) -> None:
    said = re.search(
        r"^VERIFIED; (\d+) of (\d+) planned", demonstration.first.stdout, re.M
    )
    assert said is not None
    assert said[1] == said[2]
    if shutil.which("openssl") is None:
        words = "one witness: the operator; no independent time"
        assert words in demonstration.first.stdout
        assert "openssl is not installed" in demonstration.first.stdout


def test_two_witnesses_and_two_authorities_vouch_and_say_what_they_are(
    demonstration: Demonstration, require_program: Callable[[str], Path]
) -> None:
    require_program("openssl")
    assert "vouch for nothing" in demonstration.first.stdout.splitlines()[0]
    done = demonstration.read("verify", "--json")
    report = json.loads(done.stdout)
    assert {9, 11, 13, 20} <= set(report["required"])
    assert report["outcome"] == "VERIFIED"
    note = (demonstration.archive / "log" / "checkpoint").read_text("utf-8")
    assert note.count("— demonstration.example/witness-") == 2
    (trust,) = demonstration.archive.with_name("demo-trust").iterdir()
    assert (trust / "quorum").read_text() == "2 2\n"


def test_a_newcomer_exports_a_bundle_that_verifies_with_openssl_alone(
    demonstration: Demonstration,
    require_program: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    require_program("openssl")
    line = next(
        line
        for line in demonstration.first.stdout.splitlines()
        if " export bundle " in line
    )
    capture_id = line.split(" export bundle ")[1].split()[0]
    bundle = tmp_path / "bundle"
    done = demonstration.read("export", "bundle", capture_id, "-o", str(bundle))
    assert done.returncode == 0, done.stderr
    (trust,) = demonstration.archive.with_name("demo-trust").iterdir()
    checked = subprocess.run(
        ["sh", bundle / "verify.sh", bundle, trust],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "VERIFIED" in checked.stdout
    assert "2 witnesses, 2 time stamps" in checked.stdout
    again = demonstration.read("verify", "bundle", str(bundle))
    assert again.returncode == 0
    assert again.stdout.startswith("2 of 2 witnesses, 2 authorities asked for")


def test_every_block_is_what_the_server_logged(demonstration: Demonstration) -> None:
    said = re.search(
        r"^(\d+) of (\d+) exchanges are byte", demonstration.first.stdout, re.M
    )
    assert said is not None
    assert said[1] == said[2]
    assert int(said[1]) >= 150


def test_keys_and_trust_lie_beside_the_archive_and_nothing_at_home(
    demonstration: Demonstration,
) -> None:
    folder = demonstration.archive.parent
    names = {path.name for path in folder.iterdir()}
    assert names == {"demo", "demo-trust", "demo-keys"}
    public = {path.name for path in demonstration.archive.rglob("*.pem")}
    assert all(name.endswith(".chain.pem") for name in public)
    for path in demonstration.archive.rglob("*"):
        assert not path.is_file() or b"PRIVATE KEY" not in path.read_bytes()
    assert list(folder.glob("demo-keys/*/operator.pem"))
    assert not list(demonstration.home.rglob("*.pem"))


def test_verify_agrees_from_outside(demonstration: Demonstration) -> None:
    done = demonstration.read("verify", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["outcome"] == "VERIFIED"


def test_an_english_query_finds_each_spelling_of_a_name(
    demonstration: Demonstration,
) -> None:
    done = demonstration.read("search", "--json", "--limit", "100", "Tsikhanouskaya")
    assert done.returncode == 0, done.stderr
    hits = json.loads(done.stdout)["hits"]
    texts = " ".join(s["text"] for hit in hits for s in hit["snippets"])
    assert [spelling for spelling in SPELLINGS if spelling not in texts] == []


def test_a_second_run_uses_what_is_there_and_serves(
    demonstration: Demonstration,
) -> None:
    before = sorted(demonstration.archive.rglob("*.warc.gz*"))
    with serving(demonstration) as address:
        page = urllib.request.urlopen(address, timeout=SECONDS).read()
    assert b"<form" in page
    assert sorted(demonstration.archive.rglob("*.warc.gz*")) == before


@contextmanager
def serving(demonstration: Demonstration) -> Iterator[str]:
    """The address of the pages, once the second run serves them."""
    words = ("demo", "--archive", str(demonstration.archive), "--port", "0")
    process = subprocess.Popen(
        [*COMMAND, *words, "--replay-port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**environment(demonstration.home), "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    timer = threading.Timer(REUSE_SECONDS, process.kill)
    timer.start()
    try:
        address = None
        for line in process.stdout:
            if line.startswith("open "):
                address = line.split()[1]
                break
        timer.cancel()
        assert address is not None, f"nothing served within {REUSE_SECONDS} s"
        yield address
    finally:
        timer.cancel()
        process.send_signal(signal.SIGTERM)
        process.stdout.close()
        assert process.wait(SECONDS) == 0


def test_another_archive_at_its_place_is_not_touched(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    other, keys = tmp_path / "main", tmp_path / "keys"
    words = ("--archive", str(other), "--keys", str(keys), "--trust", str(tmp_path))
    assert demonstration.run(*words, "init", "--name", "Somebody").returncode == 0
    before = {p: p.read_bytes() for p in other.rglob("*") if p.is_file()}
    done = demonstration.run("demo", "--once", "--archive", str(other))
    assert done.returncode == 6
    assert done.stderr.startswith("evidence: ")
    assert "Traceback" not in done.stderr
    assert {p: p.read_bytes() for p in other.rglob("*") if p.is_file()} == before


def test_a_folder_that_is_no_archive_is_not_touched(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    done = demonstration.run("demo", "--once", "--archive", str(tmp_path))
    assert done.returncode == 6
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_a_damaged_demonstration_is_refused(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    for name in ("demo", "demo-trust", "demo-keys"):
        shutil.copytree(demonstration.archive.with_name(name), tmp_path / name)
    segment = next((tmp_path / "demo" / "segments").rglob("*.warc.gz*"))
    segment.chmod(0o600)
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    done = demonstration.run("demo", "--once", "--archive", str(tmp_path / "demo"))
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_an_interrupted_first_run_is_begun_again(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    archive = tmp_path / "demo"
    with subprocess.Popen(
        [*COMMAND, "demo", "--once", "--archive", str(archive)],
        stdout=subprocess.PIPE,
        text=True,
        env={**environment(demonstration.home), "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        for _line in range(2):
            process.stdout.readline()  # the first crawl is done
        process.kill()
    assert not archive.exists()
    done = demonstration.run("demo", "--once", "--archive", str(archive))
    assert done.returncode == 0, done.stderr
