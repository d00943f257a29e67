"""The browser of this machine: found, named plainly, told nothing, ended by id."""

import asyncio
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from archive.child import end_processes, find_processes
from archive.errors import SettingsError
from crawlers.browser import appetite, launch
from crawlers.browser.flags import languages_of
from crawlers.browser.order import PageOrder, Paths, ProxyAccess
from crawlers.browser.program import clean_environment, find_program
from crawlers.browser.traffic import PageTraffic
from tests.support.programs.waiting import wait_until


def write_program(
    folder: Path, output: str, *, name: str = "chromium"
) -> dict[str, str]:
    """A program that says its version; the environment that finds it."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{output}'\n")
    path.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.defpath}", "USER": "canary"}


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_the_name_is_that_of_the_browser_with_a_window(
    tmp_path: Path, name: str
) -> None:
    environ = write_program(tmp_path, "Chromium 156.0.8078.79 built on X 12", name=name)
    environ["PATH"] = f"{tmp_path}{os.pathsep}/nowhere"
    (tmp_path / "echo").symlink_to("/bin/echo")
    found = find_program(environ)
    assert found.path == tmp_path / name
    assert found.user_agent.endswith(" Chrome/156.0.0.0 Safari/537.36")
    assert "Headless" not in found.user_agent


def test_a_program_that_is_no_browser_is_refused(tmp_path: Path) -> None:
    environ = write_program(tmp_path, "hello")
    environ["PATH"] = f"{tmp_path}{os.pathsep}/nowhere"
    with pytest.raises(SettingsError, match="names no version"):
        find_program(environ)


def test_a_missing_driver_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match=r"requirements/browser\.txt"):
        find_program({})


def test_the_environment_names_nobody() -> None:
    environ = {"PATH": "/bin", "USER": "u", "HOME": "/home/u", "TZ": "Asia/Kathmandu"}
    assert clean_environment(environ, home="/tmp/x") == {
        "PATH": "/bin",
        "HOME": "/tmp/x",
        "TMPDIR": "/tmp/x",
        "TZ": "UTC",
        "LANG": "C.UTF-8",
    }


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_only_processes_of_that_run_are_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    ours, other = (
        subprocess.Popen(command, env={"HOME": str(tmp_path) + tail})
        for tail in ("", "x")
    )
    try:
        assert find_processes(str(tmp_path)) == [ours.pid]
        end_processes(str(tmp_path))
        assert ours.wait(timeout=10) == -9
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
        ours.wait()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_a_process_that_hides_its_home_is_known_by_its_parent(tmp_path: Path) -> None:
    """As those of a browser that show pages: their title lies over it."""
    hidden = "import os; os.execve('/bin/sleep', ['sleep', '60'], {'HOME': '/x'})"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hidden!r}])"
    command = [sys.executable, "-IS", "-c", code]
    with subprocess.Popen(command, env={"HOME": str(tmp_path)}) as ours:
        try:
            wait_until(lambda: len(find_processes(str(tmp_path))) == 2)
            wait_until(lambda: hides(find_processes(str(tmp_path))[1]))
            found = find_processes(str(tmp_path))
            assert found[0] == ours.pid
            assert len(found) == 2
        finally:
            end_processes(str(tmp_path))
    wait_until(lambda: not Path(f"/proc/{found[1]}").exists())


def hides(process: int) -> bool:
    return b"HOME=/x" in Path(f"/proc/{process}/environ").read_bytes()


def order_in(folder: Path) -> PageOrder:
    return PageOrder(
        url="http://site.test/",
        paths=Paths(program="none", folder=str(folder)),
        access=ProxyAccess(port=1, user="u", password="p", pin="", greeting=""),
        user_agent="",
        accept_language="",
        sandbox=True,
    )


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import time; time.sleep(60)", "the browser hung and was ended"),
        ("pass", "the browser process ended early"),
        ("print('not json', flush=True)", "the browser process spoke badly"),
        ("print('[1]', flush=True)", "the browser process spoke badly"),
    ],
)
def test_whatever_the_browser_process_does_the_job_goes_on(
    tmp_path: Path,
    traffic: PageTraffic,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    problem: str,
) -> None:
    monkeypatch.setattr(launch, "CHILD", ("-c", code))
    monkeypatch.setattr(launch, "HARD_SECONDS", 1.0)
    facts = asyncio.run(launch.render(order_in(tmp_path), traffic, environ=os.environ))
    assert facts.problem.startswith(problem)
    assert facts.document is None
    assert find_processes(str(tmp_path)) == []


TAKERS = {
    "memory": "held = bytearray(96 << 20); import time; time.sleep(60)",
    "disk": "import os, time; open(os.environ['HOME'] + '/profile', 'wb').write("
    "bytes(24 << 20)); time.sleep(60)",
}
"""Browsers that take 96 MiB of memory, and 24 MiB of disk."""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
@pytest.mark.parametrize("what", TAKERS)
def test_a_page_that_takes_too_much_of_the_machine_is_ended(
    tmp_path: Path, traffic: PageTraffic, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(launch, "CHILD", ("-c", TAKERS[what]))
    monkeypatch.setattr(appetite, "MEMORY_BYTES", 64 << 20)
    monkeypatch.setattr(appetite, "DISK_BYTES", 16 << 20)
    monkeypatch.setattr(appetite, "LOOK_SECONDS", 0.02)
    facts = asyncio.run(launch.render(order_in(tmp_path), traffic, environ=os.environ))
    assert facts.problem.startswith("the page took more than")
    assert facts.problem.endswith(what)
    assert find_processes(str(tmp_path)) == []


def test_orders_and_facts_cross_unchanged(tmp_path: Path) -> None:
    order = order_in(tmp_path)
    assert PageOrder.from_json(order.as_json()) == order


def test_languages_are_those_of_the_header() -> None:
    assert languages_of("be,ru;q=0.9,en;q=0.8") == "be,ru,en"
