"""Pictures and font of the example sites come from their script, byte for byte."""

import runpy
from pathlib import Path

from crawlers.demo.content import SITE_FOLDER

SCRIPT = Path(__file__).parents[3] / "make" / "demo_assets.py"


def test_assets_are_what_the_script_makes() -> None:
    made = runpy.run_path(str(SCRIPT))["make_assets"]()
    for name, data in made.items():
        assert (SITE_FOLDER / "outlet.example" / "both" / name).read_bytes() == data
