"""`list`, `show`, `verify`: exit codes and JSON keys that other programs rely on."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive.capture import CaptureOutcome
from archive.cli import reading
from archive.cli.described import capture_json, class_json
from archive.store.reading.reader import ArchiveReader
from tests.support.archives.archives import (
    MadeArchive,
    artifact,
    make_exchange,
    make_page,
)
from tests.support.disk.folders import open_segment
from tests.support.programs.inside import Done

Evidence = Callable[..., Done]

LIST_KEYS = {
    "id",
    "short_id",
    "uri",
    "outcome",
    "http_status",
    "captured_at",
    "segment",
    "offset",
    "length",
}
"""Of the command-line contract; more may stand beside them."""
FINDING_KEYS = {"step", "code", "outcome", "subject", "detail"}


def rows(done: Done) -> list[dict[str, object]]:
    """One JSON object a line."""
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


# list


def test_an_empty_archive_lists_nothing(evidence: Evidence) -> None:
    assert rows(evidence("list", "--json")) == []
    assert evidence("list").code == 0


def test_list_gives_every_capture_oldest_first(
    made: MadeArchive, evidence: Evidence
) -> None:
    captures = made.fill(3)
    listed = rows(evidence("list", "--json"))
    assert [row["id"] for row in listed] == [c.capture_id for c in captures]
    assert all(set(row) >= LIST_KEYS for row in listed)
    expected = {**capture_json(captures[0]), **class_json(None)}
    assert listed[0] == json.loads(json.dumps(expected))


def test_list_names_the_place_of_each_slice(
    made: MadeArchive, evidence: Evidence
) -> None:
    made.fill(1)
    (row,) = rows(evidence("list", "--json"))
    path = made.root / "segments" / f"{row['segment']}.open"
    offset, length = int(str(row["offset"])), int(str(row["length"]))
    data = path.read_bytes()[offset : offset + length]
    assert data.startswith(b"\x1f\x8b\x08")
    assert len(data) == length


def test_list_of_one_address_and_with_a_limit(
    made: MadeArchive, evidence: Evidence
) -> None:
    made.fill(3)
    (row,) = rows(evidence("list", "--json", "--uri", "http://a.example/1"))
    assert row["uri"] == "http://a.example/1"
    assert rows(evidence("list", "--json", "--uri", "http://a.example/none")) == []
    assert len(rows(evidence("list", "--json", "--limit", "2"))) == 2
    assert len(rows(evidence("list", "--json", "--limit", "0"))) == 3


def test_only_the_table_has_a_limit_of_its_own_and_says_what_it_leaves_out(
    made: MadeArchive, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.fill(3)
    monkeypatch.setattr(reading, "LIST_LIMIT", 2)
    assert len(rows(evidence("list", "--json"))) == 3
    short = evidence("list")
    assert len(short.out.splitlines()) == 2
    assert "only the oldest 2 are listed; --limit 0" in short.err
    whole = evidence("list", "--limit", "0")
    assert len(whole.out.splitlines()) == 3
    assert whole.err == ""
    assert evidence("list", "--limit", "3").err == ""


def test_list_for_people_shows_address_and_short_id(
    made: MadeArchive, evidence: Evidence
) -> None:
    (capture,) = made.fill(1)
    done = evidence("list")
    assert capture.short_id in done.out
    assert "http://a.example/0" in done.out


def test_a_page_is_listed_beside_its_captures(
    made: MadeArchive, evidence: Evidence
) -> None:
    page = make_page(made)
    lines = [line.split("\t") for line in evidence("list").out.splitlines()]
    assert [(line[2], line[5]) for line in lines] == [
        ("200", "http://a.example/"),
        ("200", "http://a.example/style.css"),
        ("page", "http://a.example/"),
    ]
    assert lines[2][4] == page.short_id
    assert [row["kind"] for row in rows(evidence("list", "--json"))] == [
        "capture",
        "capture",
        "page",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["list", "--limit", "-1"], 2, "--limit"),
        (["list", "--limit", "many"], 2, "--limit"),
        (["list", "extra"], 2, "extra"),
        (["show"], 2, "ID"),
        (["show", "nonsense"], 6, "no capture nonsense"),
        (["show", "a" * 26], 6, "evidence list"),
        (["show", "0" * 64], 6, "evidence list"),
        (["show", "x" * 10_000], 6, "evidence list"),
        (["verify", "capture", "nonsense"], 6, "no capture nonsense"),
        (["verify", "capture"], 2, "ID"),
        (["verify", "nothing"], 2, "nothing"),
        (["no-such-verb"], 2, "no-such-verb"),
    ],
)
def test_bad_input_gets_one_sentence(
    arguments: list[str], code: int, words: str, evidence: Evidence
) -> None:
    done = evidence(*arguments)
    assert done.code == code
    assert words in done.err
    assert len(done.err) < 1000
    assert done.out == ""


@pytest.mark.parametrize(
    "verb", [["list"], ["show", "x"], ["verify"], ["verify", "capture", "x"]]
)
def test_no_archive_is_said_with_the_way_to_make_one(
    verb: list[str], plain: Evidence, tmp_path: Path
) -> None:
    done = plain("--archive", str(tmp_path / "none"), *verb)
    assert done.code == 6
    assert "init --name NAME" in done.err
    assert not (tmp_path / "none").exists()


def test_an_unknown_variable_of_ours_is_refused(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVIDENCE_ARCHIV", "typo")
    done = evidence("list")
    assert done.code == 2
    assert "EVIDENCE_ARCHIV;" in done.err
    for known in ("EVIDENCE_ARCHIVE,", "EVIDENCE_SETTINGS", "EVIDENCE_TRUST_DIR"):
        assert f" {known}" in done.err


# show


def test_show_takes_the_id_and_the_short_id(
    made: MadeArchive, evidence: Evidence
) -> None:
    (capture,) = made.fill(1)
    by_id = json.loads(evidence("show", capture.capture_id, "--json").out)
    by_short_id = json.loads(evidence("show", capture.short_id, "--json").out)
    assert by_id == by_short_id
    assert by_id["proof"] == "VERIFIED"
    assert set(by_id) >= {*LIST_KEYS, "claim", "signed", "records", "findings"}
    types = [record["type"] for record in by_id["records"]]
    assert types == ["response", "request", "metadata"]


def test_show_for_people_begins_with_what_is_missing(
    made: MadeArchive, evidence: Evidence
) -> None:
    (capture,) = made.fill(1)
    done = evidence("show", capture.short_id)
    assert done.out.startswith("one witness: the operator; no independent time\n")
    assert capture.capture_id in done.out


def test_show_of_a_page_names_its_captures_its_gaps_and_what_a_browser_made(
    made: MadeArchive, evidence: Evidence
) -> None:
    page = make_page(made, artifact("view", b"\x89PNG", "image/png"))
    shown = json.loads(evidence("show", page.short_id, "--json").out)
    main, style, _ = rows(evidence("list", "--json"))
    assert shown["main"] == main["id"]
    assert shown["artifacts"] == ["view"]
    assert [part["capture"] for part in shown["parts"]] == [style["id"], None]
    said = evidence("show", page.short_id).out
    assert f"part            style {style['id']} http://a.example/style.css\n" in said
    assert "part            image - (skipped) http://a.example/gone.png\n" in said
    assert "artifacts       view\n" in said


def test_show_says_why_an_attempt_failed(made: MadeArchive, evidence: Evidence) -> None:
    failed = replace(
        make_exchange("http://a.example/", b"", made),
        outcome=CaptureOutcome.POLICY,
        detail="reserved name: localhost",
    )
    with made.open_writer() as writer:
        refused = writer.capture(failed).result()
    (whole,) = made.fill(1)
    shown = json.loads(evidence("show", refused.short_id, "--json").out)
    assert shown["detail"] == "reserved name: localhost"
    said = evidence("show", refused.short_id).out
    assert "detail          reserved name: localhost\n" in said
    assert json.loads(evidence("show", whole.short_id, "--json").out)["detail"] is None


def test_show_names_what_looks_made_for_one_visitor(
    made: MadeArchive, evidence: Evidence
) -> None:
    uri = "http://a.example/n;jsessionid=AB12CD34EF56"
    form = b"<input name=csrf_token value=d41d8cd98f00b204>"
    with made.open_writer() as writer:
        marked = writer.capture(make_exchange(uri, form, made)).result()
    (plain,) = made.fill(1)
    shown = json.loads(evidence("show", marked.short_id, "--json").out)
    assert shown["visitor_values"] == ["address:jsessionid", "body:csrf_token"]
    said = evidence("show", marked.short_id).out
    assert "visitor_values  address:jsessionid, body:csrf_token\n" in said
    assert "d41d8cd98f00b204" not in said
    shown = json.loads(evidence("show", plain.short_id, "--json").out)
    assert shown["visitor_values"] == []


def test_show_of_a_damaged_slice_says_so(made: MadeArchive, evidence: Evidence) -> None:
    (capture,) = made.fill(1)
    assert evidence("list").code == 0
    path = open_segment(made.root)
    data = bytearray(path.read_bytes())
    data[capture.location.offset_bytes + 40] ^= 1
    path.write_bytes(bytes(data))
    done = evidence("show", capture.short_id, "--json")
    assert done.code in (3, 4)
    assert done.err.startswith("evidence: ")


# verify


def test_verify_exits_0_only_when_all_that_is_required_is_verified(
    made: MadeArchive, evidence: Evidence
) -> None:
    made.fill(2)
    done = evidence("verify", "--json")
    assert done.code == 0
    report = json.loads(done.out)
    assert report["outcome"] == "VERIFIED"
    assert report["headline"] == "one witness: the operator; no independent time"
    assert all(set(finding) >= FINDING_KEYS for finding in report["findings"])
    steps = [finding["step"] for finding in report["findings"]]
    assert steps == sorted(steps)
    assert set(steps) == set(range(1, 22))


def test_verify_one_capture(made: MadeArchive, evidence: Evidence) -> None:
    (capture,) = made.fill(1)
    done = evidence("verify", "capture", capture.short_id, "--json")
    assert done.code == 0
    assert json.loads(done.out)["outcome"] == "VERIFIED"
    assert evidence("verify", "capture", capture.capture_id).code == 0


def test_what_was_not_checked_is_told_by_its_name(
    made: MadeArchive, evidence: Evidence
) -> None:
    (capture,) = made.fill(1)
    for arguments, number in (
        (["verify"], 6),
        (["verify", "capture", capture.short_id], 5),
    ):
        lines = evidence(*arguments).out.splitlines()
        open_lines = [line[3:] for line in lines if line[3:].startswith("NOT CHECKED")]
        assert len(set(open_lines)) == len(open_lines) == number
        assert any("whether capture times lie inside" in line for line in open_lines)


def test_without_trust_nothing_is_verified(
    made: MadeArchive, plain: Evidence, tmp_path: Path
) -> None:
    (capture,) = made.fill(1)
    options = ("--archive", str(made.root), "--trust", str(tmp_path / "nobody"))
    done = plain(*options, "verify", "--json")
    assert done.code == 3
    assert json.loads(done.out)["outcome"] == "NOT CHECKED"
    done = plain(*options, "verify")
    assert (done.code, "NOT CHECKED" in done.out) == (3, True)
    assert "required but not checked: 3, 4, 8, 10, 21" in done.err
    done = plain(*options, "verify", "capture", capture.short_id, "--json")
    assert (done.code, json.loads(done.out)["outcome"]) == (3, "NOT CHECKED")


@pytest.mark.parametrize("cut", [0, 1, 5])
def test_a_damaged_identity_is_a_finding_for_verify_and_an_error_for_others(
    cut: int, made: MadeArchive, evidence: Evidence
) -> None:
    path = made.root / "archive.toml"
    data = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(data[:cut])
    done = evidence("verify", "--json")
    assert done.code == 3
    report = json.loads(done.out)
    assert report["outcome"] == "FAILED"
    failed = [f for f in report["findings"] if f["outcome"] == "FAILED"]
    assert [(f["step"], f["subject"]) for f in failed] == [(21, "archive.toml")]
    assert evidence("list").code == 4


def test_reading_leaves_everything_but_the_catalog_as_it_is(
    made: MadeArchive,
    evidence: Evidence,
    contents: Callable[[Path], dict[str, bytes | None]],
) -> None:
    (capture,) = made.fill(1)
    before = contents(made.root)
    for verb in (["list"], ["show", capture.short_id], ["verify"]):
        assert evidence(*verb).code == 0
    after = contents(made.root)
    changed = {
        name for name in before.keys() | after.keys() if before.get(name) != after[name]
    }
    assert changed <= {"catalog.sqlite"}


def test_a_catalog_that_is_no_catalog_is_made_again(
    made: MadeArchive, evidence: Evidence
) -> None:
    (capture,) = made.fill(1)
    (made.root / "catalog.sqlite").write_bytes(b"not a database" * 500)
    assert [row["id"] for row in rows(evidence("list", "--json"))] == [
        capture.capture_id
    ]


def test_a_catalog_damaged_inside_is_made_again(
    made: MadeArchive, evidence: Evidence
) -> None:
    made.fill(3)
    before = rows(evidence("list", "--json"))
    path = made.root / "catalog.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    assert rows(evidence("list", "--json")) == before
    assert path.read_bytes() != data[:4096] + b"\xff" * (len(data) - 4096)


def test_a_catalog_nobody_can_open_is_said(
    made: MadeArchive, evidence: Evidence
) -> None:
    made.fill(1)
    (made.root / "catalog.sqlite").unlink(missing_ok=True)
    (made.root / "catalog.sqlite").mkdir()
    done = evidence("list")
    assert done.code == 6
    assert "catalog.sqlite" in done.err


def test_the_json_of_a_page_has_the_same_keys(made: MadeArchive) -> None:
    made.fill(1)
    reader = ArchiveReader.open(made.root)
    try:
        (capture,) = reader.captures()
    finally:
        reader.close()
    assert set(capture_json(capture)) >= LIST_KEYS
