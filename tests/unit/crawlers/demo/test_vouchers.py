"""Who vouches for the demonstration, and what happens where nobody can."""

from pathlib import Path

import pytest

from archive.attest.trust.folder import read_trust
from archive.cli.root import CommandContext
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from crawlers.demo import vouchers
from crawlers.demo.authorities import has_openssl
from crawlers.demo.vouchers import run_vouchers
from tests.support.archives.archives import MadeArchive, make_archive


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


def context_of(made: MadeArchive) -> CommandContext:
    return CommandContext(
        archive=made.root, keys_folder=made.keys_folder, trust_folder=made.trust_folder
    )


def test_without_openssl_nothing_is_asked_for(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vouchers, "has_openssl", lambda: False)
    context = context_of(made)
    before = read_trust(made.trust_folder, made.identity.origin)
    with run_vouchers(context) as vouched:
        assert vouched is context
    assert read_trust(made.trust_folder, made.identity.origin) == before
    assert "not installed" in vouchers.WITHOUT_OPENSSL


def test_with_openssl_two_of_each_vouch_for_every_checkpoint(made: MadeArchive) -> None:
    if not has_openssl():
        pytest.skip("program: openssl is not installed")
    with run_vouchers(context_of(made)) as vouched:
        vouched.open_writer().close()
        trust = read_trust(made.trust_folder, made.identity.origin)
        assert trust is not None
        assert (trust.witness_quorum, trust.token_quorum) == (2, 2)
    report = verify_archive(made.root, trust=trust)
    assert report.outcome is Outcome.VERIFIED
    assert {9, 11} <= report.required
