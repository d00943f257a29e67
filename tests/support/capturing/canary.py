"""Spellings of hosts nobody may contact, and who listens there for whoever does."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "127.0.0.1.", "127.000.000.001", "127.255.1.2",
    "0x7f000001", "0x7f.1", "0X7F.0.0.1", "0x7f.0x0.0x0.0x1", "0177.0.0.1",
    "0177.0.0.01", "017700000001", "2130706433", "2130706433.", "0", "0.0.0.0", "00",
    "0x0", "localhost", "LOCALHOST", "LocalHost.", "a.localhost", "printer.local",
    "db.internal", "x.home.arpa", "１２７.０.０.１", "127。0。0。1", "127．0．0．1",
    "①②⑦.⓪.⓪.①", "ｌｏｃａｌｈｏｓｔ", "loc\u00adalhost", "[::1]", "[::]",
    "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::0001]",
    "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]", "[::127.0.0.1]", "[::7f00:1]",
    "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:0001::1]",
    "[2001:0:7f00:1::1]", "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[fc00::1]",
    "[fd00:ec2::254]", "[ff02::1]", "10.0.0.1", "192.168.0.1", "172.16.0.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.8", "192.88.99.1", "224.0.0.1",
    "255.255.255.255", "site.onion", "user@127.0.0.1", "127.0.0.1\\@site.example",
    "%31%32%37.0.0.1", "127.0.0.1%00.example",
]  # fmt: skip


@dataclass
class Canary:
    """Listens and counts; nothing should ever come."""

    port: int
    hits: list[Any] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Canary]:
    """One port of loopback, IPv4 and, where there is one, IPv6."""
    open_here = [socket.create_server(("127.0.0.1", 0))]
    made = Canary(open_here[0].getsockname()[1])
    with contextlib.suppress(OSError):
        open_here.append(
            socket.create_server(("::1", made.port), family=socket.AF_INET6)
        )

    def wait(one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, peer = one.accept()
                made.hits.append(peer)
                connection.close()

    threads = [threading.Thread(target=wait, args=(one,)) for one in open_here]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        for one in open_here:
            one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in threads:
            thread.join()
