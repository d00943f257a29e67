"""Start the browser process of one page, hear what it says, end it whatever happens."""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

from archive.child import end_processes, python_command, python_path
from crawlers.browser.appetite import wait_too_much
from crawlers.browser.order import PageFacts, PageOrder
from crawlers.browser.program import clean_environment
from crawlers.browser.traffic import Announced, PageTraffic

CHILD = ("-m", "crawlers.browser.child")
HARD_SECONDS = 180.0
"""A browser process that has not answered by then hangs: its own budgets are over."""
LINE_BYTES = 1 << 20
"""One line of a browser process; an address of a page may be long."""


async def render(
    order: PageOrder, traffic: PageTraffic, *, environ: Mapping[str, str]
) -> PageFacts:
    """Render one page in a process of its own; never raises for what it does."""
    home = order.paths.folder
    environment = clean_environment(environ, home=home)
    environment["PYTHONPATH"] = python_path()
    process = await asyncio.create_subprocess_exec(
        *python_command(*CHILD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
        limit=LINE_BYTES,
        start_new_session=True,  # Ctrl-C is for us: we end it when all is kept
    )
    try:
        return await _guard(_listen(process, order, traffic), home)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        end_processes(home)
        await process.wait()


async def _guard(listen: Coroutine[Any, Any, PageFacts], home: str) -> PageFacts:
    """Listen until the page is done, or takes more of the machine than it may."""
    listening = asyncio.ensure_future(listen)
    watching = asyncio.ensure_future(wait_too_much(home))
    try:
        await asyncio.wait((listening, watching), return_when=asyncio.FIRST_COMPLETED)
        if listening.done():
            return listening.result()
        return PageFacts(problem=watching.result())
    finally:
        for task in (listening, watching):
            task.cancel()
        await asyncio.gather(listening, watching, return_exceptions=True)


async def _listen(
    process: asyncio.subprocess.Process, order: PageOrder, traffic: PageTraffic
) -> PageFacts:
    if process.stdin is None or process.stdout is None:
        raise AssertionError("pipes were asked for")
    process.stdin.write(json.dumps(order.as_json()).encode() + b"\n")
    process.stdin.close()
    try:
        async with asyncio.timeout(HARD_SECONDS):
            async for line in process.stdout:
                message: dict[str, Any] = json.loads(line)
                if "facts" in message:
                    facts = PageFacts.from_json(message["facts"])
                    await process.wait()
                    return facts
                announced = Announced(
                    used_as=message["used_as"], is_main=message["is_main"]
                )
                await traffic.announce(message["uri"], announced)
    except TimeoutError:
        return PageFacts(problem="the browser hung and was ended")
    except (ValueError, KeyError, TypeError):
        return PageFacts(problem="the browser process spoke badly")
    return PageFacts(problem="the browser process ended early")
