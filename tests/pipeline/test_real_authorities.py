"""Real authorities, `openssl ts` over HTTP on loopback: the sound is believed alone.

One is sound, the certificate of one has ended, that of one has no critical use, and one
is sound and nobody we trust. What `openssl` itself refuses to sign with is signed by an
authority in memory (`tests/unit/archive/attest/tokens/test_timestamp.py`).
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.errors import TimestampUnavailable
from archive.settings import Authority
from archive.stamping.client import AuthorityClient
from crawlers.demo.authorities import make_authority, serve_authority

pytestmark = pytest.mark.timeout(120)
BODY = b"origin.example/log\n1\nroot\n"
ISSUING = """
[again]
database = again.txt
serial = again.srl
new_certs_dir = .
default_md = sha256
policy = anything
email_in_dn = no
unique_subject = no
[anything]
organizationName = optional
commonName = supplied
[loose]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = timeStamping
"""


class Rig:
    """Authorities by name: addresses, and the roots of their own."""

    def __init__(self) -> None:
        self.urls: dict[str, str] = {}
        self.roots: dict[str, bytes] = {}

    def client(self, name: str, *, roots: tuple[bytes, ...]) -> AuthorityClient:
        return AuthorityClient(
            authority=Authority(name=name, url=self.urls[name]),
            roots=roots,
            clock=lambda: datetime.now(UTC),
            random_bytes=os.urandom,
        )


def issue_again(folder: Path, section: str, end: str) -> None:
    """Let the root issue the signer's certificate anew, with other words or dates."""
    with (folder / "ts.cnf").open("a") as config:
        config.write(ISSUING)
    (folder / "again.txt").touch()
    (folder / "again.srl").write_text("0A\n")
    subprocess.run(
        ["openssl", "ca", "-batch", "-config", "ts.cnf", "-name", "again",
         "-cert", "root.pem", "-keyfile", "root.key", "-in", "tsa.csr",
         "-extfile", "ts.cnf", "-extensions", section, "-notext",
         "-startdate", "20200101000000Z", "-enddate", end, "-out", "tsa.pem"],
        cwd=folder, check=True, capture_output=True, timeout=30,
    )  # fmt: skip


@pytest.fixture(scope="module")
def rig(
    tmp_path_factory: pytest.TempPathFactory, require_program: Callable[[str], Path]
) -> Iterator[Rig]:
    """The four, running."""
    require_program("openssl")
    made = Rig()
    with ExitStack() as stack:
        for name in ("sound", "expired", "loose", "foreign"):
            folder = tmp_path_factory.mktemp(name)
            made.urls[name] = stack.enter_context(serve_authority(folder))
            make_authority(folder, name.title(), crl=f"{made.urls[name]}crl")
            made.roots[name] = (folder / "root.pem").read_bytes()
            if name == "expired":
                issue_again(folder, "signer", "20210101000000Z")
            if name == "loose":
                issue_again(folder, "loose", "20400101000000Z")
        yield made


def test_a_sound_authority_is_believed_with_its_chain_and_revocation_list(
    rig: Rig,
) -> None:
    roots = tuple(rig.roots.values())
    stamped = rig.client("sound", roots=roots).stamp(BODY)
    age = datetime.now(UTC) - stamped.verified.gen_time
    assert abs(age.total_seconds()) < 60
    assert stamped.stated.token.crl is not None
    assert b"BEGIN CERTIFICATE" in stamped.stated.token.chain


def test_an_expired_certificate_is_refused_though_openssl_signs_with_it(
    rig: Rig,
) -> None:
    with pytest.raises(TimestampUnavailable, match="does not hold"):
        rig.client("expired", roots=tuple(rig.roots.values())).stamp(BODY)


def test_a_certificate_without_its_critical_sole_use_is_never_believed(
    rig: Rig,
) -> None:
    """Openssl refuses to sign with it, so such an authority has no answer to give."""
    with pytest.raises(TimestampUnavailable, match="answered 500"):
        rig.client("loose", roots=tuple(rig.roots.values())).stamp(BODY)


def test_a_foreign_authority_is_refused_though_it_is_sound(rig: Rig) -> None:
    roots = tuple(pem for name, pem in rig.roots.items() if name != "foreign")
    with pytest.raises(TimestampUnavailable, match="does not hold"):
        rig.client("foreign", roots=roots).stamp(BODY)
    assert rig.client("foreign", roots=(rig.roots["foreign"],)).stamp(BODY)
