"""Pages of a crawl in a browser: `parts = "browser"` in a source.

The spider fetches a page first, by the source's rules; then the browser visits it, one
page at a time. What it asks for on the way is held to the rules for addresses and the
budgets of a page, not to the source's scope: a person's browser asks for it too.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from archive.capture import Capture, ExchangeContext
from archive.errors import EvidenceError
from crawlers.browser.keep import PageKeeper
from crawlers.browser.visit import PageTools
from crawlers.crawl.capturing.recorder import Recorder
from crawlers.crawl.seam.services import CrawlServices
from crawlers.engine.client import Client

LOOK_SECONDS = 0.2
"""Between two looks whether the crawl is to stop."""
NOT_SHOWN = "page-not-shown"
"""Signal of a page that was captured and that no browser showed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlPages:
    """Shows the pages of one crawl; `show` is what its spider calls."""

    tools: PageTools
    services: CrawlServices
    new_client: Callable[[], Client]
    recorder_of: Callable[[Client], Recorder]
    turn: asyncio.Lock

    async def show(self, main: Capture) -> None:
        """Visit a page that the spider has captured."""
        # Spiders do not run in tasks of asyncio, and time limits need one.
        await asyncio.ensure_future(self._take_turn(main))

    async def _take_turn(self, main: Capture) -> None:
        async with self.turn:
            if self.services.stopping:
                return
            watching = asyncio.ensure_future(self._watch())
            try:
                await self._visit(main)
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    async def _visit(self, main: Capture) -> None:
        source, client = self.services.source, self.new_client()
        rule: Literal["record", "require"] = (
            "require" if source.network.tls == "require" else "record"
        )
        context = ExchangeContext(job_id=self.services.job_id, source_id=source.id)
        keeper = PageKeeper(self.tools, context=context, tls=rule)
        try:
            trail, _ = await keeper.keep(
                main.target_uri,
                client=client,
                recorder=self.recorder_of(client),
                parent=main.capture_id,
            )
        except EvidenceError as error:
            # The archive cannot be written: the crawl must not go on unseen.
            self.services.fatal = self.services.fatal or error
            raise
        finally:
            await client.close()
        if trail.main is None:
            self.services.log.signal(NOT_SHOWN)

    async def _watch(self) -> None:
        while not self.services.stopping:
            await asyncio.sleep(LOOK_SECONDS)
        self.tools.stopping.set()
