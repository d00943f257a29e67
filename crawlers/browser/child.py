"""The browser process of one page: order on standard input, JSON lines come back."""

import asyncio
import json
import os
import sys
from typing import Any

from crawlers.browser.order import PageFacts, PageOrder
from crawlers.browser.page import render_page
from crawlers.browser.shortening import TOO_LONG, enter_shortly

ORDER_BYTES = 1 << 20
"""An order is one address and a few names."""


def main() -> None:
    """Render the page; the last line holds how it came out."""
    order = PageOrder.from_json(json.loads(sys.stdin.buffer.readline(ORDER_BYTES)))
    short = enter_shortly(order.paths.folder)
    if short is None:
        facts = PageFacts(problem=TOO_LONG)
    else:
        os.environ["TMPDIR"] = short
        facts = asyncio.run(render_page(order, say))
    say({"facts": facts.as_json()})


def say(message: dict[str, Any]) -> None:
    """Write one JSON line at once: a request waits for it."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
