"""An evidence bundle against the reader's own trust: checks 1 to 13 and 17.

The second verifier, `archive/export/verify.sh` inside each bundle, shares no code with
this one and gives the same verdict. Nothing the bundle says about trust is believed;
`trust_of` looks the origin of its log up in the reader's trust folder.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from archive.attest.trust.folder import TrustSet
from archive.instant import format_instant
from archive.verify.bundles.bundlefiles import (
    AtHand,
    BundleFiles,
    open_bundle,
    prefix_of,
)
from archive.verify.bundles.bundletimes import Bracket, weakest
from archive.verify.bundles.bundletree import BundleTree
from archive.verify.bundles.listing import check_listing, note_unread
from archive.verify.bundles.node import Node, Parts, read_parts
from archive.verify.notices.lookalikes import LookAlikes
from archive.verify.policy import headline, note_unknown_origin, required_steps
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import ALWAYS_REQUIRED, NO_BRACKET, Report
from archive.verify.reporting.report import Bracket as ProvenBracket

BUNDLE_REQUIRED = ALWAYS_REQUIRED | {17}
TRUSTED_STEPS = (3, 4, 8, 10)

TrustOf = Callable[[str], TrustSet | None]
"""What the reader believes about the log of an origin; None = nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the reader trusts about the log of a bundle, and what its parts prove."""

    trust: TrustSet | None
    brackets: tuple[ProvenBracket, ...]
    """Of each part; NO_BRACKET where nothing is known of its time."""
    witnesses: int
    """Trusted witnesses of every part: of the part that has the fewest."""

    @property
    def bracket(self) -> ProvenBracket:
        """Between which instants every part was made."""
        return weakest(self.brackets)

    @property
    def headline(self) -> str | None:
        """What is said first; of several parts, for how many it holds."""
        parts, about = len(self.brackets), ""
        untimed = sum(one.existed_by is None for one in self.brackets)
        if parts > 1:
            about = f" for {untimed} of" if untimed else ", each of"
            about += f" the {parts} parts"
        return headline(self.witnesses, self.trust, self.bracket, about=about)


def verify_bundle(path: Path, *, trust_of: TrustOf) -> Report:
    """Check a folder or zip; FormatError or UsageProblem only if it is no bundle."""
    with open_bundle(path) as files:
        return verify_files(files, subject=path.name, trust_of=trust_of)


def verify_files(files: BundleFiles, *, subject: str, trust_of: TrustOf) -> Report:
    """Check the files of a bundle wherever they lie."""
    collector = Collector()
    judged = judge_files(collector, files, trust_of=trust_of)
    report = collector.report(
        f"bundle {subject}",
        required=required_steps(BUNDLE_REQUIRED, judged.trust),
        headline=judged.headline,
    )
    return replace(report, bracket=judged.bracket)


def judge_files(
    collector: Collector, files: BundleFiles, *, trust_of: TrustOf
) -> Judged:
    """Note all findings of a bundle; give what the reader trusts about its log."""
    unread = note_unread(collector, files)
    check_listing(collector, files, unread=unread)
    files = AtHand(files, unread)
    prefixes = sorted({p for name in files.names if (p := prefix_of(name)) is not None})
    parts = {prefix: read_parts(collector, files, prefix) for prefix in prefixes}
    trust = _find_trust(parts, trust_of)
    tree, lookalikes = BundleTree(collector, files), LookAlikes()
    brackets: list[Bracket | None] = []
    for prefix, found in parts.items():
        node = Node(collector, files, prefix=prefix, trust=trust)
        checked, bracket = node.check(found)
        if checked is not None:
            tree.note(prefix, checked)
            lookalikes.note(checked.statement.predicate.get("host_alabel"))
        if bracket is not None:
            _tell_bracket(collector, prefix, bracket)
        brackets.append(bracket)
    tree.finish(prefixes)
    collector.notices.extend(lookalikes.notices())
    if trust is None:
        note_unknown_origin(collector, TRUSTED_STEPS)
    return _sum_up(trust, brackets)


def _sum_up(trust: TrustSet | None, parts: Sequence[Bracket | None]) -> Judged:
    """A part of which nothing is known has neither time nor witness."""
    quorum = trust.token_quorum if trust is not None else 0
    return Judged(
        trust=trust,
        brackets=tuple(part.proven(quorum) if part else NO_BRACKET for part in parts),
        witnesses=min((part.witnesses if part else 0 for part in parts), default=0),
    )


def _find_trust(parts: Mapping[str, Parts], trust_of: TrustOf) -> TrustSet | None:
    """Of the first log that a proof names: one bundle is of one log."""
    for found in parts.values():
        if found.checkpoint is not None:
            return trust_of(found.checkpoint.origin)
    return None


def _tell_bracket(collector: Collector, prefix: str, bracket: Bracket) -> None:
    """Between which instants the statement was made, whichever way it ended."""
    after = format_instant(bracket.after) if bracket.after else "no lower bound"
    before = format_instant(bracket.before) if bracket.before else "no upper bound"
    collector.notices.append(
        f"{prefix or 'the bundle'}: stated after {after}, before {before}; "
        f"{bracket.witnesses} witnesses, {bracket.tokens} time stamps"
    )
