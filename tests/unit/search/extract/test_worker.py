"""The child process: a crash, a loop or a thief of memory costs one document."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from search.extract.files import scans
from search.extract.files.ocr import ReadPicture, Tesseract
from search.extract.files.scans import ScanReader
from search.extract.worker import Worker

ROOT = Path(__file__).resolve().parents[4]
PAGE = "<html><title>Т</title><body><p>Прывітанне</p></body></html>".encode()


@pytest.fixture
def worker() -> Iterator[Worker]:
    # A child loads for seconds on a busy machine; its first document waits for it.
    with Worker(seconds=300) as made:
        yield made


def read(worker: Worker, data: bytes = PAGE) -> str:
    return worker.extract(data, media_type="text/html", charset=None).text


def test_extracts_many_documents_in_one_child(worker: Worker) -> None:
    assert [read(worker) for _ in range(3)] == ["Прывітанне"] * 3


def test_killed_child_is_replaced_and_the_document_says_so(worker: Worker) -> None:
    read(worker)
    assert worker._child is not None
    worker._child.kill()
    worker._child.wait()
    made = worker.extract(PAGE, media_type="text/html", charset=None)
    assert made.warnings == ("extractor_crashed",)
    assert read(worker) == "Прывітанне"


def test_slow_document_is_given_up() -> None:
    with Worker(seconds=0.01) as worker:
        made = worker.extract(PAGE, media_type="text/html", charset=None)
        assert made.warnings == ("extractor_timeout",)
        assert made.text == ""


def test_large_payload_and_answer_pass_the_pipes(worker: Worker) -> None:
    text = "выбары " * 200_000
    made = worker.extract(text.encode(), media_type="text/plain", charset=None)
    assert made.text == text.strip()


def test_words_of_a_document_stay_where_joining_those_of_its_pictures_fails(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = replace(
        worker.extract(b"Own words", media_type="text/plain", charset=None),
        warnings=("scanned_pages",),
    )
    program = Tesseract(program="tesseract", extractor="tesseract/5", languages="eng")
    picture = ReadPicture(text="read", words=1, sure=0.9)
    monkeypatch.setattr(scans, "read_picture", lambda *_: picture)
    reader = ScanReader(program=program, draw=lambda _: b"", join=worker._join)
    joined = reader.read_image(made, b"picture")
    assert (joined.warnings, joined.sure) == (("ocr",), 0.9)
    assert "read" in joined.text
    monkeypatch.setattr(worker, "_seconds", 0.0)
    assert reader.read_image(made, b"picture") == made


def run_restricted(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import socket, subprocess, os\n"
            "from search.extract.children.child import restrict\n"
            "from search.extract.worker import MEMORY_BYTES\n"
            "restrict(MEMORY_BYTES)\n" + code,
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "code",
    [
        "socket.socket()",
        "socket.getaddrinfo('localhost', 80)",
        "socket.create_connection(('127.0.0.1', 9))",
        "subprocess.run(['true'])",
        "os.system('true')",
    ],
)
def test_child_reaches_no_network_and_no_program(code: str) -> None:
    done = run_restricted(code)
    assert done.returncode == 1
    assert "PermissionError" in done.stderr


def test_child_has_bounded_memory() -> None:
    assert "MemoryError" in run_restricted("bytearray(3 * 1024**3)").stderr


def test_child_writes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    done = run_restricted(f"open({str(path)!r}, 'wb', buffering=0).write(b'a' * 10)")
    assert done.returncode != 0
    assert not path.exists() or path.stat().st_size == 0


def test_libraries_open_no_connection_and_raise_no_warning() -> None:
    code = (
        "import sys\n"
        "def refuse(event, args):\n"
        "    if event.startswith(('socket.connect', 'socket.getaddrinfo')):\n"
        "        raise SystemExit(f'network: {event}')\n"
        "sys.addaudithook(refuse)\n"
        "import search.answering.service, search.cli\n"
        "from search.extract.by_type import extract\n"
        "from search.extract.language import identify\n"
        "from search.analysis.lemmas import query_lemmas\n"
        "made = extract(b'<html><body><p>' + b'word ' * 99, media_type='text/html')\n"
        "assert made.text and identify(made.text) and query_lemmas('words')\n"
        "print('quiet')\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("quiet\n", "", 0)
