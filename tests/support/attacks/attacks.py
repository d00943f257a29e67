"""Attacks on an archive folder, and what `verify` must say of each."""

from collections.abc import Callable
from dataclasses import dataclass

from archive.attest.trust.folder import read_trust
from archive.verify.reporting.report import Outcome, Report
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive
from tests.support.judging.sound import assert_sound


def verify(made: MadeArchive) -> Report:
    """What the maker's reader is told."""
    trust = read_trust(made.trust_folder, made.identity.origin)
    return assert_sound(verify_archive(made.root, trust=trust))


def assert_refused(made: MadeArchive, place: str, *steps: int) -> Report:
    """Not VERIFIED, and a finding that counts names the place (and is of a step)."""
    report = verify(made)
    assert report.outcome is not Outcome.VERIFIED
    counted = [
        finding
        for finding in report.findings
        if finding.outcome is Outcome.FAILED
        or (finding.outcome is Outcome.NOT_CHECKED and finding.step in report.required)
    ]
    named = [f for f in counted if place in f"{f.subject} {f.detail}"]
    assert named, (place, [(f.step, f.code, f.subject, f.detail) for f in counted])
    assert not steps or {f.step for f in named} & set(steps), named
    return report


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A change of an archive folder, and what must be named."""

    run: Callable[[MadeArchive], None]
    place: str
    steps: tuple[int, ...] = ()


class Attacks(dict[str, Attack]):
    """The attacks of one topic, by what they do."""

    def attack(
        self, place: str, *steps: int
    ) -> Callable[[Callable[[MadeArchive], None]], Callable[[MadeArchive], None]]:
        """Register a function as an attack; its name says what it does."""

        def register(
            run: Callable[[MadeArchive], None],
        ) -> Callable[[MadeArchive], None]:
            self[run.__name__] = Attack(run=run, place=place, steps=steps)
            return run

        return register
