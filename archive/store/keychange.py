"""Change operator keys: `key` statements, then key files, then the operator's trust.

By turns, the old key announces (`rotate`) and the new one accepts (`accept`); by the
root key, a new one is stated (`new`) or an old one cut off (`revoke`). Validity is
counted in leaf indexes. The lock is held throughout, and what a kill leaves is finished
by the same call: the new key lies under a name of its own until it is accepted.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from archive.attest.keyfile import write_key_file
from archive.attest.keyfolder import (
    NEXT_FILE,
    OPERATOR_FILE,
    SINCE_FILE,
    Seal,
    StatementSigner,
)
from archive.attest.keys import P256Signer
from archive.attest.trustset import TrustedOperator, TrustSet
from archive.errors import KeyProblem, UsageProblem
from archive.files import sync_folder
from archive.log.fields import format_base64
from archive.log.leaf import parse_leaf
from archive.log.log import TiledLog
from archive.store.drafts import Draft
from archive.store.layout import hold_lock
from archive.store.ledger import Committed, Ledger, LedgerTools
from archive.store.places import check_places
from archive.store.rebuild import drop_catalog_ahead
from archive.store.recovery import recover

TRACE_LEAVES = 64
"""Newest leaves looked at for what an interrupted change has stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChanger:
    """Everything a change of keys works with; `trust` is the operator's own."""

    tools: LedgerTools
    folder: Path
    trust: TrustSet
    seal: Seal
    new_key: Callable[[], P256Signer] = P256Signer.generate

    def rotate(self) -> TrustSet:
        """Let a new operator key take over from the one at hand."""
        with self._open() as ledger:
            old, new = self.tools.keys.operator, self._begin()
            leaf = _find_accept(ledger, new)
            if leaf is None:
                self._state(ledger, "rotate", [_row(new, _next(ledger) + 1)], old)
                ledger.checkpoint()
                rows = [
                    _row(old, self._first_of(old), _next(ledger)),
                    _row(new, _next(ledger)),
                ]
                leaf = self._state(ledger, "accept", rows, new).leaf
            self._take_over(new, leaf)
            ledger.checkpoint()
        return self._trust_after(old.key_id, new, first=leaf, end=leaf)

    def renew(self) -> TrustSet:
        """Let the root key state a new operator key, where the old one is no more."""
        root = self._root()
        with self._open() as ledger:
            old, new = self.tools.keys.operator, self._begin()
            first = self._replace(ledger, root, new)
        return self._trust_after(old.key_id, new, first=first, end=first - 1)

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
            row = _row(operator, operator.first_leaf, end)
            self._state(ledger, "revoke", [_row(root, 0, role="root"), row], root)
            ledger.checkpoint()
            if new is None:
                return _with_end(self.trust, key_id, end)
            first = self._replace(ledger, root, new, end=end)
        return self._trust_after(key_id, new, first=first, end=end)

    def _replace(
        self,
        ledger: Ledger,
        root: P256Signer,
        new: P256Signer,
        *,
        end: int | None = None,
    ) -> int:
        """State a new operator key by the root key; give its first leaf."""
        old, leaf = self.tools.keys.operator, _next(ledger)
        rows = [_row(root, 0, role="root"), _row(new, leaf + 1)]
        if old.key_id != new.key_id:
            first = self._first_of(old)
            rows.append(_row(old, first, leaf if end is None else end))
        self._state(ledger, "new", rows, root)
        self._take_over(new, leaf + 1)
        ledger.checkpoint()
        return leaf + 1

    def _begin(self) -> P256Signer:
        """The new key, made now or by a change that was interrupted.

        Not before the archive is open: what is refused there leaves no key behind.
        """
        if self.tools.keys.next is not None:
            return self.tools.keys.next
        new = self.new_key()
        write_key_file(self.folder / NEXT_FILE, self.seal(new))
        return new

    @contextmanager
    def _open(self) -> Iterator[Ledger]:
        """Lock and recover the archive; whatever was stated is logged first."""
        tools = self.tools
        check_places(tools.paths)
        with hold_lock(tools.paths.root):
            ledger, _report = recover(tools)
            try:
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

    def _trust_after(
        self, old_id: str, new: P256Signer, *, first: int, end: int
    ) -> TrustSet:
        changed = _with_end(self.trust, old_id, end)
        added = TrustedOperator(spki_der=new.spki_der, first_leaf=first)
        return replace(changed, operators=(*changed.operators, added))


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


def _find_accept(ledger: Ledger, new: P256Signer) -> int | None:
    """Where an interrupted change has let the new key accept already."""
    end = _next(ledger)
    start = max(0, end - TRACE_LEAVES)
    log = TiledLog(ledger.tools.paths.log, ledger.tools.files)
    for index, line in enumerate(log.read_leaves(start, end), start=start):
        leaf = parse_leaf(line)
        if (leaf.kind, leaf.key_id) == ("key", new.key_id):
            return index
    return None
