"""Whether an address shows another text than when it was captured last.

Bytes change with every request: numbers of forms, places of advertisements. Where
texts can be told, they decide; else the bytes do.
"""

from scrapy.http import Response, TextResponse

from archive.capture import Capture, EarlierCapture
from crawlers.crawl.capturing.references import HTML_BYTES
from crawlers.crawl.seam.middleware import NOT_MODIFIED, TAKEN_OVER
from crawlers.crawl.seam.response import make_archived
from crawlers.crawl.seam.services import CrawlServices
from crawlers.sources.signs import Signs
from crawlers.spiders.answer import with_sound_base
from crawlers.spiders.patience import TooMuchWork, bounded_work

BEFORE = "before"
"""Flag of a response made from the capture that is compared with."""


def note_change(services: CrawlServices, response: Response, capture: Capture) -> None:
    """Count an address that was captured before, and whether it changed.

    Texts are read where the source goes by their share; that costs a page's parse.
    """
    log, earlier = services.log, services.newest(capture.target_uri)
    if earlier is None or TAKEN_OVER in response.flags:
        return
    log.compared += 1
    same = NOT_MODIFIED in response.flags
    if same or earlier.payload_digest == capture.payload_digest:
        return
    expect = services.source.expect
    is_judged = (expect.changed_percent_min, expect.changed_percent_max) != (None, None)
    log.changed += not is_judged or _shows_other_text(services, response, earlier)


def _shows_other_text(
    services: CrawlServices, response: Response, earlier: EarlierCapture
) -> bool:
    now = visible_text(response)
    return now is None or now != _text_before(services, response, earlier)


def visible_text(response: Response) -> str | None:
    """What a page shows; None for what is no HTML, too long or too slow to read."""
    if not isinstance(response, TextResponse) or len(response.body) > HTML_BYTES:
        return None
    if response.selector.type != "html":
        return None
    try:
        with bounded_work():
            return Signs(response.selector).text
    except TooMuchWork:
        return None


def _text_before(
    services: CrawlServices, response: Response, earlier: EarlierCapture
) -> str | None:
    content = services.recall(earlier.capture_id)
    if response.request is None or content is None:
        return None
    before = make_archived(content, response.request, flag=BEFORE)
    return visible_text(with_sound_base(before))
