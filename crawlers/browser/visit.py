"""One visit of one page: proxy, browser process, and the end of both.

When `visit_page` returns, no process and no socket of the visit is left, and every
exchange it made is in the archive, whole or as far as it came.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from crawlers.engine.tls import LoopbackAuthority
from crawlers.sources.source import DEFAULT_ACCEPT_LANGUAGE

GRACE_SECONDS = 2.0
"""For what still runs when the page has been kept; then it is cut and kept so."""
PROXY_USER = "page"
STOPPED = "stopped"
"""Problem of a page whose job was stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a visit takes from its job."""

    program: Program
    environ: Mapping[str, str]
    random_bytes: RandomBytes
    authority: LoopbackAuthority
    stopping: asyncio.Event


async def visit_page(
    url: str, folder: str, *, traffic: PageTraffic, client: Client, around: Surroundings
) -> PageFacts:
    """Show the page and fill its traffic; raises what makes the archive unwritable."""
    gate = Gate(
        user=PROXY_USER,
        password=around.random_bytes(16).hex(),
        greeting=f"http://{around.random_bytes(8).hex()}.invalid/",
        authority=around.authority,
    )
    async with open_proxy(gate, traffic) as port:
        order = PageOrder(
            url=url,
            paths=Paths(program=str(around.program.path), folder=folder),
            access=ProxyAccess(
                port=port,
                user=gate.user,
                password=gate.password,
                pin=gate.authority.pin,
                greeting=gate.greeting,
            ),
            user_agent=around.program.user_agent,
            accept_language=DEFAULT_ACCEPT_LANGUAGE,
            sandbox=os.geteuid() != 0,  # Chromium's own refuses to run as root
        )
        facts = await _render(order, traffic, around)
        # A document that became a download runs on without its browser.
        is_download = DOWNLOAD in facts.notes
        seconds = REQUEST_SECONDS if is_download else GRACE_SECONDS
        settling = asyncio.ensure_future(traffic.settle())
        await _first_of(settling, around.stopping, timeout=seconds)
        await client.close()
        await settling
    if traffic.failure is not None:
        raise traffic.failure
    return facts


async def _render(
    order: PageOrder, traffic: PageTraffic, around: Surroundings
) -> PageFacts:
    """Have the page rendered, unless the job is stopped or cannot go on."""
    rendering = asyncio.ensure_future(render(order, traffic, environ=around.environ))
    await _first_of(rendering, around.stopping, traffic.failed)
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
