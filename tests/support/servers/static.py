"""A static server on loopback that can answer with a part of a file, as most can."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.servers.serving import QuietHandler, QuietHttpServer, serving


@contextmanager
def serving_folder(root: Path) -> Iterator[str]:
    """Serve a folder; give its address."""

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            path = root / self.path.lstrip("/")
            if ".." in self.path or not path.is_file():
                self.send_error(404)
                return
            data, status = path.read_bytes(), 200
            wanted = self.headers.get("Range")
            if wanted:
                start, _, end = wanted.removeprefix("bytes=").partition("-")
                data, status = data[int(start) : int(end) + 1], 206
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with serving(QuietHttpServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}"
