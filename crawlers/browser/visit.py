"""One visit of one page: proxy, browser process, and the end of both.

When `visit_page` returns, no process and no socket of the visit is left, and every
exchange it made is in the archive, whole or as far as it came.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.store.space import SpoolRoom
from crawlers.browser.launch import render
from crawlers.browser.order import (
    DOWNLOAD,
    PageFacts,
    PageOrder,
    Paths,
    ProxyAccess,
)
from crawlers.browser.program import Program
from crawlers.browser.proxy import Gate, open_proxy
from crawlers.browser.traffic import PageTraffic
from crawlers.engine.client import Client
from crawlers.engine.settings import REQUEST_SECONDS, RandomBytes
from crawlers.engine.spool import Spool
from crawlers.engine.tls import make_loopback_authority

GRACE_SECONDS = 2.0
"""For what still runs when the page has been kept; then it is cut and kept so."""
PROXY_USER = "page"
STOPPED = "stopped"
"""Problem of a page whose job was stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTools:
    """What the visits of one job have in common."""

    program: Program
    environ: Mapping[str, str]
    clock: Callable[[], datetime]
    random_bytes: RandomBytes
    spool_folder: Path
    spool_room: SpoolRoom
    accept_language: str
    stopping: asyncio.Event
    """Ends the browser; what came is kept."""

    def new_backlog(self) -> Spool:
        """Holds what a browser has not taken yet."""
        folder, random_bytes = self.spool_folder, self.random_bytes
        return Spool(
            lambda: folder / f"raw-{random_bytes(8).hex()}", room=self.spool_room
        )


async def visit_page(
    url: str, folder: str, *, traffic: PageTraffic, client: Client, tools: PageTools
) -> PageFacts:
    """Show the page and fill its traffic; raises what makes the archive unwritable."""
    gate = Gate(
        user=PROXY_USER,
        password=tools.random_bytes(16).hex(),
        greeting=f"http://{tools.random_bytes(8).hex()}.invalid/",
        authority=make_loopback_authority(tools.clock()),
    )
    async with open_proxy(gate, traffic) as port:
        order = PageOrder(
            url=url,
            paths=Paths(program=str(tools.program.path), folder=folder),
            access=ProxyAccess(
                port=port,
                user=gate.user,
                password=gate.password,
                pin=gate.authority.pin,
                greeting=gate.greeting,
            ),
            user_agent=tools.program.user_agent,
            accept_language=tools.accept_language,
            sandbox=os.geteuid() != 0,  # Chromium's own refuses to run as root
        )
        facts = await _render(order, traffic, tools)
        # A document that became a download runs on without its browser.
        is_download = DOWNLOAD in facts.notes
        seconds = REQUEST_SECONDS if is_download else GRACE_SECONDS
        settling = asyncio.ensure_future(traffic.settle())
        await _first_of(settling, tools.stopping, timeout=seconds)
        await client.close()
        await settling
    if traffic.failure is not None:
        raise traffic.failure
    return facts


async def _render(
    order: PageOrder, traffic: PageTraffic, tools: PageTools
) -> PageFacts:
    """Have the page rendered, unless the job is stopped or cannot go on."""
    rendering = asyncio.ensure_future(render(order, traffic, environ=tools.environ))
    await _first_of(rendering, tools.stopping, traffic.failed)
    if rendering.done():
        return rendering.result()
    rendering.cancel()
    await asyncio.gather(rendering, return_exceptions=True)
    return PageFacts(problem=STOPPED)


async def _first_of(
    task: "asyncio.Future[Any]",
    *events: asyncio.Event,
    timeout: float | None = None,
) -> None:
    """Wait until the task is done, one of the events is set, or time is up."""
    waiting: list[asyncio.Future[Any]]
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(
        [task, *waiting], timeout=timeout, return_when=asyncio.FIRST_COMPLETED
    )
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
