"""A browser gets a path to its folder that leaves room for its sockets, or none."""

import socket
from pathlib import Path

import pytest

from crawlers.browser import shortening
from crawlers.browser.shortening import (
    SOCKET_NAME,
    SOCKET_PATH_BYTES,
    enter_shortly,
    is_short,
)


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # whatever enters it is brought back
    made = tmp_path / ("\u0433\u043b\u0443\u0431\u0436\u044d" * 15)
    made.mkdir()
    return made


def test_a_short_folder_is_taken_as_it_is_and_counted_in_bytes() -> None:
    room = SOCKET_PATH_BYTES - len(SOCKET_NAME)
    assert enter_shortly("/" + "a" * (room - 1)) == "/" + "a" * (room - 1)
    assert not is_short("/" + "a" * room)
    assert not is_short("/" + "\u044d" * (room - 1))


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs /proc")
def test_a_long_one_gets_a_path_under_which_a_socket_can_be_made(deep: Path) -> None:
    short = enter_shortly(str(deep))
    assert short is not None
    assert is_short(short)
    place = short + SOCKET_NAME
    Path(place).parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
    assert [one.name for one in deep.iterdir()] == ["org.chromium.Chromium.123456"]


def test_where_the_system_has_no_such_path_there_is_none(
    deep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Nowhere(type(deep)):  # type: ignore[misc]
        def samefile(self, other: object) -> bool:
            raise FileNotFoundError(other)

    monkeypatch.setattr(shortening, "Path", Nowhere)
    assert enter_shortly(str(deep)) is None
