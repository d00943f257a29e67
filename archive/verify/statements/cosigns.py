"""Statements by which other operators vouch for one: their signatures (check 4)."""

from collections.abc import Mapping, Set
from typing import Any

from archive.attest.approval import verify_approval
from archive.attest.values.keyid import key_id_of
from archive.digest import Digest
from archive.errors import EvidenceError, MalformedStatement
from archive.log.fields import parse_base64
from archive.verify.reporting.collector import Collector

NAMED = 10
"""Notices of approvals; more are only counted."""


class Cosigns:
    """Collects `cosign` statements; what they refer to may stand anywhere before."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._found: list[tuple[Digest, str]] = []

    def note(self, predicate: Mapping[str, Any], *, subject: str) -> None:
        """A `cosign` statement: the other operator's own signature."""
        try:
            verify_approval(predicate)
        except EvidenceError as error:
            self._collector.failed(4, "cosign-bad", subject, str(error))
            return
        spki = parse_base64(predicate["spki"], MalformedStatement)
        who = f"{predicate['name']} ({predicate['role']}, key {key_id_of(spki)})"
        self._found.append((Digest.parse(predicate["statement"]), who))

    def finish(self, statements: Set[Digest]) -> None:
        """Tell who vouches, by key; the reader knows whose key that is."""
        for digest, who in self._found[:NAMED]:
            where = "" if digest in statements else " of another archive"
            self._collector.notices.append(f"{who} vouches for {digest}{where}")
        more = len(self._found) - NAMED
        if more > 0:
            self._collector.notices.append(f"{more} more approvals are not listed")
