"""Make the pictures of the documents from the served demonstration, by a browser.

usage: python tests/make/screenshots.py ARCHIVE OUT     (needs chromium)

ARCHIVE is the example that `make demo ONCE=1` made; writes OUT/record.png.
"""

import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
RECORD = "an article with its pictures"
"""What `evidence demo` calls the sight that is shown first in the README."""
WINDOW = "1280,960"
SECONDS = 120


def main() -> int:
    """Serve, take the pictures, stop."""
    archive, out = Path(sys.argv[1]), Path(sys.argv[2])
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("no browser: install chromium, then run this again", file=sys.stderr)
        return 1
    out.mkdir(parents=True, exist_ok=True)
    with served(archive) as (base, record):
        urllib.request.urlopen(base + record, timeout=SECONDS).close()
        take(browser, base + record, out / "record.png")
    return 0


@contextmanager
def served(archive: Path) -> Iterator[tuple[str, str]]:
    """The address of the pages, and the path of the record page."""
    command = [sys.executable, "-u", "-c", "from archive.cli.root import main; main()"]
    words = ["demo", "--archive", str(archive), "--port", "0", "--replay-port", "0"]
    process = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, text=True)
    if process.stdout is None:
        raise AssertionError("a pipe was asked for")
    try:
        record, wanted = "", False
        for line in process.stdout:
            if wanted and not record:
                record = line.strip()
            wanted = RECORD in line
            if line.startswith("open "):
                yield line.split()[1].rstrip("/"), record
                return
        raise SystemExit("the demonstration was not served")
    finally:
        process.terminate()
        process.wait(SECONDS)


def take(browser: str, address: str, path: Path) -> None:
    """One picture of one page, by a browser with a profile of its own."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                f"--user-data-dir={profile}",
                f"--window-size={WINDOW}",
                f"--screenshot={path}",
                address,
            ],
            check=True,
            capture_output=True,
            timeout=SECONDS,
        )


if __name__ == "__main__":
    sys.exit(main())
