"""From a served page to the record in a browser's place: two commands, real sockets."""

import hashlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.support.servers.serving import QuietHttpServer, serving
from web.guards.headers import app_headers, replay_headers
from web.serving import LARGE_AT_ONCE, REQUEST_HEAD_BYTES, THREADS

PAGE = """<!doctype html><html lang=be><head><meta charset=utf-8>
<title>Вынікі выбараў</title><link rel=stylesheet href=style.css></head>
<body><h1>Вынікі</h1><p>Старшыня камісіі назвала яўку. Святлана Ціханоўская лічыць
гэтыя лічбы выдуманымі, а назіральнікі не былі дапушчаны да падліку галасоў.</p>
<script src=/x.js></script><img src=lost.png></body></html>""".encode()
STYLE = b"body{color:#123;background:url(//outside.example/x)}"
LARGE_BYTES = 6 << 20
"""More than waitress keeps in memory by its defaults before it writes files."""
START_SECONDS = 30
SAME_SITE = (
    "--app-origin",
    "https://a.b.example",
    "--replay-origin",
    "https://c.b.example",
)
EVIDENCE = str(Path(sys.executable).parent / "evidence")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Archive:
    """An archive folder and its captures as the command printed them."""

    folder: Path
    captures: list[dict[str, object]]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [EVIDENCE, "--archive", str(self.folder / "archive"), *words],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @property
    def environ(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("EVIDENCE_")}
        return kept | {
            "EVIDENCE_TRUST_DIR": str(self.folder / "trust"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "TMPDIR": str(self.folder / "tmp"),
        }

    def find(self, ending: str) -> dict[str, str]:
        (found,) = [one for one in self.captures if str(one["uri"]).endswith(ending)]
        return {name: str(value) for name, value in found.items()}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("serving")
    site = folder / "site"
    for path in (site, folder / "tmp"):
        path.mkdir()
    (site / "index.html").write_bytes(PAGE)
    (site / "style.css").write_bytes(STYLE)
    (site / "large.bin").write_bytes(os.urandom(LARGE_BYTES))
    made = Archive(folder=folder, captures=[])
    assert made.run("init", "--name", "Observers").returncode == 0
    handler = partial(_Quiet, directory=str(site))
    allow = ("--allow-network", "127.0.0.0/8", "--json")
    with serving(QuietHttpServer(("127.0.0.1", 0), handler)) as port:
        base = f"http://127.0.0.1:{port}"
        done = made.run("capture", f"{base}/", f"{base}/large.bin", *allow)
    made.captures = [json.loads(line) for line in done.stdout.splitlines()]
    assert made.captures, done.stderr
    indexed = made.run("index")
    assert indexed.returncode == 0, indexed.stderr
    return made


@dataclass
class Served:
    """A running `evidence serve`."""

    process: subprocess.Popen[str]
    app: str
    replay: str

    def get(self, origin: str, path: str) -> tuple[int, bytes]:
        status, _, body = self.ask(origin, "GET", path)
        return status, body

    def ask(
        self, origin: str, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        split = urlsplit(origin)
        link = http.client.HTTPConnection(
            "127.0.0.1", split.port, timeout=START_SECONDS
        )
        sent = {"Host": split.netloc}
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(link):
            link.request(method, path, urlencode(form) if form else None, sent)
            answer = link.getresponse()
            return answer.status, dict(answer.headers), answer.read()


@pytest.fixture(scope="module")
def served(archive: Archive) -> Iterator[Served]:
    command = [EVIDENCE, "--archive", str(archive.folder / "archive"), "serve"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--replay-port", "0"],
        env=archive.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    app = re.fullmatch(r"open (http://127\.0\.0\.1:\d+)/\n", process.stdout.readline())
    assert app is not None
    replay = re.search(r"http://localhost:\d+", process.stdout.readline())
    assert replay is not None
    yield Served(process=process, app=app[1], replay=replay[0])
    process.terminate()
    try:
        assert process.wait(timeout=15) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.stdout.close()
        if process.stderr is not None:
            process.stderr.close()


def test_a_name_typed_in_english_leads_to_a_verified_record(
    archive: Archive, served: Served
) -> None:
    form = {"q": "Tsikhanouskaya"}
    status, headers, _ = served.ask(served.app, "POST", "/search", form)
    assert status == 303
    status, html = served.get(served.app, headers["Location"])
    assert status == 200
    assert "<mark>Ціханоўская</mark>" in html.decode()
    short = archive.find("/")["short_id"]
    assert f"/c/{short}" in html.decode()
    status, record = served.get(served.app, f"/c/{short}")
    assert status == 200
    assert "badge-verified" in record.decode()
    assert "one witness: the operator; no independent time" in record.decode()
    assert f'src="{served.replay}/v/{short}"' in record.decode()


def test_the_page_is_replayed_with_its_own_style_sheet(
    archive: Archive, served: Served
) -> None:
    short = archive.find("/")["short_id"]
    status, html = served.get(served.replay, f"/v/{short}")
    assert status == 200
    assert b"<script" not in html
    assert b"missing part: image" in html
    sheet = re.search(rb'href="(/p/[a-z2-7]{26}/\d+)"', html)
    assert sheet is not None
    status, css = served.get(served.replay, sheet[1].decode())
    assert css == b"body{color:#123;background:none;}"


@pytest.mark.parametrize(("ending", "body"), [("/", PAGE), ("/style.css", STYLE)])
def test_the_original_bytes_come_back(
    archive: Archive, served: Served, ending: str, body: bytes
) -> None:
    found = archive.find(ending)
    assert served.get(served.replay, f"/raw/{found['short_id']}") == (200, body)
    _, slice_bytes = served.get(served.replay, f"/raw/{found['short_id']}/slice")
    assert hashlib.sha256(slice_bytes).hexdigest() == found["id"]


def test_the_whole_archive_is_checked_behind_the_pages(served: Served) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        status = json.loads(served.get(served.app, "/api/v1/status")[1])
        if status["sweep"] == "done":
            break
        time.sleep(0.2)
    assert status["outcome"] == "VERIFIED"


def raw(origin: str, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", urlsplit(origin).port or 0)) as link:
        link.settimeout(START_SECONDS)
        link.sendall(data)
        answer = b""
        while part := link.recv(65_536):
            answer += part
        return answer


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: ".ljust(REQUEST_HEAD_BYTES, b"x"), b"431"),
        (
            b"POST /search HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n",
            b"413",
        ),
    ],
)
def test_errors_of_the_server_itself_carry_the_fixed_headers(
    served: Served, request_bytes: bytes, status: bytes
) -> None:
    origins = {"app_origin": served.app, "replay_origin": served.replay}
    sets = (
        (served.app, app_headers(**origins).usual),
        (served.replay, replay_headers(**origins).usual),
    )
    for origin, expected in sets:
        head = raw(origin, request_bytes).split(b"\r\n\r\n")[0].split(b"\r\n")
        assert head[0].split()[1] == status
        pairs = dict(line.decode().lower().split(": ", 1) for line in head[1:])
        for name in ("content-type", "content-length", "connection", "date"):
            pairs.pop(name, None)
        assert pairs == {name.lower(): value.lower() for name, value in expected}


def test_a_slow_reader_makes_no_file_on_disk(archive: Archive, served: Served) -> None:
    path = f"/raw/{archive.find('/large.bin')['short_id']}"
    request = f"GET {path} HTTP/1.1\r\nHost: {urlsplit(served.replay).netloc}\r\n\r\n"
    port = urlsplit(served.replay).port or 0
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        link.sendall(request.encode())
        time.sleep(1.5)
        folder = Path(f"/proc/{served.process.pid}/fd")
        targets = [os.readlink(one) for one in folder.iterdir()]  # noqa: PTH115
    kept = str(archive.folder / "archive")
    files = [one for one in targets if one.startswith("/") and kept not in one]
    assert [one for one in files if not one.startswith("/dev/")] == []
    assert list((archive.folder / "tmp").iterdir()) == []


def test_readers_of_one_byte_leave_workers_to_others(
    archive: Archive, served: Served
) -> None:
    path = f"/raw/{archive.find('/large.bin')['short_id']}"
    split = urlsplit(served.replay)
    request = f"GET {path} HTTP/1.1\r\nHost: {split.netloc}\r\n\r\n".encode()
    with ExitStack() as stack:
        answers = []
        for _ in range(2 * THREADS):
            link = socket.socket()
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            link.settimeout(START_SECONDS)
            link.connect(("127.0.0.1", split.port))
            stack.enter_context(link)
            link.sendall(request)
            answers.append(link.recv(12))
        page = f"/v/{archive.find('/')['short_id']}"
        assert served.get(served.replay, page)[0] == 200
        assert served.get(served.app, "/")[0] == 200
    assert answers.count(b"HTTP/1.1 200") == LARGE_AT_ONCE
    assert answers.count(b"HTTP/1.1 503") == 2 * THREADS - LARGE_AT_ONCE


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--bind", "0.0.0.0"), "--allow-public"),
        (("--bind", "0.0.0.0", "--allow-public"), "--app-origin"),
        (("--app-origin", "https://a.example"), "together"),
        (SAME_SITE, "different sites"),
    ],
)  # fmt: skip
def test_unsafe_settings_are_refused(
    archive: Archive, words: tuple[str, ...], told: str
) -> None:
    done = archive.run("serve", "--port", "0", "--replay-port", "0", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named(archive: Archive, served: Served) -> None:
    port = str(urlsplit(served.app).port)
    done = archive.run("serve", "--port", port, "--replay-port", "0")
    assert done.returncode == 2
    assert port in done.stderr
    assert "--port" in done.stderr


def test_a_missing_archive_is_named(archive: Archive, tmp_path: Path) -> None:
    other = Archive(folder=tmp_path, captures=[])
    done = other.run("serve")
    assert done.returncode == 6
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["text", "bibtex", "ris", "csl", "pwid"])
def test_the_command_cites_as_the_page_does(
    archive: Archive, served: Served, name: str
) -> None:
    short = archive.find("/")["short_id"]
    done = archive.run("cite", short, "--format", name)
    assert done.returncode == 0, done.stderr
    if name == "text":
        _, record = served.get(served.app, f"/api/v1/c/{short}")
        assert done.stdout.strip() == json.loads(record)["citation"]
    else:
        assert done.stdout.strip()
