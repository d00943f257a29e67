"""A name server on loopback that answers from a table."""

import asyncio
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer(asyncio.DatagramProtocol):
    """Answers from a table: name -> addresses in turn, or a word."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.table = table
        self.asked: list[str] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, peer: Any) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append(question.name.to_text() + " " + kind)
        found = self.table.get(question.name.to_text(), "nxdomain")
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if found == "nxdomain":
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif found == "servfail":
            response.set_rcode(dns.rcode.SERVFAIL)
        elif found == "silent":
            return
        elif kind == "A" and found:
            texts = found.pop(0) if isinstance(found[0], list) else found
            response.answer.append(
                dns.rrset.from_text(question.name, 0, "IN", "A", *texts)
            )
        self.transport.sendto(response.to_wire(), peer)


async def start_name_server(table: dict[str, Any]) -> tuple[NameServer, Any, int]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: NameServer(table), ("127.0.0.1", 0)
    )
    return server, transport, transport.get_extra_info("sockname")[1]
