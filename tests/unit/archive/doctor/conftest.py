"""One machine on which all is well."""

from pathlib import Path

import pytest

from archive.doctor.machine import Machine
from tests.support.archives.archives import MadeArchive
from tests.support.judging.examined import sound_machine


@pytest.fixture
def sound(tmp_path: Path) -> tuple[MadeArchive, Machine]:
    return sound_machine(tmp_path)


@pytest.fixture
def made(sound: tuple[MadeArchive, Machine]) -> MadeArchive:
    return sound[0]


@pytest.fixture
def machine(sound: tuple[MadeArchive, Machine]) -> Machine:
    return sound[1]
