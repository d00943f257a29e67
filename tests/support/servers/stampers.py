"""Time-stamp authorities of a test: `openssl ts` with roots of their own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

CONFIG = """\
[tsa]
default_tsa = tsa_config
[tsa_config]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.1
digests = sha1, sha256, sha384, sha512
ordering = no
tsa_name = no
ess_cert_id_alg = sha256
[good]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
"""
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamper:
    """One authority under a root of its own."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "Stamper":
        """Make root and signer; `folder` must not be there yet."""
        folder.mkdir(parents=True)
        (folder / "ts.cnf").write_text(CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        stamper = cls(folder=folder)
        subject = f"/CN=Root of {folder.name}"
        root = ["-x509", "-days", "36500", "-subj", subject]
        stamper._run("req", *CURVE, *root, "-keyout", "root.key", "-out", "root.pem")
        request = ["-subj", f"/CN={folder.name}", "-keyout", "tsa.key"]
        stamper._run("req", *CURVE, *request, "-out", "tsa.csr")
        issue = ["-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "2"]
        extensions = ["-extfile", "ts.cnf", "-extensions", "good"]
        stamper._run(
            *("x509", "-req", "-in", "tsa.csr", *issue, "-days", "36500"),
            *("-sha256", *extensions, "-out", "tsa.pem"),
        )
        return stamper

    @property
    def root(self) -> bytes:
        """Its root certificate, PEM."""
        return (self.folder / "root.pem").read_bytes()

    @property
    def chain(self) -> bytes:
        """Its signer's certificate, PEM."""
        return (self.folder / "tsa.pem").read_bytes()

    def stamp(self, body: bytes, *, digest: str = "sha256", cert: bool = True) -> bytes:
        """A response over `body`; without `cert` it carries no certificate."""
        (self.folder / "body").write_bytes(body)
        query = ["ts", "-query", "-data", "body", f"-{digest}", "-out", "1.tsq"]
        self._run(*query, *(["-cert"] if cert else []))
        reply = ["ts", "-reply", "-config", "ts.cnf", "-queryfile", "1.tsq"]
        self._run(*reply, "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "1.tsr")
        return (self.folder / "1.tsr").read_bytes()

    def _run(self, *arguments: str) -> None:
        subprocess.run(
            ["openssl", *arguments], cwd=self.folder, check=True, capture_output=True
        )
