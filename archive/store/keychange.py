"""Change operator keys: `key` statements, then key files, then the operator's trust.

By turns, the old key announces (`rotate`) and the new one accepts (`accept`); by the
root key, a new one is stated (`new`) or an old one cut off (`revoke`). Validity is
counted in leaf indexes. The lock is held throughout, and what a kill leaves is finished
by the same call: what was stated is found again in the log, the trust is written next,
and the new key lies under a name of its own until all that is done.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from archive.attest.keys.keyfile import write_key_file
from archive.attest.keys.keyfolder import (
    NEXT_FILE,
    OPERATOR_FILE,
    SINCE_FILE,
    Seal,
    StatementSigner,
)
from archive.attest.keys.signing import P256Signer
from archive.attest.trust.trustset import TrustedOperator, TrustSet
from archive.errors import KeyProblem, UsageProblem, WitnessRefused
from archive.files import sync_folder
from archive.log.fields import format_base64
from archive.store.drafts import Draft
from archive.store.keytrace import Change, find_change, find_end
from archive.store.layout import hold_lock
from archive.store.ledger import Committed, Ledger, LedgerTools
from archive.store.places import check_places
from archive.store.rebuild import drop_catalog_ahead
from archive.store.recovery.recovery import recover


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChanger:
    """Everything a change of keys works with; `trust` is the operator's own."""

    tools: LedgerTools
    folder: Path
    trust: TrustSet
    seal: Seal
    keep: Callable[[TrustSet], object]
    """Writes the trust, once the change is stated and before the new key is used."""
    new_key: Callable[[], P256Signer] = P256Signer.generate

    def rotate(self) -> TrustSet:
        """Let a new operator key take over from the one at hand."""
        with self._open() as ledger:
            old, new = self.tools.keys.operator, self._begin()
            change = self._find(ledger, new)
            if change is None:
                self._state(ledger, "rotate", [_row(new, _next(ledger) + 1)], old)
                ledger.checkpoint()
                rows = [
                    _row(old, self._first_of(old), _next(ledger)),
                    _row(new, _next(ledger)),
                ]
                leaf = self._state(ledger, "accept", rows, new).leaf
                change = Change(first_leaf=leaf, old_end=leaf)
            return self._finish(ledger, new, change)

    def renew(self) -> TrustSet:
        """Let the root key state a new operator key, where the old one is no more."""
        root = self._root()
        with self._open() as ledger:
            new = self._begin()
            change = self._find(ledger, new)
            if change is None:
                change = self._replace(ledger, root, new)
            return self._finish(ledger, new, change)

    def revoke(self, key_id: str, *, end_leaf: int | None) -> TrustSet:
        """Trust a key below that leaf index only; the next entry if None is given.

        Where it is the operator key at hand, a new one takes its place.
        """
        root = self._root()
        operator = self.trust.get_operator(key_id)
        is_current = key_id == self.tools.keys.operator.key_id
        with self._open() as ledger:
            end = _next(ledger) if end_leaf is None else end_leaf
            if not operator.first_leaf <= end <= _next(ledger):
                raise UsageProblem(
                    f"key {key_id} cannot be cut off at {end}: it began at "
                    f"{operator.first_leaf}, and the log has {_next(ledger)} entries"
                )
            new = self._begin() if is_current else None
            stated = find_end(ledger, key_id, root)
            if stated is None or end < stated:
                row = _row(operator, operator.first_leaf, end)
                self._state(ledger, "revoke", [_row(root, 0, role="root"), row], root)
                ledger.checkpoint()
            else:
                end = stated
            if new is None:
                changed = _with_end(self.trust, key_id, end)
                self.keep(changed)
                return changed
            change = self._find(ledger, new)
            if change is None:
                change = self._replace(ledger, root, new, end=end)
            sooner = replace(change, old_end=min(end, change.old_end))
            return self._finish(ledger, new, sooner)

    def _replace(
        self,
        ledger: Ledger,
        root: P256Signer,
        new: P256Signer,
        *,
        end: int | None = None,
    ) -> Change:
        """State a new operator key by the root key."""
        old, leaf = self.tools.keys.operator, _next(ledger)
        old_end = leaf if end is None else end
        rows = [
            _row(root, 0, role="root"),
            _row(new, leaf + 1),
            _row(old, self._first_of(old), old_end),
        ]
        self._state(ledger, "new", rows, root)
        return Change(first_leaf=leaf + 1, old_end=old_end)

    def _finish(self, ledger: Ledger, new: P256Signer, change: Change) -> TrustSet:
        """Believe in what is stated, then use the new key."""
        ledger.checkpoint()
        changed = _with_end(self.trust, self.tools.keys.operator.key_id, change.old_end)
        if all(operator.key_id != new.key_id for operator in changed.operators):
            added = TrustedOperator(spki_der=new.spki_der, first_leaf=change.first_leaf)
            changed = replace(changed, operators=(*changed.operators, added))
        self.keep(changed)
        self._take_over(new, change.first_leaf)
        return changed

    def _begin(self) -> P256Signer:
        """The new key, made now or by a change that was interrupted.

        Not before the archive is open: what is refused there leaves no key behind.
        """
        if self.tools.keys.next is not None:
            return self.tools.keys.next
        new = self.new_key()
        write_key_file(self.folder / NEXT_FILE, self.seal(new))
        return new

    def _find(self, ledger: Ledger, new: P256Signer) -> Change | None:
        """What is stated of the new key; a key made just now is not looked for."""
        if self.tools.keys.next is None:
            return None
        return find_change(ledger, new, self.tools.keys.root)

    @contextmanager
    def _open(self) -> Iterator[Ledger]:
        """Lock and recover the archive; whatever was stated is logged first.

        WitnessRefused where signing is stopped: a checkpoint would lift that unseen.
        """
        tools = self.tools
        check_places(tools.paths)
        with hold_lock(tools.paths.root):
            ledger, _report = recover(tools)
            try:
                if ledger.position.refusal is not None:
                    raise WitnessRefused(ledger.position.refusal)
                drop_catalog_ahead(tools.paths.root, _next(ledger))
                ledger.checkpoint()
                yield ledger
            finally:
                ledger.close()

    def _state(
        self,
        ledger: Ledger,
        action: str,
        rows: list[dict[str, object]],
        signer: StatementSigner,
    ) -> Committed:
        predicate: dict[str, object] = {
            "action": action,
            "archive_toml": None,
            "keys": rows,
            "log_vkey": None,
        }
        draft = Draft(kind="key", slice=None, facts=None, predicate=predicate)
        return ledger.commit([draft], signer=signer)[0]

    def _take_over(self, new: P256Signer, first_leaf: int) -> None:
        """The accepted key takes the name of the old one, in one rename."""
        since = self.folder / SINCE_FILE
        since.unlink(missing_ok=True)
        write_key_file(since, f"{new.key_id} {first_leaf}\n".encode())
        (self.folder / NEXT_FILE).replace(self.folder / OPERATOR_FILE)
        sync_folder(self.folder)

    def _root(self) -> P256Signer:
        if self.tools.keys.root is None:
            raise KeyProblem(
                "the root key is not at hand; bring root.pem into the key folder for "
                "this command: it alone may state or cut off operator keys"
            )
        return self.tools.keys.root

    def _first_of(self, key: StatementSigner) -> int:
        return self.trust.get_operator(key.key_id).first_leaf


def _with_end(trust: TrustSet, key_id: str, end: int) -> TrustSet:
    """The same trust with one interval cut short; it never grows again."""
    return replace(
        trust,
        operators=tuple(
            replace(operator, end_leaf=min(end, operator.end_leaf))
            if operator.key_id == key_id
            else operator
            for operator in trust.operators
        ),
    )


def _next(ledger: Ledger) -> int:
    return ledger.position.next_leaf


def _row(
    key: StatementSigner | TrustedOperator,
    first_leaf: int,
    end_leaf: int | None = None,
    *,
    role: str = "operator",
) -> dict[str, object]:
    return {
        "role": role,
        "key_id": key.key_id,
        "spki": format_base64(key.spki_der),
        "first_leaf": first_leaf,
        "end_leaf": end_leaf,
    }
