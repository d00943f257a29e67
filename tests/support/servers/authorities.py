"""Time-stamp authorities in memory, sound or with a defect, whose clock is an argument.

Real ones (`openssl ts` behind HTTP) are in `crawlers.demo.authorities`; these answer
for any time, as fast as a test needs it, and can do what openssl refuses to do.
"""

import hashlib
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
)
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID

from archive.errors import StoreError
from crawlers.demo.authorities import serve

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
END = datetime(2040, 1, 1, tzinfo=UTC)
POLICY = "1.3.6.1.4.1.55555.1"


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate as text."""
        return self.certificate.public_bytes(Encoding.PEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerForm:
    """What the signer's certificate says; the defaults are sound."""

    usages: Sequence[x509.ObjectIdentifier] = (Usage.TIME_STAMPING,)
    critical: bool = True
    begin: datetime = BEGIN
    end: datetime = END


SOUND = SignerForm()


def issue(
    subject: str,
    issuer: Issued | None,
    *,
    ca: bool,
    form: SignerForm = SOUND,
    crl: str | None = None,
) -> Issued:
    """Make a key and a certificate; `issuer` None = signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer.certificate.subject if issuer else _name(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(form.begin)
        .not_valid_after(form.end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        usage = x509.ExtendedKeyUsage(form.usages)
        builder = builder.add_extension(usage, critical=form.critical)
    if crl:
        point = x509.DistributionPoint(
            [x509.UniformResourceIdentifier(crl)], None, None, None
        )
        builder = builder.add_extension(
            x509.CRLDistributionPoints([point]), critical=False
        )
    signer = issuer.key if issuer else key
    return Issued(key=key, certificate=builder.sign(signer, hashes.SHA256()))


@dataclass(kw_only=True)
class MemoryAuthority:
    """Root, perhaps an intermediate, and a signer; answers requests for any time."""

    title: str = "A test authority"
    form: SignerForm = SOUND
    with_intermediate: bool = False
    crl: str | None = None
    serial: int = field(default=0, init=False)

    @cached_property
    def root(self) -> Issued:
        """Its root."""
        return issue(f"{self.title}: root", None, ca=True)

    @cached_property
    def issuer(self) -> Issued:
        """Who issued the signer's certificate."""
        if not self.with_intermediate:
            return self.root
        return issue(f"{self.title}: intermediate", self.root, ca=True, crl=self.crl)

    @cached_property
    def signer(self) -> Issued:
        """Who signs tokens."""
        name = f"{self.title}: signer"
        return issue(name, self.issuer, ca=False, form=self.form, crl=self.crl)

    @property
    def chain(self) -> tuple[Issued, ...]:
        """What it sends along: all but the root."""
        return (self.signer, *((self.issuer,) if self.with_intermediate else ()))

    @property
    def chain_pem(self) -> bytes:
        """The same as text."""
        return b"".join(issued.pem for issued in self.chain)

    def answer(self, query: bytes, *, at: datetime, accuracy: int = 1) -> bytes:
        """A response that says `at`, whatever the time is."""
        request = tsp.TimeStampReq.load(query)
        self.serial += 1
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": POLICY,
                "message_imprint": request["message_imprint"],
                "serial_number": self.serial,
                "gen_time": at,
                "accuracy": {"seconds": accuracy},
                "nonce": request["nonce"].native,
            }
        )
        return self.sign(info.dump(), at=at)

    def sign(
        self,
        info: bytes,
        *,
        at: datetime,
        status: str = "granted",
        certificates: Sequence[Issued] | None = None,
        named: bool = True,
    ) -> bytes:
        """A response with a token over any time-stamp info."""
        attributes = self._attributes(info, at, named=named)
        signature = self.signer.key.sign(
            b"\x31" + attributes.dump()[1:], ec.ECDSA(hashes.SHA256())
        )
        sent = self.chain if certificates is None else certificates
        content = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [{"algorithm": "sha256"}],
                "encap_content_info": {
                    "content_type": "tst_info",
                    "content": cms.ParsableOctetString(info),
                },
                "signer_infos": [self._signer_info(attributes, signature)],
            }
        )
        if sent:
            # In the order of the chain, as openssl sends them: not that of DER.
            content["certificates"] = cms.CertificateSet(
                [cms.CertificateChoices.load(issued.der) for issued in sent]
            )
        token = cms.ContentInfo({"content_type": "signed_data", "content": content})
        response = {"status": {"status": status}, "time_stamp_token": token}
        return bytes(tsp.TimeStampResp(response).dump())

    def revoke(
        self,
        *revoked: tuple[Issued, datetime, x509.ReasonFlags | None],
        at: datetime,
        next_update: datetime | None = None,
        issuer: Issued | None = None,
    ) -> bytes:
        """A list of revoked certificates, DER."""
        issuer = issuer or self.issuer
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.certificate.subject)
            .last_update(at)
            .next_update(next_update or at + timedelta(days=7))
        )
        for issued, when, reason in revoked:
            entry = (
                x509.RevokedCertificateBuilder()
                .serial_number(issued.certificate.serial_number)
                .revocation_date(when)
            )
            if reason is not None:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _attributes(
        self, info: bytes, at: datetime, *, named: bool
    ) -> cms.CMSAttributes:
        digest = hashlib.sha256(info).digest()
        certificate = hashlib.sha256(self.signer.der).digest()
        values = [
            ("content_type", "tst_info"),
            ("signing_time", cms.Time({"utc_time": core.UTCTime(at)})),
            ("message_digest", digest),
        ]
        if named:
            ess = tsp.SigningCertificateV2({"certs": [{"cert_hash": certificate}]})
            values.append(("signing_certificate_v2", ess))
        made = [
            cms.CMSAttribute({"type": kind, "values": [value]})
            for kind, value in values
        ]
        made.sort(key=lambda attribute: attribute.dump())
        return cms.CMSAttributes(made)

    def _signer_info(
        self, attributes: cms.CMSAttributes, signature: bytes
    ) -> cms.SignerInfo:
        name = asn1_x509.Name.load(self.signer.certificate.issuer.public_bytes())
        serial = self.signer.certificate.serial_number
        return cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    name="issuer_and_serial_number",
                    value=cms.IssuerAndSerialNumber(
                        {"issuer": name, "serial_number": serial}
                    ),
                ),
                "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                "signed_attrs": attributes,
                "signature_algorithm": algos.SignedDigestAlgorithm(
                    {"algorithm": "sha256_ecdsa"}
                ),
                "signature": signature,
            }
        )


@dataclass(kw_only=True)
class ServedAuthority:
    """A memory authority behind HTTP; its clock and its mood can be changed."""

    authority: MemoryAuthority
    clock: Callable[[], datetime]
    url: str = ""
    blocked: bool = False
    offset: timedelta = timedelta()
    """How far its time is from that of the clock."""
    asked: int = 0
    lists: bytes | None = None
    forge: Callable[[bytes], bytes] | None = None
    """What it answers instead."""

    @property
    def root_pem(self) -> bytes:
        """For a trust folder."""
        return self.authority.root.pem

    def current_lists(self) -> bytes | None:
        """The lists of revoked certificates, as they are when somebody asks."""
        return self.lists

    def answer(self, query: bytes) -> bytes:
        """Answer one request, or fail."""
        self.asked += 1
        if self.blocked:
            raise StoreError("blocked")
        if self.forge is not None:
            return self.forge(query)
        return self.authority.answer(query, at=self.clock() + self.offset)


@contextmanager
def serve_memory(
    clock: Callable[[], datetime], *titles: str
) -> Iterator[tuple[ServedAuthority, ...]]:
    """Serve authorities of these titles, each with a root of its own."""
    with ExitStack() as stack:
        served = []
        for title in titles:
            made = ServedAuthority(authority=MemoryAuthority(title=title), clock=clock)
            made.url = stack.enter_context(serve(made.answer, made.current_lists))
            made.authority.crl = f"{made.url}crl"
            served.append(made)
        yield tuple(served)


def openssl_verdict(
    folder: Path,
    response: bytes,
    body: bytes,
    *,
    root: bytes,
    chain: bytes = b"",
    at: datetime | None = None,
    query: bytes | None = None,
) -> str:
    """What `openssl ts -verify` says: OK, or the last line of its refusal."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"in.tsr": response, "body": body, "root.pem": root, "chain.pem": chain}
    for name, data in {**names, "query.tsq": query or b""}.items():
        (folder / name).write_bytes(data)
    command = ["openssl", "ts", "-verify", "-in", "in.tsr", "-CAfile", "root.pem"]
    what = ["-queryfile", "query.tsq"] if query else ["-data", "body"]
    command += what
    command += ["-untrusted", "chain.pem"] if chain else []
    command += ["-attime", str(int(at.timestamp()))] if at else []
    done = subprocess.run(
        command, cwd=folder, capture_output=True, check=False, text=True
    )
    if done.returncode == 0 and "Verification: OK" in done.stdout + done.stderr:
        return "OK"
    return (done.stdout + done.stderr).strip()
