"""P1: after 10,000 requests nothing on disk says who asked, with what, for what."""

import http.client
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.programs.command import COMMAND, Command

REQUESTS = 10_000
CANARIES = (
    "203.0.113.219",
    "CanaryAgent",
    "canaryquery",
    "canary.example",
    "be-canary",
)
FIND = re.compile("|".join(map(re.escape, CANARIES)).encode(), re.IGNORECASE)
HEADERS = {
    "User-Agent": "CanaryAgent/9.1",
    "X-Forwarded-For": "203.0.113.219",
    "Forwarded": "for=203.0.113.219",
    "Referer": "http://canary.example/from",
    "Accept-Language": "be-canary,ru;q=0.5",
    "Cookie": "id=canaryquery",
}


@contextmanager
def served(made: MadeArchive, home: Path) -> Iterator[tuple[str, str, Path]]:
    """`evidence serve` whose every file lies below `home`; its words go to a file."""
    command = Command(home=home, archive=made.root, trust=made.trust_folder)
    said = home / "said.txt"
    folder = home / "tmp"
    folder.mkdir()
    with said.open("wb") as stream:
        process = subprocess.Popen(
            [
                *(*COMMAND, "--archive", str(made.root), "serve"),
                *("--port", "0", "--replay-port", "0"),
            ],
            env=command.environment()
            | {"PYTHONUNBUFFERED": "1", "TMPDIR": str(folder)},
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
        )
    try:
        assert process.stdout is not None
        lines = process.stdout.readline() + process.stdout.readline()
        app, replay = re.findall(r"http://[a-z0-9.]+:\d+", lines)
        yield app, replay, said
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def addresses(
    made: MadeArchive, short_ids: list[str]
) -> Iterator[tuple[str, bool, int]]:
    """What is asked for: a path, whether it is a form, and how it is answered."""
    for number in range(REQUESTS):
        short = short_ids[number % len(short_ids)]
        yield (
            (f"/c/{short}?canaryquery={number}", False, 200),
            ("/search", True, 303),
            (f"/cdx?url=http://canary.example/{number}", False, 200),
            (f"/timegate/http://canary.example/{number}", False, 404),
            (f"/canaryquery/{number}", False, 404),
            ("/status?canaryquery", False, 200),
            ("/find", True, 404),
            ("/api/v1/status?canaryquery", False, 200),
        )[number % 8]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_P1_ten_thousand_requests_leave_no_trace(tmp_path: Path) -> None:
    made = make_archive(tmp_path)
    short_ids = [one.short_id for one in made.fill(20)]
    home = tmp_path / "home"
    home.mkdir()
    command = Command(home=home, archive=made.root, trust=made.trust_folder)
    assert command.run("index").returncode == 0
    with served(made, home) as (app, replay, said):
        split, other = urlsplit(app), urlsplit(replay)
        link = http.client.HTTPConnection("127.0.0.1", split.port, timeout=60)
        with closing(link):
            for path, is_form, status in addresses(made, short_ids):
                body = f"q={quote('canaryquery canary.example')}" if is_form else None
                sent = HEADERS | {"Host": split.netloc}
                if body:
                    sent["Content-Type"] = "application/x-www-form-urlencoded"
                link.request("POST" if body else "GET", path, body, sent)
                answer = link.getresponse()
                answer.read()
                assert answer.status == status, path
                assert "Set-Cookie" not in answer.headers
        frame = http.client.HTTPConnection("127.0.0.1", other.port, timeout=60)
        with closing(frame):
            for short in short_ids:
                sent = HEADERS | {"Host": other.netloc}
                frame.request("GET", f"/v/{short}?canaryquery", None, sent)
                shown = frame.getresponse()
                assert shown.status == 200, short
                assert shown.read()
        assert said.read_bytes() == b""
    searched = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(searched) > 20
    found = [path for path in searched if FIND.search(path.read_bytes())]
    assert found == []
    assert list((home / "tmp").iterdir()) == []
