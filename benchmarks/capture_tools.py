"""The tools that `capture.py` compares: how each is installed, started and measured."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.capture_site import HOST, LOOPBACK, Site

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".venv" / "peers"
"""Peers live in environments of their own, never in ours."""
OF_ITS_TIME = (
    "w3lib==2.1.2",
    "twisted==24.3.0",
    "pyopenssl==24.2.1",
    "cryptography==43.0.3",
    "service-identity==24.1.0",
)
"""scrapy-webarchive asks for Scrapy 2.11.2, which does not start with the newest of
these.
"""
START_SECONDS = 30.0
CONCURRENCY = 16
EVIDENCE = (sys.executable, "-c", "from archive.cli.root import main; main()")
SOURCE = """\
id = "bench"
title = "Benchmark"
publisher = "Benchmark"
group = "official"
jurisdiction = "BY"
languages = ["en"]
confidence = "verified"
timezone = "UTC"
parts = "none"

[[host]]
name = "{host}"
role = "main"
known = "made for the benchmark"

[[seed]]
url = "{scheme}://{host}/"
spider = "page"

[[scope]]
path = '/'
action = "follow"

[[scope]]
path = '/page/\\d+'
action = "fetch"

[limits]
requests = 100000
minutes = 30
delay_ms = 0
concurrency = {concurrency}

[network]
tls = "record"
robots = "obey"
"""
SPIDER = """\
import json, sys, scrapy
from scrapy.crawler import CrawlerProcess

class Plain(scrapy.Spider):
    name = "plain"
    start_urls = [sys.argv[1]]
    def parse(self, response):
        for href in response.css("a::attr(href)").getall():
            yield response.follow(href, self.keep)
    def keep(self, response):
        pass

process = CrawlerProcess(json.loads(sys.argv[2]))
process.crawl(Plain)
process.start()
"""
SCRAPY: dict[str, object] = {
    "LOG_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "ROBOTSTXT_OBEY": True,
    "CONCURRENT_REQUESTS": CONCURRENCY,
    "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
    "DOWNLOAD_DELAY": 0,
}
"""Everything else is Scrapy's default: what a new project has, and no work for logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run of one tool cost: its process tree, as the kernel counts it."""

    cpu_seconds: float
    rss_mb: float
    """Of its largest process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One row of the table; `problem` says why it cannot run here."""

    name: str
    run: Callable[[Path, Site], Cost] | None
    problem: str = ""


def find_tools(*, with_peers: bool) -> list[Tool]:
    """All tools that can be had here; those that cannot say why."""
    tools = [Tool(name="scrapy", run=_plain), Tool(name="evidence", run=_ours)]
    if not with_peers:
        return tools
    if shutil.which("wget"):
        tools.append(Tool(name="wget", run=_wget))
    else:
        tools.append(Tool(name="wget", run=None, problem="not on this machine"))
    tools.append(_install(("warcprox==2.13.1",), _warcprox))
    tools.append(_install(("scrapy-webarchive==0.5.3", *OF_ITS_TIME), _webarchive))
    return tools


def _install(wanted: tuple[str, ...], run: Callable[[Path, Site], Cost]) -> Tool:
    """Have a peer in an environment of its own, by name and version."""
    label = wanted[0].replace("==", " ")
    folder = PEERS / label.replace(" ", "-")
    done = folder / "installed"
    if not done.exists():
        sys.stderr.write(f"installing {label} into {folder.relative_to(ROOT)}\n")
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(folder / "bin" / "pip"), "--disable-pip-version-check", "--quiet"]
        asked = subprocess.run(  # noqa: S603  our own words
            [*pip, "install", *wanted],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode:
            reason = (asked.stderr.strip().splitlines() or ["pip failed"])[-1]
            return Tool(name=label, run=None, problem=f"not installed: {reason}")
        done.touch()
    return Tool(name=label, run=run)


def _python_of(name: str) -> str:
    (folder,) = PEERS.glob(f"{name}-[0-9]*")
    return str(folder / "bin" / "python")


def _measure(
    command: list[str], *, env: Mapping[str, str], good: tuple[int, ...] = (0,)
) -> Cost:
    """Run a command to its end; SystemExit if it did not end well."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(  # noqa: S603  our own commands
            command, stdout=subprocess.DEVNULL, stderr=said, env=_as_installed(env)
        )
        try:
            cost = _wait(child)
        except BaseException:  # we are stopped: the tool shall not go on alone
            child.terminate()
            child.wait()
            raise
        if child.returncode not in good:
            said.seek(0)
            text = said.read()[-2_000:].decode("utf-8", "replace")
            raise SystemExit(f"{command[:3]} ended with {child.returncode}:\n{text}")
    return cost


def _as_installed(env: Mapping[str, str]) -> dict[str, str]:
    """Let Python keep compiled modules: ours come with none, an installed tool does."""
    return {name: env[name] for name in env if name != "PYTHONDONTWRITEBYTECODE"}


def _wait(child: "subprocess.Popen[bytes]") -> Cost:
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Cost(
        cpu_seconds=usage.ru_utime + usage.ru_stime, rss_mb=usage.ru_maxrss / 1024
    )


def _plain(folder: Path, site: Site) -> Cost:
    """Scrapy as it comes, keeping nothing."""
    return _scrapy(sys.executable, folder, site, SCRAPY)


def _scrapy(
    python: str,
    folder: Path,
    site: Site,
    settings: Mapping[str, object],
    **variables: str,
) -> Cost:
    script = folder / "spider.py"
    script.write_text(SPIDER)
    command = [python, str(script), site.index, json.dumps(settings)]
    return _measure(command, env={**os.environ, **variables})


def _ours(folder: Path, site: Site) -> Cost:
    """One `evidence crawl`: statements, log and checkpoints on; parent and child."""
    env = {**os.environ, "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    env |= {"EVIDENCE_TRUST_DIR": str(folder / "trust")}
    env |= {"XDG_DATA_HOME": str(folder / "data")}
    env |= {"XDG_CONFIG_HOME": str(folder / "config")}
    if site.authority_pem is not None:
        env["SSL_CERT_FILE"] = str(site.authority_pem)
    scheme = site.load.scheme
    (folder / "sources").mkdir()
    (folder / "sources" / "bench.toml").write_text(
        SOURCE.format(host=HOST, scheme=scheme, concurrency=CONCURRENCY)
    )
    archive = [*EVIDENCE, "--archive", str(folder / "archive")]
    init = [*archive, "init", "--name", "Benchmark"]
    subprocess.run(init, env=env, check=True, capture_output=True)  # noqa: S603  ours
    crawl = ["crawl", "bench", "--sources", str(folder / "sources"), "--json"]
    port = {"http": 80, "https": 443}[scheme]
    route = ["--connect-to", f"{HOST}:{port}={LOOPBACK}:{site.port}"]
    return _measure([*archive, *crawl, *route], env=env)


def _wget(folder: Path, site: Site) -> Cost:
    """The common tool that writes WARC; 8 is what it says of the missing robots.txt."""
    command = ["wget", "-q", "-r", "-l", "1", "-P", str(folder / "wget")]
    if site.authority_pem is not None:
        command.append(f"--ca-certificate={site.authority_pem}")
    command += [f"--warc-file={folder / 'out'}", site.index]
    return _measure(command, env=os.environ, good=(0, 8))


def _webarchive(folder: Path, site: Site) -> Cost:
    """The newest Scrapy archiver, on the Scrapy that it asks for."""
    exporter = {"scrapy_webarchive.extensions.WaczExporter": 543}
    settings = {**SCRAPY, "EXTENSIONS": exporter, "SW_EXPORT_URI": f"{folder}/out/"}
    (folder / "out").mkdir()
    return _scrapy(_python_of("scrapy-webarchive"), folder, site, settings)


def _warcprox(folder: Path, site: Site) -> Cost:
    """The recording proxy alone: the client in front of it is not counted."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    command = [_python_of("warcprox"), "-m", "warcprox.main", "-b", LOOPBACK]
    command += ["-p", str(port), "-d", str(folder / "warcs"), "-z", "--quiet"]
    command += ["-c", str(folder / "ca.pem"), "--certs-dir", str(folder / "certs")]
    command += ["--dedup-db-file=/dev/null", "--stats-db-file=/dev/null"]
    with (folder / "proxy.log").open("wb") as log:
        proxy = subprocess.Popen(  # noqa: S603  our own words
            command, cwd=folder, stdout=log, stderr=log
        )
        try:
            _await_port(port, proxy)
            name = f"{site.load.scheme}_proxy"
            variables = {name: f"http://{LOOPBACK}:{port}", "no_proxy": ""}
            _scrapy(sys.executable, folder, site, SCRAPY, **variables)
        finally:
            proxy.send_signal(signal.SIGTERM)
            cost = _wait(proxy)
    return cost


def _await_port(port: int, proxy: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        if os.waitid(os.P_PID, proxy.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        time.sleep(0.05)
    raise SystemExit("warcprox did not start; see its help for its options")
