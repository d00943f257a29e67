"""A real Elasticsearch on loopback for tests: the published minimal server.

The artefact comes by name, version and SHA-256 through Maven (`elasticsearch.txt`
beside this file) and lies unpacked in the temporary folder, where the user the server
runs as can read it: it refuses to run as root.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

VERSIONS_FILE = Path(__file__).with_name("elasticsearch.txt")
COORDINATES = "org.elasticsearch.distribution.integ-test-zip:elasticsearch"
JAVA_NEEDED = {"8": 17, "9": 21}
"""Oldest Java of a server's major version."""
START_SECONDS = 180.0
HEAP = "512m"
USERS: Path | None = None
"""Files of users that the node knows, for a test that switches security on."""
_RELEASE = re.compile(r'JAVA_VERSION="(\d+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """One line of the versions file."""

    version: str
    sha256: str


def pinned_versions() -> list[Pinned]:
    """The servers tests run against."""
    lines = (line.split() for line in VERSIONS_FILE.read_text("ascii").splitlines())
    return [
        Pinned(version=words[0], sha256=words[1])
        for words in lines
        if words and not words[0].startswith("#")
    ]


def find_java(version: str) -> Path | None:
    """A Java home new enough for a server version."""
    needed = JAVA_NEEDED[version.partition(".")[0]]
    found = []
    for release in Path("/usr/lib/jvm").glob("*/release"):
        number = _RELEASE.search(release.read_text("utf-8", "replace"))
        if number and int(number[1]) >= needed:
            found.append((int(number[1]), release.parent))
    return min(found)[1] if found else None


def ensure_server(pinned: Pinned) -> Path:
    """The unpacked server; fetched once, checked against its digest."""
    home = Path(tempfile.gettempdir()) / f"evidence-elasticsearch-{os.getuid()}"
    done = home / f"elasticsearch-{pinned.version}"
    if done.is_dir() and done.stat().st_uid == os.getuid():
        return done
    home.mkdir(mode=0o755, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as work:
        coordinates = f"{COORDINATES}:{pinned.version}:zip"
        subprocess.run(
            ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={coordinates}",
             f"-DoutputDirectory={work}"],
            check=True, timeout=600, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        (archive,) = Path(work).glob("*.zip")
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        if digest != pinned.sha256:
            raise AssertionError(f"{archive.name}: sha256 {digest} is not the pinned")
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(work)
        made = Path(work) / done.name
        for program in (made / "bin").iterdir():
            program.chmod(0o755)
        for path in [made, *made.rglob("*")]:
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        Path(work).chmod(0o755)
        try:
            made.rename(done)
        except OSError:  # another test process was faster
            shutil.rmtree(made)
    return done


def free_port() -> int:
    """A port of loopback nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of a cluster."""

    name: str
    http_port: int
    transport_port: int


@dataclass(slots=True, kw_only=True)
class Server:
    """A running node, and how to reach and end it."""

    url: str
    process: subprocess.Popen[bytes]

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the node's own process group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        self.process.wait(60)


def _configuration(node: Node, cluster: Sequence[Node], folder: Path) -> str:
    lines = [
        "cluster.name: evidence-tests",
        f"node.name: {node.name}",
        "network.host: 127.0.0.1",
        f"http.port: {node.http_port}",
        f"transport.port: {node.transport_port}",
        f"path.data: {folder / 'data'}",
        f"path.logs: {folder / 'logs'}",
        "xpack.security.enabled: false",
        "action.auto_create_index: false",
        "cluster.routing.allocation.disk.threshold_enabled: false",
    ]
    if len(cluster) == 1:
        lines.append("discovery.type: single-node")
    else:
        seeds = [f"127.0.0.1:{one.transport_port}" for one in cluster]
        names = [one.name for one in cluster]
        lines += [
            f"discovery.seed_hosts: {json.dumps(seeds)}",
            f"cluster.initial_master_nodes: {json.dumps(names)}",
        ]
    return "\n".join(lines) + "\n"


def start_node(home: Path, java: Path, node: Node, cluster: Sequence[Node]) -> Server:
    """Start a node; it answers after `wait_for`."""
    folder = Path(tempfile.mkdtemp(prefix="evidence-es-"))
    shutil.copytree(home / "config", folder / "config")
    if USERS is not None:
        shutil.copytree(USERS, folder / "config", dirs_exist_ok=True)
    (folder / "config" / "elasticsearch.yml").write_text(
        _configuration(node, cluster, folder), "ascii"
    )
    # A run that is stopped tears nothing down: the server ends with who started it.
    command = ["setpriv", "--pdeathsig=TERM", str(home / "bin" / "elasticsearch")]
    for name in ("tmp", "data", "logs"):
        (folder / name).mkdir()
    if os.getuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            shutil.chown(path, "nobody", "nogroup")
        user = ("--reuid=nobody", "--regid=nogroup", "--clear-groups")
        command[1:1] = user
    environment = {
        "PATH": os.environ["PATH"],
        "ES_JAVA_HOME": str(java),
        "ES_JAVA_OPTS": f"-Xms{HEAP} -Xmx{HEAP}",
        "ES_PATH_CONF": str(folder / "config"),
        "ES_TMPDIR": str(folder / "tmp"),
        "LIBFFI_TMPDIR": str(folder / "tmp"),
    }
    with (folder / "console").open("wb") as console:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
        )  # fmt: skip
    return Server(url=f"http://127.0.0.1:{node.http_port}", process=process)


def wait_for(server: Server, nodes: int) -> None:
    """Until the cluster has all its nodes; AssertionError if it does not come up."""

    def is_up() -> bool:
        with urllib.request.urlopen(
            f"{server.url}/_cluster/health", timeout=5
        ) as answer:
            health = json.loads(answer.read())
        return bool(health["number_of_nodes"] == nodes and health["status"] != "red")

    wait_until(server, is_up)


def wait_until(server: Server, is_up: Callable[[], bool]) -> None:
    """Until a question is answered with yes; AssertionError if it never is."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise AssertionError(f"the server ended with {server.process.returncode}")
        try:
            if is_up():
                return
        except (OSError, urllib.error.URLError, json.JSONDecodeError):
            pass
        time.sleep(0.5)
    raise AssertionError("the server did not come up")


@contextmanager
def running(pinned: Pinned, nodes: int = 1) -> Iterator[list[Server]]:
    """A cluster of `nodes` real nodes; all of them end with the block."""
    java = find_java(pinned.version)
    if java is None:
        raise AssertionError(f"no Java new enough for Elasticsearch {pinned.version}")
    home = ensure_server(pinned)
    cluster = [
        Node(name=f"n{k}", http_port=free_port(), transport_port=free_port())
        for k in range(nodes)
    ]
    servers: list[Server] = []
    try:
        for node in cluster:
            servers.append(start_node(home, java, node, cluster))
        for server in servers:
            wait_for(server, nodes)
        yield servers
    finally:
        for server in servers:
            server.stop()
