"""A sample of pages asked for again as somebody else: does everybody see the same?

The second look goes out with another user agent and other languages, without any
condition. Where it brings other bytes, both profiles ask once more: what changes with
every request is no cloaking. Texts are compared by the report, not here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from scrapy import Request
from scrapy.http import Response

from archive.capture import CONTROL_ROLE, SECOND_ROLE
from archive.digest import Digest
from crawlers.crawl.seam.middleware import TAKEN_OVER
from crawlers.crawl.seam.response import BODY_ELSEWHERE
from crawlers.crawl.seam.services import (
    NOTES_KEY,
    CrawlServices,
    RequestNotes,
    notes_of,
    refusal_code,
)

DRAWN_BYTES = 4
"""Of a digest, read as a number: fine enough for a millionth of a percent."""
NOT_COMPARED = frozenset({TAKEN_OVER, BODY_ELSEWHERE})
"""Flags of what nobody saw in this job, and of what is too long to be held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLook:
    """What the source's own profile was given."""

    asked: str
    answered: str
    status: int
    digest: Digest
    """Of its decoded body."""


class SecondLook:
    """Draws the sample of one crawl, and makes its requests."""

    def __init__(self, services: CrawlServices) -> None:
        self._services = services
        self._profile = services.source.second

    def ask(self, response: Response, *, always: bool = False) -> Iterator[Request]:
        """Ask for what was answered once more, if it is in the sample.

        `response` as it came: the second one is compared with its bytes.
        """
        request = response.request
        if request is None or not NOT_COMPARED.isdisjoint(response.flags):
            return
        asked = request.meta.get("redirect_urls", [request.url])[0]
        if always or self._is_drawn(asked):
            first = FirstLook(
                asked=asked,
                answered=response.url,
                status=response.status,
                digest=Digest.of(response.body),
            )
            yield self._request(first, SECOND_ROLE, callback=self._hear)

    def _is_drawn(self, url: str) -> bool:
        """By the job's id, which nobody knew before: another sample in each run."""
        name = Digest.of(f"{self._services.job_id} {url}".encode())
        drawn = int.from_bytes(name.raw[:DRAWN_BYTES])
        return drawn * 100 < self._profile.percent << 8 * DRAWN_BYTES

    def _request(
        self, first: FirstLook, role: str, *, callback: Callable[..., Any]
    ) -> Request:
        second = {
            "User-Agent": self._profile.user_agent,
            "Accept-Language": self._profile.accept_language,
        }
        return Request(
            first.asked,
            callback=callback,
            errback=self._fail if callback == self._hear else self._done,
            dont_filter=True,
            headers=second if role == SECOND_ROLE else None,
            cb_kwargs={"first": first},
            meta={NOTES_KEY: RequestNotes(role=role)},
        )

    def _once_more(self, first: FirstLook) -> Iterator[Request]:
        for role in (CONTROL_ROLE, SECOND_ROLE):
            yield self._request(first, role, callback=self._done)

    def _hear(self, response: Response, *, first: FirstLook) -> Iterator[Request]:
        log = self._services.log
        log.signal("second-profile")
        if response.url != first.answered:
            log.signal("second-profile-led-elsewhere")
        seen = response.status, Digest.of(response.body)
        if seen != (first.status, first.digest):
            yield from self._once_more(first)

    def _fail(self, failure: Any) -> Iterator[Request]:
        """Ask once more where the network failed; what we refused is refused again."""
        request = failure.request
        is_refused = refusal_code(failure.value) is not None
        if is_refused and not notes_of(request).trail:
            self._services.log.signal("second-profile-not-asked")
            return
        self._services.log.signal("second-profile-failed")
        if not is_refused:
            yield from self._once_more(request.cb_kwargs["first"])

    def _done(self, _: Any, *, first: FirstLook | None = None) -> None:
        """Nothing to do: the capture is in the archive."""
