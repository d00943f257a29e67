"""A second operator vouches for a capture; the first one states it; both verify."""

from collections.abc import Callable
from pathlib import Path

import pytest

from archive.attest.approval import format_approval, make_approval, parse_approval
from archive.digest import Digest
from archive.errors import BadSignature, FormatError
from archive.store.drafts import Draft
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.programs.inside import Done

Evidence = Callable[..., Done]


@pytest.fixture
def second(tmp_path: Path) -> MadeArchive:
    """Another operator with keys of his own."""
    return make_archive(tmp_path / "second")


def vouch(evidence: Evidence, second: MadeArchive, capture_id: str, out: Path) -> Done:
    return evidence(
        *("cosign", capture_id, "--key", str(second.keys_folder / "operator.pem")),
        *("--name", "Second", "--role", "newsroom", "--words", "I saw the same."),
        *("-o", str(out)),
    )


def test_an_approval_travels_and_is_stated_in_the_log(
    evidence: Evidence, made: MadeArchive, second: MadeArchive, tmp_path: Path
) -> None:
    (capture,) = made.fill(1)
    out = tmp_path / "approval.json"
    assert vouch(evidence, second, capture.short_id, out).code == 0
    assert vouch(evidence, second, capture.short_id, out).code == 6
    done = evidence("cosign", "--take", str(out))
    assert done.code == 0, done.err
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED
    key_id = second.keys().operator.key_id
    (notice,) = [line for line in report.notices if "vouches" in line]
    assert notice.startswith(f"Second (newsroom, key {key_id}) vouches for sha256:")
    assert "another archive" not in notice


def test_nobody_vouches_for_what_does_not_verify(
    evidence: Evidence, made: MadeArchive, second: MadeArchive, tmp_path: Path
) -> None:
    (capture,) = made.fill(1)
    segment = next(made.root.glob("segments/*/*/*"))
    data = bytearray(segment.read_bytes())
    data[capture.location.offset_bytes + 60] ^= 1
    segment.write_bytes(bytes(data))
    out = tmp_path / "approval.json"
    assert vouch(evidence, second, capture.short_id, out).code in (3, 6)
    assert not out.exists()


def test_an_altered_approval_is_refused(
    evidence: Evidence, made: MadeArchive, second: MadeArchive, tmp_path: Path
) -> None:
    (capture,) = made.fill(1)
    out = tmp_path / "approval.json"
    vouch(evidence, second, capture.short_id, out)
    good = out.read_bytes()
    for old, new in (
        (b"I saw the same.", b"I saw another."),
        (b"newsroom", b"observer"),
        (b'"Second"', b'"Third!"'),
    ):
        altered = good.replace(old, new)
        if altered == good:
            continue
        with pytest.raises(BadSignature):
            parse_approval(altered)
    for broken in (b"", b"{}\n", good[:-1], b"[]\n", good.replace(b",", b", ", 1)):
        with pytest.raises(FormatError):
            parse_approval(broken)
    assert format_approval(parse_approval(good)) == good
    out.write_bytes(good.replace(b"newsroom", b"observer"))
    assert evidence("cosign", "--take", str(out)).code == 3
    assert evidence("cosign", "--take", str(tmp_path / "none")).code == 2
    assert evidence("cosign", capture.short_id).code == 2


def test_a_false_approval_in_the_log_is_found(
    made: MadeArchive, second: MadeArchive, tmp_path: Path, evidence: Evidence
) -> None:
    (capture,) = made.fill(1)
    out = tmp_path / "approval.json"
    vouch(evidence, second, capture.short_id, out)
    fields = parse_approval(out.read_bytes())
    with made.open_writer() as writer:
        lie = {**fields, "words": "I saw another."}
        writer.state(
            Draft(kind="cosign", slice=None, facts=None, predicate=lie)
        ).result()
    report = verify_archive(made.root, trust=made.trust())
    assert [f.code for f in report.of(Outcome.FAILED)] == ["cosign-bad"]


def test_many_approvals_are_counted_and_some_named(
    made: MadeArchive, second: MadeArchive
) -> None:
    fields = make_approval(
        second.keys().operator,
        Digest.of(b"elsewhere"),
        name="Second",
        role="newsroom",
        words="I saw it.",
    )
    with made.open_writer() as writer:
        for _ in range(12):
            writer.state(
                Draft(kind="cosign", slice=None, facts=None, predicate=fields)
            ).result()
    notices = verify_archive(made.root, trust=made.trust()).notices
    assert len([line for line in notices if line.endswith("of another archive")]) == 10
    assert "2 more approvals are not listed" in notices
