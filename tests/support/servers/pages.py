"""A loopback site whose pages are made from their path; some take their time."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.servers.serving import QuietHandler, QuietHttpServer, serving


@dataclass(slots=True)
class Pages:
    """`/slow/...` waits `slow_seconds`, anything else is answered at once."""

    port: int = 0
    slow_seconds: float = 1.0
    asked: list[str] = field(default_factory=list)

    def urls(self, count: int, folder: str = "page") -> list[str]:
        """The addresses of so many different pages."""
        return [f"http://127.0.0.1:{self.port}/{folder}/{n}" for n in range(count)]


@contextmanager
def serve_pages(hosts: Sequence[str] = ()) -> Iterator[Pages]:
    """Serve on a free port of loopback; `/links/N` names N - 1 pages of the hosts."""
    pages = Pages()

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            pages.asked.append(self.path)
            if self.path.startswith("/slow/"):
                time.sleep(pages.slow_seconds)
            text = f"<!doctype html><title>{self.path}</title><p>{self.path}"
            if self.path.startswith("/links/"):
                count = int(self.path.removeprefix("/links/")) - 1
                text += "".join(
                    f"<a href='http://{hosts[n % len(hosts)]}/page/{n}'>{n}</a>"
                    for n in range(count)
                )
            self.answer(text.encode(), "text/html; charset=utf-8")

    with serving(QuietHttpServer(("127.0.0.1", 0), Handler)) as pages.port:
        yield pages
