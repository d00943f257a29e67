"""Render one page and keep what a person would have seen. Only importer of playwright.

Runs in a process of its own. Nothing is intercepted while the page loads: the browser
is listened to, and what it asks for is decided by the proxy.
"""

import asyncio
import base64
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Page,
    Request,
    async_playwright,
)
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from crawlers.browser.flags import flags_of
from crawlers.browser.order import (
    ARTIFACT_BYTES,
    DOM,
    DOWNLOAD,
    PDF,
    TEXT,
    VIEW,
    VIEWPORT_HEIGHT,
    VIEWPORT_WIDTH,
    PageFacts,
    PageOrder,
    artifact_path,
)

PAGE_SECONDS = 150.0
"""For everything, start of the browser included."""
LOAD_SECONDS = 60.0
"""Until the load event; what is there by then is kept."""
SETTLE_SECONDS = 15.0
"""For the network to fall silent after that; pages that stream never do."""
QUIET_SECONDS = 0.5
"""Without a running request and without a new one: silent."""
STEP_SECONDS = 30.0
"""For each of picture, PDF, DOM and text."""
CLOSE_SECONDS = 5.0
SCREENS = 20
"""Screens scrolled through, so that pictures loaded on sight are loaded."""
VIEW_PIXELS = 16_384
"""Longest side of the picture; Chromium repeats itself beyond it."""
CONSOLE_LINES = 100
CONSOLE_CHARACTERS = 500
TITLE_CHARACTERS = 500

_DOWNLOAD = "Download is starting"
_NET_ERROR = re.compile(r"\bnet::ERR_[A-Z_]+")
_LOGGER = logging.getLogger(__name__)
"""How the driver says that the address led to a file, not to a page."""
Say = Callable[[dict[str, Any]], None]


async def render_page(order: PageOrder, say: Say) -> PageFacts:
    """Do what the order says; whatever happens is in the facts."""
    facts = PageFacts()
    try:
        async with asyncio.timeout(PAGE_SECONDS), async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=order.paths.program,
                chromium_sandbox=order.sandbox,
                args=flags_of(order),
                proxy={"server": f"http://127.0.0.1:{order.access.port}"},
            )
            try:
                facts.browser = f"Chromium {browser.version}"
                await _render_in(browser, order, _Watch(facts, say))
            finally:
                with suppress(PlaywrightError, TimeoutError):
                    async with asyncio.timeout(CLOSE_SECONDS):
                        await browser.close()
    except TimeoutError:
        facts.problem = facts.problem or "the time of the page was over"
    except PlaywrightError as error:
        said = describe_problem(error)
        facts.problem = facts.problem or (
            said if facts.browser else "the browser could not be started"
        )
    return facts


async def _render_in(browser: Browser, order: PageOrder, watch: "_Watch") -> None:
    context = await browser.new_context(
        viewport={"width": VIEWPORT_WIDTH, "height": VIEWPORT_HEIGHT},
        timezone_id="UTC",
        service_workers="block",
        accept_downloads=False,
        extra_http_headers={"Accept-Language": order.accept_language},
    )
    await _greet(context, order)
    page = await context.new_page()
    context.on("page", _close_popup)
    session = await context.new_cdp_session(page)
    await watch.listen(page, session)
    await _load(page, order.url, watch)
    if watch.facts.document is None:
        return
    for name, step in _STEPS:
        await _keep(name, step(page, session, watch), order=order, facts=watch.facts)
    # Printing may have asked for style sheets of its own.
    await watch.settle(CLOSE_SECONDS)


async def _close_popup(popup: Page) -> None:
    with suppress(PlaywrightError):
        await popup.close()


async def _greet(context: BrowserContext, order: PageOrder) -> None:
    """Show the credential once; the browser remembers it for this proxy.

    Only here requests are intercepted, and only those to the greeting address.
    """
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    answer = {
        "response": "ProvideCredentials",
        "username": order.access.user,
        "password": order.access.password,
    }
    pending: set[asyncio.Task[Any]] = set()

    def reply(method: str, event: dict[str, Any], **more: object) -> None:
        values = {"requestId": event["requestId"], **more}
        pending.add(asyncio.ensure_future(session.send(method, values)))

    session.on(
        "Fetch.authRequired",
        lambda e: reply("Fetch.continueWithAuth", e, authChallengeResponse=answer),
    )
    session.on("Fetch.requestPaused", lambda e: reply("Fetch.continueRequest", e))
    pattern = {"urlPattern": order.access.greeting}
    await session.send(
        "Fetch.enable", {"handleAuthRequests": True, "patterns": [pattern]}
    )
    await page.goto(order.access.greeting)
    await session.send("Fetch.disable")
    await asyncio.gather(*pending)
    await page.close()


class _Watch:
    """Hears what the page asks for, which document it shows, what it complains of."""

    def __init__(self, facts: PageFacts, say: Say) -> None:
        self.facts = facts
        self._say = say
        self._main_frame = ""
        self._running: set[Request] = set()
        self._changed_at = 0.0

    async def listen(self, page: Page, session: CDPSession) -> None:
        """Begin to listen; nothing has been asked for yet."""
        # Two ears: the protocol tells of icons and preflights, the driver of frames
        # and workers that live in other processes.
        session.on("Network.requestWillBeSent", self._hear_request)
        session.on("Page.frameNavigated", self._hear_navigation)
        page.on("request", self._hear_begin)
        page.on("requestfinished", self._hear_end)
        page.on("requestfailed", self._hear_end)
        page.on("console", self._hear_console)
        page.on("pageerror", lambda error: self._complain("exception", str(error)))
        page.on("crash", lambda _page: self._hear_crash())
        await session.send("Network.enable")
        await session.send("Page.enable")
        tree = await session.send("Page.getFrameTree")
        self._main_frame = tree["frameTree"]["frame"]["id"]

    async def settle(self, seconds: float) -> bool:
        """Wait for silence, at most so long; whether there was."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        self._changed_at = loop.time()
        while loop.time() < until:
            await asyncio.sleep(QUIET_SECONDS / 5)
            quiet = loop.time() - self._changed_at
            if not self._running and quiet >= QUIET_SECONDS:
                return True
        return False

    def _announce(self, uri: str, used_as: str, *, is_main: bool) -> None:
        if uri.startswith(("http:", "https:")):
            self._say({"uri": uri, "used_as": used_as.lower(), "is_main": is_main})

    def _hear_request(self, event: dict[str, Any]) -> None:
        used_as = str(event.get("type") or "other")
        is_main = used_as == "Document" and event.get("frameId") == self._main_frame
        self._announce(str(event["request"]["url"]), used_as, is_main=is_main)

    def _hear_navigation(self, event: dict[str, Any]) -> None:
        frame = event["frame"]
        if frame.get("parentId") is None:
            shown = str(frame["url"])
            is_page = shown.startswith(("http:", "https:"))
            ours = is_page and not frame.get("unreachableUrl")
            self.facts.document = shown if ours else None

    def _hear_begin(self, request: Request) -> None:
        self._running.add(request)
        self._touch()
        # The protocol session has told of the page's own documents already.
        if request.resource_type != "document" or request.frame.parent_frame:
            self._announce(request.url, request.resource_type, is_main=False)

    def _hear_end(self, request: Request) -> None:
        self._running.discard(request)
        self._touch()

    def _touch(self) -> None:
        self._changed_at = asyncio.get_running_loop().time()

    def _hear_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complain(message.type, message.text)

    def _complain(self, kind: str, text: str) -> None:
        if len(self.facts.console) < CONSOLE_LINES:
            words = " ".join(text.split())[:CONSOLE_CHARACTERS]
            self.facts.console.append({"kind": kind, "text": words})

    def _hear_crash(self) -> None:
        self.facts.problem = "the page crashed the browser"


async def _load(page: Page, url: str, watch: _Watch) -> None:
    """Go there and wait until nothing more comes, within bounds."""
    facts = watch.facts
    try:
        await page.goto(url, wait_until="load", timeout=LOAD_SECONDS * 1000)
    except PlaywrightError as error:
        facts.problem = describe_problem(error)
        if _DOWNLOAD in facts.problem:
            facts.notes.append(DOWNLOAD)
    if facts.document is None:
        return
    settled = await watch.settle(SETTLE_SECONDS)
    with suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(STEP_SECONDS):
            await _scroll_through(page)
    settled = await watch.settle(SETTLE_SECONDS if settled else QUIET_SECONDS * 2)
    facts.load = "idle" if settled else "busy"
    with suppress(PlaywrightError):
        facts.title = (await page.title())[:TITLE_CHARACTERS]


async def _scroll_through(page: Page) -> None:
    """Show every screen once, then the top again."""
    for _ in range(SCREENS):
        at_end = await page.evaluate(
            "() => { scrollBy(0, innerHeight); const e = document.scrollingElement;"
            " return !e || e.scrollTop + innerHeight + 1 >= e.scrollHeight; }"
        )
        await asyncio.sleep(QUIET_SECONDS / 5)
        if at_end:
            break
    await page.evaluate("() => scrollTo(0, 0)")


Step = Callable[[Page, CDPSession, _Watch], Awaitable[bytes]]


async def _dom(page: Page, _session: CDPSession, _watch: _Watch) -> bytes:
    return (await page.content()).encode("utf-8", "replace")


async def _text(page: Page, _session: CDPSession, _watch: _Watch) -> bytes:
    text = await page.evaluate("() => document.body ? document.body.innerText : ''")
    return str(text).encode("utf-8", "replace")


async def _view(_page: Page, session: CDPSession, watch: _Watch) -> bytes:
    metrics = await session.send("Page.getLayoutMetrics")
    size = metrics["cssContentSize"]
    width = min(int(size["width"]), VIEW_PIXELS)
    height = min(int(size["height"]), VIEW_PIXELS)
    if (width, height) != (int(size["width"]), int(size["height"])):
        watch.facts.notes.append("view-clipped")
    watch.facts.page_width, watch.facts.page_height = width, height
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    shot = await session.send(
        "Page.captureScreenshot",
        {"format": "png", "captureBeyondViewport": True, "clip": clip},
    )
    return base64.b64decode(shot["data"])


async def _pdf(page: Page, _session: CDPSession, _watch: _Watch) -> bytes:
    return await page.pdf(format="A4", print_background=True)


_STEPS: tuple[tuple[str, Step], ...] = (
    (DOM, _dom),
    (TEXT, _text),
    (VIEW, _view),
    (PDF, _pdf),
)
"""In the order of doing: what changes the page least comes first."""


async def _keep(
    name: str, step: Awaitable[bytes], *, order: PageOrder, facts: PageFacts
) -> None:
    """Write one result to the folder of the page, or note that there is none."""
    try:
        async with asyncio.timeout(STEP_SECONDS):
            data = await step
    except (PlaywrightError, TimeoutError):
        facts.notes.append(f"{name}-failed")
        return
    if len(data) > ARTIFACT_BYTES:
        facts.notes.append(f"{name}-too-long")
        return
    artifact_path(order.paths.folder, name).write_bytes(data)


def describe_problem(error: PlaywrightError) -> str:
    """What a signed record says of an error.

    Playwright's own words name programs and folders of this machine: they are for the
    person at it alone.
    """
    text = str(error)
    _LOGGER.warning("browser: %s", " ".join(text.split())[:CONSOLE_CHARACTERS])
    if (found := _NET_ERROR.search(text)) is not None:
        return found[0]
    if _DOWNLOAD in text:
        return _DOWNLOAD
    is_late = isinstance(error, PlaywrightTimeout)
    return "the page did not load in time" if is_late else "the browser failed"
