"""R16: six ways to be without a key; `capture` goes on, `sign` states it all later."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.attest.keys.keyfolder import sealing
from archive.claim import CLAIM
from archive.store.create import CreateRequest, create_archive
from tests.support.archives.archives import FixedClock, FixedRandom, make_archive
from tests.support.capturing.sources import IGNORE_ROBOTS, source_head
from tests.support.programs.inside import Done, call
from tests.support.servers.pages import serve_pages

PASSPHRASE = b"correct horse"
Evidence = Callable[..., Done]


def make_sealed(folder: Path) -> Path:
    """An archive whose keys are under a passphrase."""
    random_bytes = FixedRandom()
    create_archive(
        CreateRequest(
            root=folder / "archive",
            name="Observers of a test",
            keys_folder=lambda _archive_id: folder / "keys",
            trust_folder=folder / "trust",
            software="test",
            clock=FixedClock(),
            random_bytes=random_bytes,
            seal=sealing(PASSPHRASE, random_bytes),
        )
    )
    return folder / "archive"


def _no_folder(keys: Path) -> None:
    keys.rename(keys.with_name("away"))


def _no_file(keys: Path) -> None:
    (keys / "operator.pem").rename(keys.with_name("operator.away"))


def _loose(keys: Path) -> None:
    (keys / "operator.pem").chmod(0o644)


def _nothing(_keys: Path) -> None:
    """The passphrase is what is missing."""


def _of_another(keys: Path) -> None:
    keys.rename(keys.with_name("away"))
    other = make_archive(keys.parent / "other", seed="other")
    shutil.copytree(other.keys_folder, keys)


def _restore(keys: Path) -> None:
    away = keys.with_name("away")
    if away.exists():
        shutil.rmtree(keys, ignore_errors=True)
        away.rename(keys)
    if keys.with_name("operator.away").exists():
        keys.with_name("operator.away").rename(keys / "operator.pem")
    (keys / "operator.pem").chmod(0o600)


CASES: dict[str, tuple[Callable[[Path], None], bytes | None]] = {
    "no key folder": (_no_folder, PASSPHRASE),
    "no operator key": (_no_file, PASSPHRASE),
    "loose mode": (_loose, PASSPHRASE),
    "no passphrase": (_nothing, None),
    "wrong passphrase": (_nothing, b"wrong horse"),
    "keys of another archive": (_of_another, PASSPHRASE),
}


@pytest.mark.parametrize("name", list(CASES))
def test_R16_without_a_key_captures_wait_and_are_signed_later(
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root, keys = make_sealed(tmp_path), tmp_path / "keys"
    monkeypatch.setattr(sys, "stdin", None)
    spoil, passphrase = CASES[name]

    def evidence(*verb: str, given: bytes | None = PASSPHRASE) -> Done:
        options = ["--archive", str(root), "--keys", str(keys)]
        options += ["--trust", str(tmp_path / "trust")]
        if given is None:
            return call([*options, *verb], capsys)
        reading, writing = os.pipe()
        os.write(writing, given + b"\n")
        os.close(writing)
        try:
            return call([*options, "--passphrase-fd", str(reading), *verb], capsys)
        finally:
            os.close(reading)

    spoil(keys)
    with serve_pages() as pages:
        (url,) = pages.urls(1)
        done = evidence(
            *("capture", url, "--allow-network", "127.0.0.0/8", "--parts", "none"),
            "--json",
            given=passphrase,
        )
    assert done.code == 7, done.err
    assert "wait unsigned" in done.err.splitlines()[-1]
    assert "horse" not in done.out + done.err
    told = [json.loads(line) for line in done.out.splitlines()]
    assert url in {row["uri"] for row in told}
    assert evidence("list", "--json").out == ""
    waiting = evidence("list", "--waiting", "--json")
    rows = [json.loads(line) for line in waiting.out.splitlines()]
    assert {row["proof"] for row in rows} == {"NOT CHECKED"}
    assert {row["id"] for row in told} <= {row["id"] for row in rows}
    verified = evidence("verify")
    assert (verified.code, "waiting-unsigned" in verified.out) == (3, True)
    assert evidence("sign", given=passphrase).code == 2  # nobody said yes
    assert evidence("sign", "--yes", given=passphrase).code == 7
    _restore(keys)
    signed = evidence("sign", "--yes")
    assert signed.code == 0, signed.err
    assert signed.err == f"{len(rows)} entries signed\n"
    assert evidence("verify").code == 0
    listed = [json.loads(line) for line in evidence("list", "--json").out.splitlines()]
    assert [row["id"] for row in listed] == [row["id"] for row in told]
    assert evidence("list", "--waiting").out == ""
    shown = json.loads(evidence("show", listed[-1]["id"], "--json").out)
    assert shown["claim"] == CLAIM
    assert shown["signed"] > shown["captured_at"]
    assert "nothing waits" in evidence("sign").err


def test_a_crawl_without_a_key_waits_too_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_archive(tmp_path)
    with serve_pages() as pages:
        (made.keys_folder / "operator.pem").unlink()
        sources = tmp_path / "sources"
        sources.mkdir()
        (sources / "outlet.toml").write_text(SOURCE)
        done = call(
            [
                *("--archive", str(made.root), "--keys", str(made.keys_folder)),
                *("--trust", str(made.trust_folder), "crawl", "outlet"),
                *("--sources", str(sources), "--allow-network", "127.0.0.0/8"),
                *("--connect-to", f"h0.example:80=127.0.0.1:{pages.port}"),
            ],
            capsys,
        )
    assert done.code == 7, done.err
    assert "wait unsigned" in done.err
    options = ["--archive", str(made.root), "list", "--waiting", "--json"]
    rows = [json.loads(line) for line in call(options, capsys).out.splitlines()]
    assert "http://h0.example/page/1" in {row["uri"] for row in rows}
    assert rows[0]["kind"] == "job-open"
    assert rows[-1]["kind"] == "job-close"


SOURCE = (
    source_head()
    + """parts = "none"

[[host]]
name = "h0.example"
role = "main"
known = "test"

[[seed]]
url = "http://h0.example/page/1"
spider = "page"

[[scope]]
path = '/page/.*'
action = "fetch"

[limits]
delay_ms = 0
"""
    + IGNORE_ROBOTS
)
