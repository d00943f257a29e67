"""Run by test_small_disk in a mount namespace of its own: a disk that gets full.

python -m tests.faults.on_small_disk HOME RESERVE_BYTES; prints one JSON object.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from archive.attest.trust.folder import TrustSet, read_trust
from archive.store.layout import read_identity
from archive.store.reading.reader import ArchiveReader
from archive.verify.whole.folder import verify_archive
from tests.support.capturing.wire import leads, serve_sites
from tests.support.programs.command import COMMAND, Command

SMALL, LARGE = "12m", "200m"
PAGES = 48
NOISE = os.urandom(1 << 18)
HOSTS = [f"h{number}.example" for number in range(PAGES)]


def reply() -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n"
    return head % len(NOISE) + NOISE


def main() -> None:
    home, reserve = Path(sys.argv[1]), sys.argv[2]
    disk = home / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "none", str(disk)]
    subprocess.run(mount, check=True)
    command = Command(home=home, archive=disk / "archive")
    assert command.run("init", "--name", "Observers of a test").returncode == 0
    urls = [f"http://{host}/page" for host in HOSTS]
    with serve_sites({host: (reply(),) for host in HOSTS}) as sites:
        to = leads(HOSTS, (80, f"127.0.0.1:{sites.port}"))
        began = time.monotonic()
        full = capture(command, urls, to, reserve)
        seconds = time.monotonic() - began
        told = ids(full)
        before = verify_archive(command.archive, trust=trust(command)).outcome
        subprocess.run(["mount", "-o", f"remount,size={LARGE}", str(disk)], check=True)
        left = [url for url in urls if url not in told]
        again = capture(command, left, to, reserve)
    report = verify_archive(command.archive, trust=trust(command))
    reader = ArchiveReader.open(command.archive)
    found = {capture.capture_id for capture in reader.captures()}
    reader.close()
    print(
        json.dumps(
            {
                "codes": [full.returncode, again.returncode],
                "said": full.stderr.decode(),
                "seconds": seconds,
                "told": len(told),
                "lost": sorted(set(told.values()) - found),
                "outcomes": [str(before), str(report.outcome)],
                "captured": len(told) + len(ids(again)),
            }
        )
    )


def trust(command: Command) -> TrustSet | None:
    origin = read_identity(command.archive).origin
    return read_trust(command.home / "trust", origin)


def capture(
    command: Command, urls: list[str], to: list[str], reserve: str
) -> "subprocess.CompletedProcess[bytes]":
    environ = {**command.environment(), "EVIDENCE_ARCHIVE__RESERVE_BYTES": reserve}
    return subprocess.run(
        [
            *(*COMMAND, "--archive", str(command.archive), "capture", "--json"),
            *("--parts", "none", *urls, *to),
        ],
        env=environ,
        capture_output=True,
        check=False,
        timeout=120,
    )


def ids(done: "subprocess.CompletedProcess[bytes]") -> dict[str, str]:
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["uri"]: row["id"] for row in rows if row["outcome"] == "complete"}


if __name__ == "__main__":
    main()
