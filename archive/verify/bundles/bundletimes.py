"""Checks 9 and 11 to 13 of a bundle: witnesses, tokens, revocation, the time bracket.

Each witness and each trusted authority counts once. A token of an authority that the
reader does not trust counts for nothing and does no harm; one that is damaged, weak or
stamps something else is a failure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from archive.attest.statements.statement import Statement
from archive.attest.tokens.revocation import check_revocation, choose_lists, parse_crls
from archive.attest.tokens.timestamp import VerifiedToken, verify_token
from archive.attest.tokens.vouched import check_vouched
from archive.attest.trust.folder import TrustSet
from archive.digest import Digest
from archive.errors import BadTimestamp, FormatError, UnknownKey
from archive.instant import format_instant, parse_instant
from archive.log.checkpoint import Checkpoint, format_checkpoint
from archive.log.fields import parse_base64
from archive.log.note import SignedNote
from archive.verify.bundles.bundlefiles import (
    NOT_BEFORE,
    PROOF,
    STATEMENT,
    TOKENS_LIMIT,
    BundleFiles,
    read_whole,
)
from archive.verify.log.witnesses import count_witnesses
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Bracket as ProvenBracket
from archive.verify.times.bracket import judge_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """Between which instants a statement was made, as far as tokens say."""

    after: datetime | None
    before: datetime | None
    witnesses: int
    tokens: int

    def proven(self, quorum: int) -> ProvenBracket:
        """What of it may be said: nothing above, where too few stamped it."""
        before = self.before if self.tokens >= quorum else None
        return ProvenBracket(not_before=self.after, existed_by=before)


def weakest(parts: Sequence[ProvenBracket]) -> ProvenBracket:
    """What is proven of each part: no bound that one of them has not."""
    after = [part.not_before for part in parts if part.not_before is not None]
    before = [part.existed_by for part in parts if part.existed_by is not None]
    return ProvenBracket(
        not_before=min(after, default=None) if len(after) == len(parts) else None,
        existed_by=max(before, default=None) if len(before) == len(parts) else None,
    )


class BundleTimes:
    """Judges who else saw the checkpoint of one bundle, and when."""

    def __init__(
        self,
        collector: Collector,
        files: BundleFiles,
        *,
        prefix: str,
        trust: TrustSet,
    ) -> None:
        self._collector = collector
        self._files = files
        self._prefix = prefix
        self._trust = trust

    def judge(
        self, note: SignedNote, checkpoint: Checkpoint, statement: Statement | None
    ) -> Bracket:
        """Run the checks over one checkpoint and the statement below it."""
        witnesses = self._count_witnesses(note)
        tokens = self._count_tokens(format_checkpoint(checkpoint).encode())
        before = max((token.latest for token in tokens), default=None)
        after = None
        if statement is not None:
            after = self._check_bracket(statement, before)
        return Bracket(
            after=after, before=before, witnesses=witnesses, tokens=len(tokens)
        )

    def _count_witnesses(self, note: SignedNote) -> int:
        """Check 9: trusted witnesses whose line holds."""
        subject = self._prefix + PROOF
        count = count_witnesses(self._collector, note, self._trust, subject=subject)
        asked = self._trust.witness_quorum
        if count and count >= asked:
            self._collector.passed(9, count)
        else:
            self._collector.not_checked(
                9,
                "witnesses-none",
                subject,
                f"{count} witnesses; the policy asks for {asked}",
                asked=asked,
                found=count,
            )
        return count

    def _count_tokens(self, body: bytes) -> list[VerifiedToken]:
        """Check 11: one token for each trusted authority; check 12 for each of them."""
        counted: dict[int, VerifiedToken] = {}
        for stem in anchor_stems():
            name = f"{self._prefix}{stem}.tsr"
            if name not in self._files.names:
                continue
            try:
                number, token = self._verify(stem, body)
            except UnknownKey as error:
                self._collector.notices.append(f"{name} is not counted: {error}")
            except (BadTimestamp, FormatError) as error:
                self._collector.failed(11, "token-bad", name, str(error))
            else:
                if number in counted:
                    self._collector.notices.append(
                        f"{name} is not counted: its authority is counted already"
                    )
                    continue
                counted[number] = token
                self._check_revoked(stem, token)
        asked = self._trust.token_quorum
        if counted and len(counted) >= asked:
            self._collector.passed(11, len(counted))
        else:
            self._collector.not_checked(
                11,
                "time-stamps-none",
                f"{self._prefix}anchor.tsr",
                f"{len(counted)} time stamps; the policy asks for {asked}",
                asked=asked,
                found=len(counted),
            )
        return list(counted.values())

    def _verify(self, stem: str, body: bytes) -> tuple[int, VerifiedToken]:
        """The number of the trusted authority under which a token holds, and it."""
        data = read_whole(self._files, f"{self._prefix}{stem}.tsr")
        chain = self._optional(f"{stem}.chain.pem")
        unknown = UnknownKey("no authority that you trust made it")
        problem: BadTimestamp | None = None
        for number, root in enumerate(self._trust.authorities):
            try:
                token = verify_token(data, body=body, roots=[root], chain=chain)
                check_vouched(data, chain=chain, roots=self._trust.authorities)
                return number, token
            except UnknownKey as error:
                unknown = error
            except BadTimestamp as error:
                problem = error
        if problem is None and not self._trust.authorities:
            verify_form(data, body)
        raise problem or unknown

    def _check_revoked(self, stem: str, token: VerifiedToken) -> None:
        name = f"revocation/{stem}.crl"
        subject = self._prefix + name
        data = self._optional(name)
        if not data:
            self._collector.not_checked(
                12, "revocation-none", subject, "there is no revocation list"
            )
            return
        try:
            chosen = choose_lists(token.path, parse_crls(data))
            check_revocation(token.path, chosen, at=token.gen_time)
        except (BadTimestamp, FormatError, UnknownKey) as error:
            self._collector.raised(12, "certificate-revoked", subject, error)
        else:
            self._collector.passed(12)

    def _check_bracket(
        self, statement: Statement, before: datetime | None
    ) -> datetime | None:
        """Check 13: the token known before is right, the capture time in between."""
        subject = self._prefix + STATEMENT
        named = statement.predicate.get("not_before")
        after = None
        if named is not None:
            after = self._find_lower_bound(named)
            if after is None:
                return None
        captured = parse_instant(statement.predicate["captured_at"])
        if judge_time(self._collector, subject, captured, after, before):
            return after
        if before is None:
            self._collector.not_checked(
                13, "time-stamps-none", subject, "no time stamp bounds it from above"
            )
        else:
            self._collector.passed(13)
        return after

    def _find_lower_bound(self, named: dict[str, object]) -> datetime | None:
        """The time of the token that a statement names; None after saying why not."""
        name = f"{self._prefix}{NOT_BEFORE}.tsr"
        if name not in self._files.names:
            self._collector.not_checked(
                13, "not-before-missing", name, "the token of the lower bound is absent"
            )
            return None
        try:
            data = read_whole(self._files, name)
            if str(Digest.of(data)) != named["token"]:
                raise BadTimestamp("is not the token that the statement names")
            body = Checkpoint(
                origin=self._trust.origin,
                size=int(str(named["size"])),
                root=parse_base64(str(named["root"]), FormatError),
            )
            token = self._verify(NOT_BEFORE, format_checkpoint(body).encode())[1]
            if format_instant(token.gen_time) != named["gen_time"]:
                raise BadTimestamp("is of another time than the statement says")
        except (BadTimestamp, FormatError, UnknownKey) as error:
            self._collector.raised(13, "not-before-bad", name, error)
            return None
        return token.gen_time

    def _optional(self, name: str) -> bytes:
        path = self._prefix + name
        return read_whole(self._files, path) if path in self._files.names else b""


def verify_form(data: bytes, body: bytes) -> None:
    """What can be said of a token without trusting anybody: form, strength, imprint."""
    try:
        verify_token(data, body=body, roots=[])
    except UnknownKey:
        return


def anchor_stems() -> Iterator[str]:
    """`anchor`, `anchor2`, `anchor3` and so on."""
    yield "anchor"
    yield from (f"anchor{number}" for number in range(2, TOKENS_LIMIT + 1))
