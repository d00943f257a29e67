"""Python, packages, openssl; each made to fail."""

import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from archive.doctor import software
from archive.doctor.machine import Machine
from archive.doctor.software import check_openssl, check_packages, check_python
from tests.support.judging.examined import GOOD, WEAKER, changed, only


def test_what_runs_these_tests_is_good(machine: Machine) -> None:
    assert only(check_python(machine), GOOD)
    assert only(check_packages(machine), GOOD)


def test_an_old_python_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    found = only(check_python(machine), WEAKER)
    assert found.is_needed
    assert "3.11" in found.without


def test_missing_and_old_packages_are_named_and_extras_are_not(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        if name in ("zstandard", "python-pkcs11", "playwright", "elasticsearch"):
            raise PackageNotFoundError(name)
        return "43.9.1" if name == "cryptography" else "99.0rc1"

    monkeypatch.setattr(software, "version", version)
    found = only(check_packages(machine), WEAKER)
    assert found.is_needed
    assert found.says.endswith(": zstandard, cryptography 43.9.1")


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("OpenSSL 1.1.1w  11 Sep 2023", "OpenSSL 1.1.1w is too old"),
        ("LibreSSL 3.9.2", "LibreSSL 3.9.2 is too old"),
        ("", "openssl is too old"),
    ],
)
def test_an_openssl_that_verify_sh_refuses_is_named(
    machine: Machine, tmp_path: Path, says: str, words: str
) -> None:
    program = tmp_path / "openssl"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o700)
    old = changed(machine, environ={"PATH": str(tmp_path)})
    assert only(check_openssl(old), WEAKER).says == words
    program.write_text("#!/bin/sh\necho 'OpenSSL 3.5.1 1 Jul 2025 (Library)'\n")
    assert only(check_openssl(old), GOOD).says == "OpenSSL 3.5.1"


def test_no_openssl_is_named_and_not_needed(machine: Machine, tmp_path: Path) -> None:
    found = only(
        check_openssl(changed(machine, environ={"PATH": str(tmp_path)})), WEAKER
    )
    assert (found.says, found.is_needed) == ("there is no openssl", False)


def test_a_program_that_does_not_start_is_none(
    machine: Machine, tmp_path: Path
) -> None:
    program = tmp_path / "openssl"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o700)
    odd = changed(machine, environ={"PATH": str(tmp_path)})
    assert only(check_openssl(odd), WEAKER)
