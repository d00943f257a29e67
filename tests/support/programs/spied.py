"""A proxy in a thread, and the command under a hook that logs where it connects to."""

import asyncio
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any

from tests.support.programs.command import Evidence

SPY = """
import atexit, json, os, sys

LOG = os.environ["SPY_LOG"]
EVENTS = {
    "socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
    "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo",
}


def hook(event, arguments):
    if event in EVENTS:
        place = repr(arguments[1:] if event.startswith("socket.") else arguments)
        with open(LOG, "a") as stream:
            stream.write(json.dumps([event, place]) + "\\n")


sys.addaudithook(hook)
with open(LOG, "a") as stream:
    seen = [sys.orig_argv, sorted(os.environ.items())]
    stream.write(json.dumps(["process", repr(seen)]) + "\\n")
"""


@contextmanager
def held(maker: AbstractAsyncContextManager[Any]) -> Iterator[Any]:
    """Run an asynchronous server in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    try:
        made = wait(maker.__aenter__())
        try:
            yield made
        finally:
            wait(maker.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def describe(folder: Path, proxy: Any, **replaced: str) -> Path:
    """The user's file for one proxy, called `out`."""
    scheme = "http" if proxy.kind == "connect" else "socks5h"
    lines = ["[out]"]
    user = ""
    if proxy.credentials is not None:
        user = f"{proxy.credentials[0]}@"
        password = replaced.get("password", proxy.credentials[1])
        lines.append(f'password = "{password}"')
    lines.append(f'url = "{scheme}://{user}127.0.0.1:{proxy.port}"')
    if proxy.tor:
        lines.append("tor = true")
    path = folder / "proxies.toml"
    path.write_text("\n".join(lines))
    path.chmod(0o600)
    return path


class Spied:
    """The command with a hook in every process it starts."""

    def __init__(self, evidence: Evidence, folder: Path) -> None:
        self._evidence = evidence
        self._log = folder / "spy.log"
        self._folder = folder / "spy"
        self._folder.mkdir(parents=True)
        (self._folder / "sitecustomize.py").write_text(SPY)
        self.output = ""

    def run(self, *verb: str) -> int:
        environment = self._evidence.environment()
        path = os.pathsep.join([str(self._folder), environment["PYTHONPATH"]])
        done = subprocess.run(
            self._evidence.arguments(*verb),
            env={**environment, "PYTHONPATH": path, "SPY_LOG": str(self._log)},
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        assert "Traceback" not in done.stderr, done.stderr
        self.output += done.stdout + done.stderr
        return done.returncode

    def events(self) -> list[tuple[str, str]]:
        lines = self._log.read_text().splitlines()
        return [tuple(json.loads(line)) for line in lines]

    def places(self) -> set[tuple[str, str]]:
        """Every place that was connected to, sent to or looked up."""
        return {event for event in self.events() if event[0] != "process"}
