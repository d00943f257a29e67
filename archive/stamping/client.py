"""Ask one authority for a stamp over a checkpoint, and check the answer at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archive.attest.tokens.revocation import CRL_LIMIT_BYTES, crl_addresses, format_crls
from archive.attest.tokens.timestamp import VerifiedToken, verify_token
from archive.attest.tokens.token import NONCE_BYTES, TOKEN_LIMIT_BYTES, format_query
from archive.errors import (
    EvidenceError,
    FormatError,
    PeerUnavailable,
    SettingsError,
    TimestampUnavailable,
)
from archive.settings import Authority
from archive.store.anchors.anchoring import StatedToken
from archive.store.anchors.folder import StoredToken
from archive.transport import Connect, Limits, Transport

ANSWER_SECONDS = 30.0
"""How long an authority may take."""
CRL_SECONDS = 30.0
"""How long the server of a revocation list may take."""
CRL_AGE = timedelta(hours=1)
"""How long a list that was fetched is kept; authorities publish them by the day."""
LISTS_LIMIT = 4
"""Addresses asked for lists for one token."""
QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """An answer that holds."""

    stated: StatedToken
    verified: VerifiedToken


@dataclass(slots=True, kw_only=True)
class AuthorityClient:
    """One authority, and the revocation lists it named lately. One thread at a time."""

    authority: Authority
    roots: tuple[bytes, ...]
    """Certificates (PEM) that the operator's own trust folder holds."""
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    connect: Connect | None = None
    """The only way to authorities and lists on other machines; None is directly."""
    lists: dict[str, tuple[datetime, bytes]] = field(default_factory=dict)

    def stamp(self, body: bytes) -> Stamped:
        """Have `body` stamped; TimestampUnavailable says who did not, and why."""
        query = format_query(body, nonce=self.random_bytes(NONCE_BYTES))
        with Transport(allow_plain=True, connect=self.connect) as transport:
            response = self._ask(transport, query)
            try:
                verified = verify_token(
                    response, body=body, roots=self.roots, query=query
                )
            except EvidenceError as error:
                raise self._unavailable(f"its answer does not hold: {error}") from error
            crl = self._fetch_lists(transport, verified)
        stored = StoredToken(
            response=response, query=query, chain=verified.path.pem, crl=crl
        )
        stated = StatedToken(
            authority=self.authority.name, gen_time=verified.gen_time, token=stored
        )
        return Stamped(stated=stated, verified=verified)

    def _ask(self, transport: Transport, query: bytes) -> bytes:
        limits = Limits(seconds=ANSWER_SECONDS, body_bytes=TOKEN_LIMIT_BYTES)
        try:
            answer = transport.post(
                self.authority.url, query, content_type=QUERY_TYPE, limits=limits
            )
        except PeerUnavailable as error:
            raise self._unavailable(str(error)) from error
        if answer.status != 200 or answer.content_type != REPLY_TYPE:
            raise self._unavailable(
                f"it answered {answer.status} and {answer.content_type!r:.80}"
            )
        return answer.body

    def _fetch_lists(
        self, transport: Transport, verified: VerifiedToken
    ) -> bytes | None:
        """The revocation lists that the path names, as PEM; None if one is missing.

        Without them the token stands all the same; check 12 says what is missing.
        """
        found = []
        for certificate in verified.path.certificates[:-1]:
            addresses = crl_addresses(certificate)[:LISTS_LIMIT]
            der = self._first_list(transport, addresses)
            if der is None:
                return None
            found.append(der)
        try:
            return format_crls(dict.fromkeys(found))
        except FormatError:
            return None

    def _first_list(
        self, transport: Transport, addresses: Iterable[str]
    ) -> bytes | None:
        limits = Limits(seconds=CRL_SECONDS, body_bytes=CRL_LIMIT_BYTES // 2)
        for url in addresses:
            now = self.clock()
            fetched, known = self.lists.get(url, (now, b""))
            if known and abs(now - fetched) < CRL_AGE:
                return known
            try:
                answer = transport.get(url, limits)
            except (PeerUnavailable, SettingsError):
                continue
            if answer.status == 200:
                self.lists[url] = (now, answer.body)
                return answer.body
        return None

    def _unavailable(self, why: str) -> TimestampUnavailable:
        return TimestampUnavailable(
            f"no time stamp from {self.authority.name}: {why}; it is asked again"
        )
