"""Two real browsers of the distribution with their own defaults, driven from outside.

Chromium is spoken to by its debugging protocol, Firefox by Marionette; both can look
into sandboxed frames where no script of a page may run.
"""

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

START_SECONDS = 90.0
CALL_SECONDS = 60.0
NAMES = {"chromium": ("chromium",), "firefox": ("firefox-esr",)}
PREFERENCES = {
    "marionette.port": 0,
    "remote.prefs.recommended": False,
    "network.trr.mode": 5,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "app.update.disabledForTesting": True,
    "dom.disable_beforeunload": True,
}
"""Everything else is the browser's default: prefetching and speculation are on."""


class Browser(Protocol):
    """What the rig asks of a browser."""

    def open(self, address: str) -> None:
        """Open an address and wait until it is loaded, or has had its time."""
        ...

    def documents(self) -> list[str]:
        """The markup of the page and of every frame, as it stands now."""
        ...

    def picture(self) -> bytes:
        """A PNG of the window."""
        ...

    def back(self) -> None:
        """Press Back."""
        ...

    def address(self) -> str:
        """Where the window is."""
        ...

    def submit(self, selector: str, value: str) -> None:
        """Type into a field and press Enter."""
        ...

    def click(self, selector: str) -> None:
        """Follow the first link of that kind."""
        ...


class Chromium:
    """One window."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def open(self, address: str) -> None:
        with suppress(PlaywrightError):
            self._page.goto(address, timeout=15_000)

    def documents(self) -> list[str]:
        found = []
        for frame in self._page.frames:
            with suppress(PlaywrightError):
                found.append(frame.evaluate("document.documentElement.outerHTML"))
        return found

    def picture(self) -> bytes:
        return bytes(self._page.screenshot())

    def back(self) -> None:
        # A page that was kept for going back to is not loaded again.
        self._page.go_back(wait_until="commit")

    def address(self) -> str:
        return str(self._page.url)

    def submit(self, selector: str, value: str) -> None:
        """Type into a field and press Enter."""
        self._page.fill(selector, value)
        self._page.press(selector, "Enter")
        self._page.wait_for_load_state()

    def click(self, selector: str) -> None:
        """Follow the first link of that kind."""
        self._page.click(selector)


class Firefox:
    """One window, by Marionette: a number, a colon, JSON."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._file = link.makefile("rb")
        self._number = 0
        self._read()
        wishes = {"unhandledPromptBehavior": "dismiss"}
        self._call("WebDriver:NewSession", capabilities={"alwaysMatch": wishes})
        timeouts = {"pageLoad": 15_000, "script": 10_000, "implicit": 0}
        self._call("WebDriver:SetTimeouts", **timeouts)

    def _read(self) -> Any:
        size = b""
        while (letter := self._file.read(1)) != b":":
            if not letter:
                raise OSError("Firefox has gone")
            size += letter
        return json.loads(self._file.read(int(size)))

    def _call(self, name: str, **values: object) -> Any:
        self._number += 1
        data = json.dumps([0, self._number, name, values]).encode()
        self._link.sendall(b"%d:%s" % (len(data), data))
        _, _, error, result = self._read()
        if error is not None and error.get("error") == "unexpected alert open":
            with suppress(RuntimeError):
                self._call("WebDriver:DismissAlert")
            return self._call(name, **values)
        if error is not None:
            raise RuntimeError(f"{name}: {error.get('error')}")
        return result

    def open(self, address: str) -> None:
        with suppress(RuntimeError):
            self._call("WebDriver:SwitchToFrame", id=None)
        with suppress(RuntimeError):
            self._call("WebDriver:Navigate", url=address)

    def documents(self) -> list[str]:
        self._call("WebDriver:SwitchToFrame", id=None)
        return list(self._walk(0))

    def _walk(self, depth: int) -> Iterator[str]:
        script = "return document.documentElement.outerHTML"
        with suppress(RuntimeError):
            yield self._call("WebDriver:ExecuteScript", script=script, args=[])["value"]
        count = 0
        with suppress(RuntimeError):
            found = self._call(
                "WebDriver:FindElements", using="css selector", value="iframe,frame"
            )
            count = len(found)
        for number in range(count if depth < 3 else 0):
            with suppress(RuntimeError):
                self._call("WebDriver:SwitchToFrame", id=number)
                yield from self._walk(depth + 1)
                self._call("WebDriver:SwitchToParentFrame")

    def picture(self) -> bytes:
        import base64

        self._call("WebDriver:SwitchToFrame", id=None)
        taken = self._call("WebDriver:TakeScreenshot", full=False, hash=False)
        return base64.b64decode(taken["value"])

    def back(self) -> None:
        self._call("WebDriver:Back")

    def address(self) -> str:
        return str(self._call("WebDriver:GetCurrentURL")["value"])

    def submit(self, selector: str, value: str) -> None:
        """Type into a field and press Enter."""
        element = self._find(selector)
        self._call("WebDriver:ElementSendKeys", id=element, text=value + "\ue007")

    def click(self, selector: str) -> None:
        """Follow the first link of that kind."""
        self._call("WebDriver:ElementClick", id=self._find(selector))

    def _find(self, selector: str) -> str:
        self._call("WebDriver:SwitchToFrame", id=None)
        found = self._call(
            "WebDriver:FindElement", using="css selector", value=selector
        )["value"]
        return str(next(iter(found.values())))


@contextmanager
def run_browser(name: str, folder: Path) -> Iterator[Browser]:
    """Start a browser with an empty profile below `folder`; it ends with the block."""
    home = folder / f"home-{name}"
    home.mkdir()
    with _started(name, home) as process:
        if name == "firefox":
            port = int(_wait(home / "MarionetteActivePort", process))
            link = socket.create_connection(("127.0.0.1", port), timeout=CALL_SECONDS)
            with link:
                yield Firefox(link)
        else:
            port = int(_wait(home / "DevToolsActivePort", process).split()[0])
            with sync_playwright() as playwright:
                address = f"http://127.0.0.1:{port}"
                browser = playwright.chromium.connect_over_cdp(address)
                yield Chromium(browser.contexts[0].pages[0])
                browser.close()


@contextmanager
def _started(name: str, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    command: Callable[[Path], list[str]] = _firefox if name == "firefox" else _chromium
    process = subprocess.Popen(
        command(home),
        env={"HOME": str(home), "PATH": os.environ["PATH"], "TMPDIR": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


def _chromium(home: Path) -> list[str]:
    return [
        *NAMES["chromium"],
        "--headless=new",
        "--no-sandbox",
        "--no-first-run",
        "--window-size=1100,1400",
        "--remote-debugging-port=0",
        f"--user-data-dir={home}",
        "about:blank",
    ]


def _firefox(home: Path) -> list[str]:
    lines = [
        f'user_pref("{name}", {json.dumps(value)});\n'
        for name, value in PREFERENCES.items()
    ]
    (home / "user.js").write_text("".join(lines))
    size = ("--width", "1100", "--height", "1400")
    program = NAMES["firefox"]
    return [
        *program,
        "--headless",
        "--marionette",
        "--no-remote",
        *size,
        "--profile",
        str(home),
    ]


def _wait(path: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if path.exists() and (text := path.read_text().strip()):
            return text
        time.sleep(0.1)
    raise RuntimeError(f"no {path.name} in time")
