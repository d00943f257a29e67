"""Check 21: the keys the log states are those the reader trusts, archive.toml too."""

from collections.abc import Mapping, Sequence
from typing import Any

from archive.attest.trust.folder import TrustSet
from archive.digest import Digest
from archive.errors import VerificationError
from archive.log.fields import MAX_DECIMAL
from archive.log.note import format_vkey
from archive.verify.reporting.collector import Collector
from archive.verify.statements.checks import check_interval
from archive.verify.statements.entries import CheckedEntry


def check_key_history(
    collector: Collector,
    history: Sequence[Mapping[str, Any]],
    *,
    trust: TrustSet,
    archive_toml: bytes,
) -> None:
    """Compare entry 0 and later `key` statements with the trust folder."""
    if not history:
        collector.not_checked(
            21, "keys-unstated", "entry 0", "no key statement was read"
        )
        return
    problems = [*_compare(history, trust)]
    if history[0]["archive_toml"] != str(Digest.of(archive_toml)):
        problems.append("archive.toml is not the file whose digest entry 0 states")
    for problem in problems:
        collector.failed(21, "keys-differ", "key statements", problem)
    if not problems:
        collector.passed(21, len(history))


def counts(checked: CheckedEntry, trust: TrustSet | None) -> bool:
    """Whether a `key` statement says anything: signed, by a key valid at its entry.

    A thief may state what he likes behind the entry at which his key was cut off.
    """
    if checked.statement.seq == 0:
        return True  # what an archive begins with is compared, whoever signed it
    if trust is None or not checked.holds:
        return False
    try:
        check_interval(checked.statement, checked.envelope, trust)
    except VerificationError:
        return False
    return True


def follow_history(
    history: Sequence[Mapping[str, Any]],
) -> dict[str, tuple[int, int | None]]:
    """The interval of each operator key after all `key` statements, in their order.

    A key that is announced (`rotate`) counts from where it is accepted; a revocation
    only ever shortens.
    """
    intervals: dict[str, tuple[int, int | None]] = {}
    for predicate in history:
        for key in predicate["keys"]:
            if key["role"] != "operator":
                continue
            key_id, end = key["key_id"], key["end_leaf"]
            if predicate["action"] == "rotate" and key_id not in intervals:
                continue
            # The earliest end that was ever stated.
            ends = (end, intervals[key_id][1] if key_id in intervals else None)
            end = min((one for one in ends if one is not None), default=None)
            intervals[key_id] = (key["first_leaf"], end)
    return intervals


def _compare(history: Sequence[Mapping[str, Any]], trust: TrustSet) -> Sequence[str]:
    stated = {(key_id, *ends) for key_id, ends in follow_history(history).items()}
    trusted = {
        (
            operator.key_id,
            operator.first_leaf,
            None if operator.end_leaf == MAX_DECIMAL else operator.end_leaf,
        )
        for operator in trust.operators
    }
    problems = []
    if stated != trusted:
        problems.append("the operator keys of the log are not those you trust")
    if history[0]["log_vkey"] != format_vkey(trust.log_vkey):
        problems.append("the log key of entry 0 is not the one you trust")
    return problems
