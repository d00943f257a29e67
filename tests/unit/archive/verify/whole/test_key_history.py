"""Check 21: what the log states of keys is what the reader trusts, key for key."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.attest.keys.signing import Ed25519Signer, P256Signer
from archive.attest.trust.folder import TrustedOperator, TrustSet
from archive.digest import Digest
from archive.log.fields import MAX_DECIMAL
from archive.log.note import format_vkey
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Finding
from archive.verify.whole.keys import check_key_history, counts, follow_history
from tests.support.judging.findings import failed, found_by, holds, not_checked

LOG = Ed25519Signer.from_seed(b"\1" * 32, name="log.example/a")
OTHER_LOG = Ed25519Signer.from_seed(b"\2" * 32, name="log.example/a")
KEYS = [P256Signer.from_scalar(1_000_003 + number) for number in range(3)]
TOML = b"the identity of an archive"


def key(number: int, first: int, end: int | None = None, **changes: str) -> Any:
    key_id = KEYS[number].key_id
    stated = {"key_id": key_id, "role": "operator", "first_leaf": first}
    return {**stated, "end_leaf": end, **changes}


def stated(action: str, *keys: Any, **changes: object) -> dict[str, Any]:
    digest, vkey = str(Digest.of(TOML)), format_vkey(LOG.vkey)
    common = {"archive_toml": digest, "log_vkey": vkey}
    return {"action": action, "keys": keys, **common, **changes}


def trust(*operators: tuple[int, int, int]) -> TrustSet:
    return TrustSet(
        roots=(),
        operators=tuple(
            TrustedOperator(
                spki_der=KEYS[number].spki_der, first_leaf=first, end_leaf=end
            )
            for number, first, end in operators
        ),
        log_vkey=LOG.vkey,
    )


def judge(trusted: TrustSet, *history: dict[str, Any]) -> list[Finding]:
    collector = Collector()
    check_key_history(collector, history, trust=trusted, archive_toml=TOML)
    return found_by(collector)


def differ(*words: str) -> list[Finding]:
    return [failed(21, "keys-differ", "key statements", one) for one in words]


OPERATORS = "the operator keys of the log are not those you trust"
LOG_KEY = "the log key of entry 0 is not the one you trust"
IDENTITY = "archive.toml is not the file whose digest entry 0 states"
NEW = stated("new", key(0, 0), key(1, 0, None, role="root"))
OPEN = trust((0, 0, MAX_DECIMAL))


def test_the_same_keys_hold_with_the_number_of_their_statements() -> None:
    later = stated("accept", key(0, 0, 7), key(2, 7), archive_toml="", log_vkey="")
    assert judge(OPEN, NEW) == [holds(21, 1)]
    assert judge(trust((0, 0, 7), (2, 7, MAX_DECIMAL)), NEW, later) == [holds(21, 2)]
    turned = trust((2, 7, MAX_DECIMAL), (0, 0, 7))
    assert judge(turned, NEW, later) == [holds(21, 2)]


def test_an_archive_without_key_statements_is_not_checked() -> None:
    words = "no key statement was read"
    assert judge(OPEN) == [not_checked(21, "keys-unstated", "entry 0", words)]


@pytest.mark.parametrize(
    "other",
    [
        trust(),
        trust((1, 0, MAX_DECIMAL)),
        trust((0, 1, MAX_DECIMAL)),
        trust((0, 0, MAX_DECIMAL - 1)),
        trust((0, 0, MAX_DECIMAL), (2, 0, MAX_DECIMAL)),
    ],
)
def test_other_operators_than_stated_differ(other: TrustSet) -> None:
    assert judge(other, NEW) == differ(OPERATORS)


def test_every_difference_is_told() -> None:
    other = replace(OPEN, log_vkey=OTHER_LOG.vkey)
    assert judge(other, NEW) == differ(LOG_KEY)
    changed = {**NEW, "archive_toml": str(Digest.of(b"another"))}
    assert judge(OPEN, changed) == differ(IDENTITY)
    everything = replace(other, operators=())
    assert judge(everything, changed) == differ(OPERATORS, LOG_KEY, IDENTITY)


def followed(*history: dict[str, Any]) -> dict[int, tuple[int, int | None]]:
    numbers = {one.key_id: number for number, one in enumerate(KEYS)}
    found = follow_history(history)
    return {numbers[key_id]: ends for key_id, ends in found.items()}


def test_only_operator_keys_have_intervals_wherever_they_stand() -> None:
    mixed = stated("new", key(1, 0, None, role="root"), key(0, 0), key(2, 5, 9))
    assert followed(mixed) == {0: (0, None), 2: (5, 9)}


def test_an_announced_key_counts_from_where_it_is_accepted() -> None:
    announced = stated("rotate", key(1, 4), key(0, 0, 4), key(2, 4))
    assert followed(NEW, announced) == {0: (0, 4)}
    accepted = stated("accept", key(1, 6))
    assert followed(NEW, announced, accepted) == {0: (0, 4), 1: (6, None)}


def test_a_revocation_only_ever_shortens() -> None:
    for ends, left in (
        ((9, 9), 9),
        ((9, 10), 9),
        ((9, None), 9),
        ((9, 8), 8),
        ((None, 8), 8),
        ((9, 0), 0),
        ((0, 9), 0),
    ):
        steps = [stated("revoke", key(0, 0, end)) for end in ends]
        assert followed(NEW, *steps) == {0: (0, left)}, ends


def test_a_key_statement_counts_if_it_holds_and_its_key_was_valid() -> None:
    """Entry 0 is compared, whoever signed it."""

    def said(seq: int, signer: int, *, holds: bool) -> Any:
        predicate = {"action": "accept"}
        statement = SimpleNamespace(kind="key", predicate=predicate, seq=seq)
        envelope = SimpleNamespace(key_id=KEYS[signer].key_id)
        return cast(
            "Any",
            SimpleNamespace(statement=statement, envelope=envelope, holds=holds),
        )

    trusted = trust((0, 1, 5))
    assert counts(said(0, 2, holds=False), None)
    assert counts(said(1, 0, holds=True), trusted)
    assert counts(said(4, 0, holds=True), trusted)
    assert not counts(said(5, 0, holds=True), trusted)
    assert not counts(said(1, 0, holds=False), trusted)
    assert not counts(said(1, 0, holds=True), None)
    assert not counts(said(1, 2, holds=True), trusted), "an unknown key"
