"""One page: visited, and stated if a captured document was shown."""

from dataclasses import replace

from archive.capture import ExchangeContext
from archive.store.recovery.visits import visit_folder
from crawlers.browser.order import PageFacts
from crawlers.browser.statement import RenderedPage, draft_rendering
from crawlers.browser.traffic import PageTraffic, PageTrail, TlsRule, sort_trail
from crawlers.browser.visit import PageTools, visit_page
from crawlers.crawl.capturing.recorder import Recorder
from crawlers.engine.client import Client


class PageKeeper:
    """Visits pages for one job, each with an engine that is used for it alone."""

    def __init__(
        self, tools: PageTools, *, context: ExchangeContext, tls: TlsRule = "record"
    ) -> None:
        self._tools = tools
        self._context = context
        self._tls = tls

    async def keep(
        self, url: str, *, client: Client, recorder: Recorder, parent: str | None = None
    ) -> tuple[PageTrail, PageFacts]:
        """Visit a page; the engine is closed afterwards.

        `parent` is the capture that led here. Without `PageTrail.main` nothing was
        stated, and the facts say why.
        """
        traffic = PageTraffic(
            recorder,
            context=replace(self._context, parent=parent),
            new_backlog=self._tools.new_backlog,
            tls=self._tls,
        )
        tools = self._tools
        with visit_folder(tools.spool_folder, tools.random_bytes) as path:
            folder = str(path)
            facts = await visit_page(
                url, folder, traffic=traffic, client=client, tools=tools
            )
            page = RenderedPage(
                facts=facts,
                trail=sort_trail(traffic.asked, facts.document),
                traffic=traffic,
                folder=folder,
                user_agent=tools.program.user_agent,
            )
            draft = draft_rendering(page)
            if draft is not None:
                await recorder.state_page(draft)
        return page.trail, facts
