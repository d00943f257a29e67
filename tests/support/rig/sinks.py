"""Sinks of a private network: every DNS question, TCP connection and HTTP request.

The name server gives each name an address of its own within 127.8.0.0/13, so that a
bare connection names its host, too.
"""

import socket
import socketserver
import struct
import subprocess
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME_PORT = 53
PORTS = (80, 443)
STUN_PORT = 3478
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nAccess-Control-Allow-Origin: *\r\n"
    b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
)
_HEAD_BYTES = 4096
_SECONDS = 5.0


@dataclass(slots=True)
class Sinks:
    """What arrived, by kind; `suffix` tells our hosts from a browser's own."""

    suffix: str
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _names: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, folder: Path) -> None:
        """Listen, and make this namespace ask our name server."""
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        resolver = folder / "resolv.conf"
        resolver.write_text("nameserver 127.0.0.1\noptions attempts:1 timeout:2\n")
        target = Path("/etc/resolv.conf").resolve()
        subprocess.run(["mount", "--bind", resolver, target], check=True)
        for kind, port in (("udp", NAME_PORT), ("stun", STUN_PORT)):
            self._run(self._datagrams, port, kind)
        for port in PORTS:
            self._run(self._streams, port)

    def take(self, *, late: str = "") -> dict[str, list[str]]:
        """What arrived since the last look; hosts that end in `late` are of before."""
        with self._lock:
            found = {
                kind: sorted(
                    host
                    for host in self.seen[kind]
                    if not (late and host.endswith(late))
                )
                for kind in ("http", "dns", "tcp")
            }
            self.seen.clear()
        return found

    def _run(self, serve: Any, *values: object) -> None:
        threading.Thread(target=serve, args=values, daemon=True).start()

    def _note(self, kind: str, host: str) -> None:
        if host.endswith(self.suffix):
            with self._lock:
                self.seen[kind].add(host)

    def _datagrams(self, port: int, kind: str) -> None:
        link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        link.bind(("0.0.0.0", port))
        while True:
            data, peer = link.recvfrom(4096)
            if kind == "udp" and len(data) > 16:
                link.sendto(self._name_answer(data), peer)

    def _name_answer(self, data: bytes) -> bytes:
        labels, place = [], 12
        while place < len(data) and data[place]:
            labels.append(data[place + 1 : place + 1 + data[place]])
            place += 1 + data[place]
        name = b".".join(labels).decode("ascii", "replace").lower()
        question = data[12 : place + 5]
        self._note("dns", name)
        kind = struct.unpack(">H", data[place + 1 : place + 3])[0]
        head = data[:2] + b"\x81\x80\0\1"
        if kind != 1:
            return head + b"\0\0\0\0\0\0" + question
        record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + self._address_of(name)
        return head + b"\0\1\0\0\0\0" + question + record

    def _address_of(self, name: str) -> bytes:
        with self._lock:
            if name not in self._names:
                self._names.append(name)
            number = self._names.index(name) + 1
        return bytes((127, 8 + number // 65_536, number // 256 % 256, number % 256))

    def _host_of(self, address: str) -> str:
        _, high, middle, low = (int(part) for part in address.split("."))
        number = (high - 8) * 65_536 + middle * 256 + low
        with self._lock:
            known = 0 < number <= len(self._names)
            return self._names[number - 1] if known else address

    def _streams(self, port: int) -> None:
        sinks = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                """Note who was meant, read a head, answer."""
                host = sinks._host_of(self.request.getsockname()[0])
                sinks._note("tcp", host)
                self.request.settimeout(_SECONDS)
                try:
                    head = self.request.recv(_HEAD_BYTES)
                    if port == PORTS[0] and b"HTTP/1" in head:
                        sinks._note("http", host)
                        self.request.sendall(ANSWER)
                except OSError:
                    return

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        Server(("0.0.0.0", port), Handler).serve_forever()
