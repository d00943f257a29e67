"""CPU and memory of a crawl against plain Scrapy and `wget --warc-file`, in one run.

A loopback server in a process of its own serves the same pages to each tool in turn,
round by round. CPU is user and system time of the whole process tree as the kernel
counts it; memory the largest process. Ratios are to plain Scrapy in the same round.

usage: python benchmarks/capture.py [--rounds 5] [--pages 400] [--json]
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

SIZES = {"2 KB": 2_000, "50 KB": 50_000, "1 MB": 1_000_000}
PAGES_OF_1MB = 60
"""Large pages are fewer, so that a round stays short."""
HOST = "bench.example"
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
url = "http://{host}/"
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
concurrency = 16

[network]
tls = "record"
robots = "obey"
"""
PLAIN = """\
import sys
from urllib.parse import urlsplit
import scrapy
from scrapy.crawler import CrawlerProcess

class Plain(scrapy.Spider):
    name = "plain"
    start_urls = [sys.argv[1]]
    def parse(self, response):
        for href in response.css("a::attr(href)").getall():
            yield response.follow(href, self.keep)
    def keep(self, response):
        self.count = getattr(self, "count", 0) + 1
    def closed(self, reason):
        print(getattr(self, "count", 0))

process = CrawlerProcess({
    "LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "ROBOTSTXT_OBEY": True,
    "CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "DOWNLOAD_DELAY": 0,
})
process.crawl(Plain)
process.start()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run of one tool cost."""

    cpu_seconds: float
    rss_kb: int
    pages: int


def _body(size: int, number: int) -> bytes:
    """Text that presses like prose: words with a number in each line."""
    line = (
        f"<p>Line of page {number}: turnout, commission, observers, results {{}}</p>\n"
    )
    text = "".join(line.format(n * 7919 % 10_007) for n in range(size // 70 + 1))
    return text.encode()[:size]


def _serve(size: int, pages: int, pipe: Connection) -> None:
    """Serve the index and its pages until killed."""
    links = "".join(f'<a href="/page/{n}">{n}</a>\n' for n in range(pages)).encode()
    bodies = [_body(size, number) for number in range(min(pages, 50))]

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                path = request.split(b" ", 2)[1]
                status, body = b"200 OK", links
                if path.startswith(b"/page/"):
                    body = bodies[int(path[6:]) % len(bodies)]
                elif path != b"/":
                    status, body = b"404 Not Found", b""
                writer.write(
                    b"HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\n"
                    b"Content-Length: %d\r\n\r\n%s" % (status, len(body), body)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def _site(size: int, pages: int) -> Iterator[int]:
    """The port of a server that serves `pages` pages of `size` bytes."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(size, pages, there))
    process.start()
    try:
        yield here.recv()
    finally:
        process.kill()
        process.join()


def _measure(
    command: list[str], *, env: dict[str, str], count: Callable[[str], int]
) -> Cost:
    """Run a command to its end; its process tree's CPU and largest process."""
    with subprocess.Popen(  # noqa: S603  our own commands
        command, stdout=subprocess.PIPE, env=env, text=True
    ) as child:
        if child.stdout is None:
            raise AssertionError("a pipe was asked for")
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 8):  # wget says 8 for the missing robots.txt
        raise SystemExit(f"{command[:3]} ended with {child.returncode}")
    return Cost(
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        rss_kb=usage.ru_maxrss,
        pages=count(output),
    )


def _ours(folder: Path, port: int) -> Cost:
    """One `evidence crawl`: statements, log and checkpoints on."""
    env = {
        **os.environ,
        "HOME": str(folder),
        "EVIDENCE_TRUST_DIR": str(folder / "trust"),
    }
    env |= {"XDG_DATA_HOME": str(folder / "data"), "PYTHONPATH": str(Path.cwd())}
    (folder / "sources").mkdir()
    (folder / "sources" / "bench.toml").write_text(SOURCE.format(host=HOST))
    archive = [*EVIDENCE, "--archive", str(folder / "archive")]
    init = [*archive, "init", "--name", "Benchmark"]
    subprocess.run(init, env=env, check=True, capture_output=True)  # noqa: S603  ours
    crawl = ["crawl", "bench", "--sources", str(folder / "sources"), "--json"]
    route = ["--connect-to", f"{HOST}:80=127.0.0.1:{port}"]
    return _measure(
        [*archive, *crawl, *route],
        env=env,
        count=lambda out: int(json.loads(out.splitlines()[-1])["captures"]),
    )


def _plain(folder: Path, port: int) -> Cost:
    """Scrapy as it comes, keeping nothing."""
    (folder / "plain.py").write_text(PLAIN)
    command = [sys.executable, str(folder / "plain.py"), f"http://127.0.0.1:{port}/"]
    return _measure(command, env=dict(os.environ), count=lambda out: int(out or 0))


def _wget(folder: Path, port: int) -> Cost:
    """The common tool that writes WARC."""
    command = ["wget", "-q", "-r", "-l", "1", "-P", str(folder / "wget")]
    command += [f"--warc-file={folder / 'out'}", f"http://127.0.0.1:{port}/"]
    return _measure(command, env=dict(os.environ), count=lambda _out: 0)


def _round(size: int, pages: int) -> dict[str, Cost]:
    tools: dict[str, Callable[[Path, int], Cost]] = {
        "scrapy": _plain,
        "evidence": _ours,
    }
    if shutil.which("wget"):
        tools["wget"] = _wget
    costs = {}
    with _site(size, pages) as port:
        for name, run in tools.items():
            with tempfile.TemporaryDirectory() as folder:
                costs[name] = run(Path(folder), port)
    return costs


def _baselines(rounds: int) -> dict[str, float]:
    """CPU of each tool for one page: starting up, not capturing."""
    runs = [_round(2_000, 1) for _ in range(rounds)]
    return {
        name: statistics.median(run[name].cpu_seconds for run in runs)
        for name in runs[0]
    }


def main() -> None:
    """Print a table of medians and ratios, start-up taken off."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    start = _baselines(options.rounds)
    rows = []
    for label, size in SIZES.items():
        pages = min(options.pages, PAGES_OF_1MB) if size >= 1_000_000 else options.pages
        runs = [_round(size, pages) for _ in range(options.rounds)]
        for name in runs[0]:
            cpu = [run[name].cpu_seconds for run in runs]
            ratio = [
                (run[name].cpu_seconds - start[name])
                / (run["scrapy"].cpu_seconds - start["scrapy"])
                for run in runs
            ]
            rows.append(
                {
                    "size": label,
                    "tool": name,
                    "cpu_ms_a_page": 1000
                    * (statistics.median(cpu) - start[name])
                    / pages,
                    "ratio": statistics.median(ratio),
                    "ratio_min": min(ratio),
                    "ratio_max": max(ratio),
                    "rss_mb": max(run[name].rss_kb for run in runs) / 1024,
                }
            )
    if options.json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    sys.stdout.write("size   tool      ms/page  ratio (min-max)      largest process\n")
    for row in rows:
        sys.stdout.write(
            f"{row['size']:6} {row['tool']:9} {row['cpu_ms_a_page']:7.2f}  "
            f"{row['ratio']:4.2f} ({row['ratio_min']:.2f}-{row['ratio_max']:.2f})  "
            f"{row['rss_mb']:8.0f} MB\n"
        )


if __name__ == "__main__":
    main()
