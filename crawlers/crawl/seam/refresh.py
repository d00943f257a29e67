"""Scrapy's meta refresh, which looks into a page only where there may be one."""

from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware
from scrapy.http import Request, Response

LOOKED_AT_BYTES = 16 * 1024
"""The stock middleware looks at 4,096 characters: at most so many bytes."""
SIGNS = (b"refresh", b"\0")
"""The word itself, or two bytes to a letter. Entities hide it from the stock one, too.
"""


class MetaRefresh(MetaRefreshMiddleware):
    """The stock middleware, spared the pages that cannot ask for a refresh.

    It decodes the whole body to look at its beginning. A charset that hides ASCII
    letters is none to browsers either: such a page refreshes nowhere.
    """

    def process_response(  # type: ignore[override]  # `spider` is going in Scrapy, too
        self, request: Request, response: Response
    ) -> Request | Response:
        """Lead on where the page says so at once; else give it back."""
        begin = response.body[:LOOKED_AT_BYTES].lower()
        if not any(sign in begin for sign in SIGNS):
            return response
        return super().process_response(request, response)
