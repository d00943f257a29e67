"""What `doctor` says of browser and proxies; each made to fail."""

import importlib.util
from pathlib import Path

import pytest

from archive.doctor.machine import Machine
from archive.settings import NetworkSettings, Settings
from crawlers.checks import check_browser, check_proxy
from tests.support.judging.examined import (
    GOOD,
    UNSAFE,
    WEAKER,
    changed,
    only,
    sound_machine,
)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return sound_machine(tmp_path)[1]


def through(machine: Machine, path: Path, label: str | None = None) -> Machine:
    network = NetworkSettings(proxies=path, proxy=label)
    return changed(machine, settings=Settings(network=network))


def test_a_browser_is_found_as_captures_find_it(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    folder = tmp_path / "bin"
    folder.mkdir()
    there = changed(machine, environ={"PATH": str(folder)})
    found = only(check_browser(there), WEAKER)
    assert (found.is_needed, found.step.split()[0]) == (False, "install")
    chromium = folder / "chromium"
    chromium.write_text("#!/bin/sh\necho Chromium 140.0.7339.1\n")
    chromium.chmod(0o700)
    assert only(check_browser(there), GOOD).says == str(chromium)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert "requirements/browser.txt" in only(check_browser(there), WEAKER).step


def test_no_proxy_is_a_remark(machine: Machine) -> None:
    assert not only(check_proxy(machine), WEAKER).is_needed


def test_proxies_are_read_as_every_verb_reads_them(
    machine: Machine, tmp_path: Path
) -> None:
    file = tmp_path / "proxies.toml"
    assert only(check_proxy(through(machine, file)), WEAKER).is_needed
    file.write_text('[tor]\nurl = "socks5h://127.0.0.1:9050"\n')
    file.chmod(0o600)
    assert only(check_proxy(through(machine, file, "tor")), GOOD).says.endswith("tor")
    assert only(check_proxy(through(machine, file, "other")), WEAKER).is_needed
    file.write_text("[tor]\nurl = 7\n")
    assert only(check_proxy(through(machine, file)), WEAKER).is_needed


def test_proxies_that_others_may_read_are_unsafe_and_no_password_is_told(
    machine: Machine, tmp_path: Path
) -> None:
    file = tmp_path / "proxies.toml"
    file.write_text('[o]\nurl = "http://a@192.0.2.7:3128"\npassword = "sesame99"\n')
    file.chmod(0o640)
    found = list(check_proxy(through(machine, file)))
    assert found[0].outcome is UNSAFE
    assert all("sesame99" not in one.line for one in found)
