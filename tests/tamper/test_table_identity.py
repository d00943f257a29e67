"""Attacks on the identity of an archive, and readers who believe other keys.

Each is played on the golden archive; the findings that must follow stand above it.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from archive.attest.keys.signing import Ed25519Signer, P256Signer
from archive.attest.trust.folder import TrustedOperator
from archive.store.layout import format_identity
from tests.support.attacks.tamper import (
    Row,
    Table,
    Victim,
    play,
)
from tests.support.judging.told import GoldenReports

table = Table()


@table.fires("21 keys-differ")
def identity_with_another_name(victim: Victim) -> None:
    other = replace(victim.identity, name="Somebody else")
    (victim.root / "archive.toml").write_bytes(format_identity(other))


@table.fires(
    "2 not-reached NOT CHECKED",
    "7 not-reached NOT CHECKED",
    "8 checkpoint-bad",
    "15 not-reached NOT CHECKED",
    "20 anchor-altered",
    "21 keys-differ",
)
def identity_with_another_origin(victim: Victim) -> None:
    other = replace(victim.identity, origin="another.example/log")
    (victim.root / "archive.toml").write_bytes(format_identity(other))


@table.fires("16 chain-broken", "21 keys-differ")
def identity_with_another_id(victim: Victim) -> None:
    other = replace(victim.identity, archive_id="a" * 26)
    (victim.root / "archive.toml").write_bytes(format_identity(other))


NO_IDENTITY = (
    "1 not-reached NOT CHECKED",
    "2 not-reached NOT CHECKED",
    "3 not-reached NOT CHECKED",
    "4 not-reached NOT CHECKED",
    "5 not-reached NOT CHECKED",
    "6 not-reached NOT CHECKED",
    "7 not-reached NOT CHECKED",
    "8 not-reached NOT CHECKED",
    "10 not-reached NOT CHECKED",
    "15 not-reached NOT CHECKED",
    "16 not-reached NOT CHECKED",
    "17 not-reached NOT CHECKED",
    "18 not-reached NOT CHECKED",
    "19 not-reached NOT CHECKED",
    "21 identity-altered",
)
"""What follows when archive.toml is not in its form: nothing else is looked at."""


@table.fires(*NO_IDENTITY)
def identity_in_another_form(victim: Victim) -> None:
    path = victim.root / "archive.toml"
    path.write_text(path.read_text() + "\n")


@table.fires(*NO_IDENTITY)
def identity_with_an_origin_that_is_no_name(victim: Victim) -> None:
    """One bit of a letter makes a plus sign, which stands in no name of a key."""
    path = victim.root / "archive.toml"
    path.write_text(path.read_text().replace("archive/ok", "archive/o+"))


# Trust


@table.fires(
    "3 origin-unknown NOT CHECKED",
    "4 origin-unknown NOT CHECKED",
    "8 origin-unknown NOT CHECKED",
    "10 origin-unknown NOT CHECKED",
    "21 origin-unknown NOT CHECKED",
)
def reader_knows_nothing_of_the_origin(victim: Victim) -> None:
    victim.trust = None


def believe(victim: Victim, **changes: Any) -> None:
    """Change what the reader believes."""
    assert victim.trust is not None
    victim.trust = replace(victim.trust, **changes)


@table.fires("3 key-unknown NOT CHECKED", "21 keys-differ")
def reader_trusts_another_operator_key(victim: Victim) -> None:
    other = P256Signer.from_scalar(4242)
    trusted = TrustedOperator(spki_der=other.spki_der, first_leaf=1)
    believe(victim, operators=(trusted,))


@table.fires("3 key-unknown NOT CHECKED")
def reader_trusts_another_root_key(victim: Victim) -> None:
    believe(victim, roots=(P256Signer.from_scalar(4242).spki_der,))


@table.fires(
    "2 not-reached NOT CHECKED",
    "7 not-reached NOT CHECKED",
    "8 checkpoint-bad NOT CHECKED",
    "15 not-reached NOT CHECKED",
    "20 anchor-altered",
    "21 keys-differ",
)
def reader_trusts_another_log_key(victim: Victim) -> None:
    signer = Ed25519Signer.from_seed(b"\1" * 32, name=victim.identity.origin)
    believe(victim, log_vkey=signer.vkey)


@table.fires("10 key-not-valid", "21 keys-differ")
def operator_key_ended_before_the_last_entries(victim: Victim) -> None:
    assert victim.trust is not None
    (operator,) = victim.trust.operators
    believe(victim, operators=(replace(operator, end_leaf=10),))


@table.fires("10 key-not-valid", "21 keys-differ")
def operator_key_began_later(victim: Victim) -> None:
    assert victim.trust is not None
    (operator,) = victim.trust.operators
    believe(victim, operators=(replace(operator, first_leaf=5),))


@table.fires("9 witnesses-none NOT CHECKED")
def policy_asks_for_a_witness(victim: Victim) -> None:
    believe(victim, witness_quorum=1)


@table.fires(
    "11 time-stamps-none NOT CHECKED",
    "13 time-stamps-none NOT CHECKED",
    "20 time-stamps-none NOT CHECKED",
)
def policy_asks_for_two_time_stamps(victim: Victim) -> None:
    believe(victim, token_quorum=2)


# The test


@table.each()
def test_each_attack_fires_exactly_what_the_table_says(
    row: Row, tmp_path: Path, golden_reports: GoldenReports
) -> None:
    play(row, tmp_path, golden_reports)
