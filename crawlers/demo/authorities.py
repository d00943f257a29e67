"""Time-stamp authorities on this machine: `openssl ts` behind HTTP, for demonstrations.

They are real (RFC 3161 over HTTP, a root each, a list of revoked certificates) and
worth nothing: whoever runs the demonstration holds their keys, and they say so.
"""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from archive.errors import EvidenceError

QUERY_LIMIT_BYTES = 64 * 1024
"""Bytes of a request; a real one has some 60."""
OPENSSL_SECONDS = 30
"""How long `openssl` may take over one command."""
TITLES = ("Demonstration authority A", "Demonstration authority B")
DAYS = 3650
CONFIG = """\
[req]
distinguished_name = dn
[dn]
[tsa]
default_tsa = tsa_config
[tsa_config]
serial = serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_alg = sha256
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
crlDistributionPoints = URI:{crl}
[ca]
default_ca = ca_config
[ca_config]
database = index
crlnumber = crlnumber
default_md = sha256
default_crl_days = {days}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningAuthority:
    """An authority that answers until its context ends."""

    name: str
    """As settings call it: lower case, digits, dashes."""
    title: str
    url: str
    root_pem: bytes
    """Its root certificate, for the trust folder of who believes it."""


def has_openssl() -> bool:
    """Whether authorities can be run on this machine."""
    return shutil.which("openssl") is not None


@contextmanager
def run_authorities(
    folder: Path, titles: tuple[str, ...] = TITLES
) -> Iterator[tuple[RunningAuthority, ...]]:
    """Make authorities with new keys below `folder` and answer on loopback ports."""
    with ExitStack() as stack:
        running = []
        for number, title in enumerate(titles, start=1):
            place = folder / f"authority-{number}"
            server = stack.enter_context(serve_authority(place))
            make_authority(place, title, crl=f"{server}crl")
            running.append(
                RunningAuthority(
                    name=f"authority-{number}",
                    title=title,
                    url=server,
                    root_pem=(place / "root.pem").read_bytes(),
                )
            )
        yield tuple(running)


def make_authority(folder: Path, title: str, *, crl: str) -> None:
    """Make keys, root, certificate and an empty list of revoked certificates."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    (folder / "ts.cnf").write_text(CONFIG.format(crl=crl, days=DAYS))
    (folder / "serial").write_text("01\n")
    (folder / "crlnumber").write_text("01\n")
    (folder / "index").touch()
    for name in ("root", "tsa"):
        curve = ["-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{name}.key"]
        _openssl(folder, "genpkey", "-algorithm", "EC", *curve)
    days = ["-days", str(DAYS)]
    root = ["-x509", "-key", "root.key", "-extensions", "root", "-out", "root.pem"]
    subject = ["-subj", f"/O={title}/CN=Root"]
    _openssl(folder, "req", "-config", "ts.cnf", *root, *subject, *days)
    request = ["-new", "-key", "tsa.key", "-out", "tsa.csr"]
    subject = ["-subj", f"/O={title}/CN=Time stamps"]
    _openssl(folder, "req", "-config", "ts.cnf", *request, *subject)
    sign = ["-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key"]
    extensions = ["-extfile", "ts.cnf", "-extensions", "signer", "-set_serial", "2"]
    _openssl(folder, "x509", *sign, *extensions, *days, "-out", "tsa.pem")
    write_crl(folder)


def write_crl(folder: Path) -> None:
    """Publish the list of revoked certificates anew."""
    issuer = ["-cert", "root.pem", "-keyfile", "root.key", "-out", "crl.pem"]
    _openssl(folder, "ca", "-gencrl", "-config", "ts.cnf", *issuer)
    _openssl(folder, "crl", "-in", "crl.pem", "-outform", "DER", "-out", "crl.der")


@contextmanager
def serve_authority(folder: Path) -> Iterator[str]:
    """Answer requests by `openssl ts -reply` in `folder`; gives the address."""
    one_at_a_time = threading.Lock()

    def answer(query: bytes) -> bytes:
        with one_at_a_time:
            return answer_query(folder, query)

    def revoked() -> bytes | None:
        path = folder / "crl.der"
        return path.read_bytes() if path.exists() else None

    with serve(answer, revoked) as url:
        yield url


@contextmanager
def serve(
    answer: Callable[[bytes], bytes], revoked: Callable[[], bytes | None]
) -> Iterator[str]:
    """Answer requests on a loopback port (RFC 3161 section 3.4); gives the address.

    An error of ours or of the system in `answer` is a status 500.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer, revoked))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer_query(folder: Path, query: bytes) -> bytes:
    """Let `openssl ts -reply` answer one request, as a response in DER."""
    (folder / "query.tsq").write_bytes(query)
    reply = ["-reply", "-config", "ts.cnf", "-queryfile", "query.tsq"]
    signer = ["-signer", "tsa.pem", "-inkey", "tsa.key", "-chain", "tsa.pem"]
    _openssl(folder, "ts", *reply, *signer, "-out", "reply.tsr")
    return (folder / "reply.tsr").read_bytes()


def _handler(
    answer: Callable[[bytes], bytes], revoked: Callable[[], bytes | None]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """POST is a request for a stamp, GET asks for the list of revocations."""

        def do_POST(self) -> None:
            """Answer a time-stamp request."""
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > QUERY_LIMIT_BYTES:
                self.send_error(413)
                return
            query = self.rfile.read(int(length))
            try:
                reply = answer(query)
            except (EvidenceError, OSError):
                self.send_error(500)
                return
            self._send("application/timestamp-reply", reply)

        def do_GET(self) -> None:
            """Give the list of revoked certificates."""
            found = revoked() if self.path == "/crl" else None
            if found is None:
                self.send_error(404)
                return
            self._send("application/pkix-crl", found)

        def _send(self, content_type: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep no log of who asked."""

    return Handler


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - fixed words and names of ours
        ["openssl", *arguments],  # noqa: S607 - the system's own
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=OPENSSL_SECONDS,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise EvidenceError(f"openssl {arguments[0]} failed: {' '.join(said)}")
