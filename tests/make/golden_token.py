"""Make the time-stamp token of the golden archive: `openssl ts` with its own root.

Run once by `make goldens` where tests/golden/token is empty; RSA keys and serial
numbers are random, so the result is kept, and the golden archive is made from it.

usage: python tests/make/golden_token.py BODY OUT    (needs openssl)
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CONFIG = """\
[tsa]
default_tsa = tsa_config
[tsa_config]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.1
digests = sha256, sha384, sha512
ordering = no
tsa_name = no
ess_cert_id_alg = sha256
[ext]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
"""


def main(body: Path, out: Path) -> None:
    """Stamp `body`; leave 1.tsr, 1.tsq, 1.chain.pem and root.pem in `out`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ts.cnf").write_text(CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        _certificates(folder)
        query = ["ts", "-query", "-data", str(body), "-sha256", "-cert"]
        _openssl(folder, *query, "-out", "1.tsq")
        reply = ["ts", "-reply", "-config", "ts.cnf", "-queryfile", "1.tsq"]
        _openssl(
            folder, *reply, "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "1.tsr"
        )
        shutil.copy(folder / "tsa.pem", folder / "1.chain.pem")
        out.mkdir(parents=True, exist_ok=True)
        for made in ("1.tsr", "1.tsq", "1.chain.pem", "root.pem"):
            shutil.copy(folder / made, out / made)


def _certificates(folder: Path) -> None:
    new = ["req", "-newkey", "rsa:2048", "-nodes", "-sha256"]
    root = ["-x509", "-days", "36500", "-subj", "/CN=Root of a test authority"]
    _openssl(folder, *new, *root, "-keyout", "root.key", "-out", "root.pem")
    subject = ["-subj", "/CN=Test authority"]
    _openssl(folder, *new, *subject, "-keyout", "tsa.key", "-out", "tsa.csr")
    sign = ["x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key"]
    extensions = ["-extfile", "ts.cnf", "-extensions", "ext"]
    days = ["-days", "36500", "-set_serial", "2", "-sha256"]
    _openssl(folder, *sign, *days, *extensions, "-out", "tsa.pem")


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
