"""What tests of bundles and of their verification share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.archives.bundles import World, make_world


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, require_program: Callable[[str], Path]
) -> World:
    """An archive, and the bundles that were made of it."""
    require_program("openssl")
    return make_world(tmp_path_factory.mktemp("world"))
