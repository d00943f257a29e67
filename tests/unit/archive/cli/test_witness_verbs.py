"""The verbs of witnesses, trust and receipts, as they are typed."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from archive.attest.trust.folder import read_trust, read_trust_folder, trust_path
from archive.log.proof import format_proof, parse_proof
from archive.settings import parse_settings
from tests.support.archives.archives import MadeArchive
from tests.support.programs.command import COMMAND, REPOSITORY
from tests.support.programs.inside import Done
from tests.support.servers.witnesses import Running, running

Evidence = Callable[..., Done]


@pytest.fixture
def witness(made: MadeArchive, tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "w", logs=(made.identity.log_vkey,)) as found:
        yield found


def enrol(evidence: Evidence, witness: Running, *options: str) -> Done:
    peer = witness.peer
    return evidence(
        "witness", "enrol", "w1", "--url", peer.url, "--vkey", peer.vkey, *options
    )


def test_from_enrolment_to_a_verified_quorum(
    evidence: Evidence, made: MadeArchive, witness: Running, tmp_path: Path
) -> None:
    made.fill(2)
    done = enrol(evidence, witness)
    assert done.code == 0, done.err
    assert "1 of 1 witnesses" in done.out
    trust = read_trust(made.trust_folder, made.identity.origin)
    assert trust is not None
    assert (trust.witness_quorum, len(trust.witnesses)) == (1, 1)

    verified = evidence("verify", "--json")
    assert verified.code == 0
    report = json.loads(verified.out)
    assert report["headline"].startswith("1 of 1 witnesses, 0 authorities")
    assert 9 in report["required"]

    printed = done.out[done.out.index("[[witness.witnesses]]") :]
    assert parse_settings(printed.encode(), "printed").witnesses == (witness.peer,)
    settings = tmp_path / "settings.toml"
    settings.write_text(printed)
    made.fill(1)  # by a writer without settings: nobody cosigned
    assert evidence("verify").code == 3
    done = evidence("--settings", str(settings), "checkpoint")
    assert done.code == 0, done.err
    assert "w1: cosigned 2025-01-26T09:00:00.000000Z" in done.out
    assert evidence("verify").code == 0


def test_enrolling_again_changes_nothing_but_the_quorum(
    evidence: Evidence, made: MadeArchive, witness: Running
) -> None:
    made.fill(1)
    assert enrol(evidence, witness).code == 0
    before = trust_path(made.trust_folder, made.identity.origin)
    files = {path.name: path.read_bytes() for path in before.iterdir()}
    assert enrol(evidence, witness).code == 0
    assert {path.name: path.read_bytes() for path in before.iterdir()} == files
    assert enrol(evidence, witness, "--quorum", "0").code == 0
    trust = read_trust(made.trust_folder, made.identity.origin)
    assert trust is not None
    assert trust.witness_quorum == 0
    assert enrol(evidence, witness, "--quorum", "2").code == 2


def test_a_witness_that_refuses_is_not_believed(
    evidence: Evidence, made: MadeArchive, tmp_path: Path
) -> None:
    with running(tmp_path / "stranger") as stranger:
        done = enrol(evidence, stranger)
    assert done.code == 7
    assert "404" in done.err
    gone = enrol(evidence, stranger)
    assert gone.code == 7
    assert "refused" in gone.err
    trust = read_trust(made.trust_folder, made.identity.origin)
    assert trust is not None
    assert trust.witnesses == ()
    assert evidence("witness", "enrol", "w9").code == 2


def test_an_unreachable_witness_is_shown_as_pending(
    evidence: Evidence, made: MadeArchive, tmp_path: Path, witness: Running
) -> None:
    made.fill(1)
    with running(tmp_path / "gone", "w2") as gone:
        peers = (witness.peer, gone.peer)
    settings = tmp_path / "settings.toml"
    settings.write_text(
        "".join(
            f'[[witness.witnesses]]\nname = "{p.name}"\nurl = "{p.url}"\n'
            f'vkey = "{p.vkey}"\n'
            for p in peers
        )
    )
    done = evidence("--settings", str(settings), "checkpoint", "--json")
    assert done.code == 0
    witnesses = json.loads(done.out)["witnesses"]
    assert witnesses["w1"] is not None
    assert witnesses["w2"] is None
    assert "pending: http://127.0.0.1:" in done.err


def test_a_witness_with_a_bad_key_in_the_settings_is_named(
    evidence: Evidence, tmp_path: Path, made: MadeArchive
) -> None:
    settings = tmp_path / "settings.toml"
    for vkey in ("nonsense", made.identity.log_vkey):
        settings.write_text(
            '[[witness.witnesses]]\nname = "w7"\nurl = "http://127.0.0.1:9/"\n'
            f'vkey = "{vkey}"\n'
        )
        done = evidence("--settings", str(settings), "checkpoint")
        assert done.code == 2
        assert "w7" in done.err


def test_a_receipt_is_a_proof_file_that_leads_to_the_checkpoint(
    evidence: Evidence, made: MadeArchive, tmp_path: Path
) -> None:
    captures = made.fill(3)
    path = tmp_path / "receipt.tlog-proof"
    done = evidence("receipt", captures[1].short_id, "-o", str(path))
    assert done.code == 0
    proof = parse_proof(path.read_bytes())
    assert proof.index == captures[1].leaf
    assert proof.checkpoint_note == (made.root / "log" / "checkpoint").read_bytes()
    assert evidence("receipt", captures[1].short_id).out.encode() == format_proof(proof)
    assert evidence("receipt", captures[1].short_id, "-o", str(path)).code == 6
    assert evidence("receipt", "a" * 26).code == 6


def test_verify_holds_the_log_against_a_kept_checkpoint(
    evidence: Evidence, made: MadeArchive, tmp_path: Path
) -> None:
    captures = made.fill(1)
    kept = tmp_path / "kept"
    kept.write_bytes((made.root / "log" / "checkpoint").read_bytes())
    made.fill(1)
    assert evidence("verify", "--last-seen", str(kept)).code == 0
    one = ("verify", "capture", captures[0].short_id, "--last-seen", str(kept))
    assert evidence(*one).code == 0
    kept.write_bytes(b"nonsense")
    assert evidence(*one).code == 3
    assert evidence("verify", "--last-seen", str(tmp_path / "none")).code == 2


# trust


def test_somebody_elses_trust_is_taken_over_after_its_fingerprint(
    evidence: Evidence, plain: Evidence, made: MadeArchive, tmp_path: Path
) -> None:
    shown = json.loads(evidence("trust", "show", "--json").out)
    mine = tmp_path / "mine"
    options = ("--archive", str(made.root), "--trust", str(mine))
    assert plain(*options, "verify").code == 3
    wrong = plain(*options, "trust", "add", shown["folder"], "--fingerprint", "00")
    assert wrong.code == 3
    assert not mine.exists()
    known = ("--fingerprint", shown["fingerprint"].upper())
    for _ in range(2):
        assert plain(*options, "trust", "add", shown["folder"], *known).code == 0
    made.fill(1)
    assert plain(*options, "verify").code == 0
    listed = plain(*options, "trust", "list", "--json")
    assert json.loads(listed.out) == {
        **shown,
        "folder": str(trust_path(mine, made.identity.origin)),
    }
    assert made.identity.origin in plain(*options, "trust", "list").out
    assert shown["fingerprint"] in plain(*options, "trust", "show").out


def test_the_fingerprint_is_what_sha256sum_gives(
    evidence: Evidence, require_program: Callable[[str], Path]
) -> None:
    require_program("sha256sum")
    shown = json.loads(evidence("trust", "show", "--json").out)
    done = subprocess.run(
        ["sh", "-c", "LC_ALL=C; export LC_ALL; sha256sum * | sha256sum"],
        cwd=shown["folder"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[0] == shown["fingerprint"]


def test_what_is_believed_is_what_was_shown_whoever_writes_into_the_folder_meanwhile(
    evidence: Evidence,
    plain: Evidence,
    made: MadeArchive,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = json.loads(evidence("trust", "show", "--json").out)
    stick = Path(shutil.copytree(shown["folder"], tmp_path / "stick"))

    def swap_and_confirm(*_words: object, **_options: object) -> bool:
        (stick / "quorum").write_bytes(b"0 0\n")
        (stick / "log.name").write_bytes(b"somebody-else.example\n")
        return True

    monkeypatch.setattr(click, "confirm", swap_and_confirm)
    mine = tmp_path / "mine"
    done = plain("--trust", str(mine), "trust", "add", str(stick))
    assert done.code == 0, done.err
    kept = read_trust_folder(trust_path(mine, made.identity.origin))
    assert kept.fingerprint == shown["fingerprint"]
    assert shown["fingerprint"] in done.out


def test_without_a_fingerprint_a_person_is_asked(
    made: MadeArchive, tmp_path: Path
) -> None:
    folder = trust_path(made.trust_folder, made.identity.origin)
    mine = tmp_path / "mine"
    for said, code in (("n\n", 2), ("", 130), ("y\n", 0)):
        done = subprocess.run(
            [*COMMAND, "--trust", str(mine), "trust", "add", str(folder)],
            input=said,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            timeout=100,
        )
        assert done.returncode == code, done.stderr
        assert "fingerprint" in done.stdout
        assert mine.exists() == (code == 0)


def test_other_trust_for_a_known_log_is_refused(
    plain: Evidence, made: MadeArchive, tmp_path: Path
) -> None:
    folder = trust_path(made.trust_folder, made.identity.origin)
    other = tmp_path / "other"
    other.mkdir()
    for path in folder.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    operators = (folder / "operators").read_text()
    (other / "operators").write_text(operators.replace(" 1 ", " 2 "))
    options = ("--trust", str(made.trust_folder), "trust", "add", str(other))
    shown = plain(*options, "--fingerprint", "00")
    value = shown.err.split("has the fingerprint ")[1].split(",")[0]
    assert plain(*options, "--fingerprint", value).code == 6
    (other / "surplus").write_text("x")
    assert plain(*options, "--fingerprint", value).code == 4


def test_nothing_known_is_said(plain: Evidence, made: MadeArchive) -> None:
    done = plain("--archive", str(made.root), "trust", "show")
    assert done.code == 3
    assert "nothing is known" in done.err
    assert plain("trust", "list").out == ""


def test_a_witness_in_a_process_of_its_own(
    evidence: Evidence, made: MadeArchive, tmp_path: Path
) -> None:
    folder = tmp_path / "served"
    new = evidence("witness", "new", str(folder), "--name", "w.example/1")
    assert new.code == 0
    vkey = new.out.strip()
    assert evidence("witness", "add", str(folder), made.identity.log_vkey).code == 0
    assert evidence("witness", "add", str(folder), vkey).code == 2
    assert evidence("witness", "new", str(folder), "--name", "w.example/1").code == 7
    assert evidence("witness", "new", str(tmp_path / "x"), "--name", "a b").code == 2
    with subprocess.Popen(
        [*COMMAND, "witness", "serve", str(folder), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split(" at ")[1].strip()
            assert evidence("witness", "serve", str(folder), "--port", "0").code == 7
            made.fill(1)
            done = evidence("witness", "enrol", "w1", "--url", url, "--vkey", vkey)
            assert done.code == 0, done.err
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=20)
            assert time.monotonic() - began < 15
        finally:
            process.kill()
    assert process.returncode == 0
    assert (out, err) == ("", ""), "nobody who asks is logged"
    public = ("witness", "serve", str(folder), "--bind", "0.0.0.0")
    assert evidence(*public).code == 2
