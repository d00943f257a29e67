"""Pages that were shown otherwise to a second profile: the sample of a job, judged.

A page that changes with every request is no cloaking: only what both looks of the
second profile have in common, and the second look of the first has not, is told.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from archive.capture import CONTROL_ROLE, SECOND_ROLE, Capture, CaptureOutcome
from archive.digest import Digest
from search.report.comparing.changes import ParagraphChange
from search.report.kinship.mirrors import find_differences
from search.report.span.findings import Finding, Kind, ShownChange
from search.report.span.statuses import SHOWN, is_hop

SAMPLES = 200
"""Of one source, compared in one report."""

TextOf = Callable[[Capture], str]
DigestOf = Callable[[Capture], Digest | None]
Show = Callable[[Sequence[ParagraphChange]], ShownChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One address as two profiles saw it in one job."""

    first: Capture
    seconds: tuple[Capture, ...]
    """One; two where it was given other bytes."""
    control: Capture | None
    """The first profile again; only where the second was given other bytes."""


def pair_samples(captures: Sequence[Capture]) -> Iterator[Sample]:
    """The samples among the captures of one job."""
    first: dict[str, Capture] = {}
    seconds: defaultdict[str, list[Capture]] = defaultdict(list)
    control: dict[str, Capture] = {}
    for capture in captures:
        if capture.kind != "capture" or is_hop(capture.http_status):
            continue
        uri = capture.target_uri
        if capture.role == SECOND_ROLE:
            seconds[uri].append(capture)
        elif capture.role in ("page", CONTROL_ROLE):
            (first if capture.role == "page" else control)[uri] = capture
    for uri, others in seconds.items():
        if uri in first:
            yield Sample(
                first=first[uri], seconds=tuple(others), control=control.get(uri)
            )


def find_cloaking(
    samples: Sequence[Sample], *, text_of: TextOf, digest_of: DigestOf, show: Show
) -> Iterator[Finding]:
    """What the second profile was given that the first was not, or the reverse."""
    for sample in samples[:SAMPLES]:
        if sample.control is None:
            if not _is_same(sample, digest_of):
                yield _finding(sample, "second-profile-not-checked", None)
            continue
        seen = _is_shown(sample.first), _is_shown(sample.seconds[0])
        again = _is_shown(sample.control), _is_shown(sample.seconds[-1])
        if seen != again:
            continue  # the server itself was not steady
        if seen == (True, True):
            left = _unlike(sample, sample.control, text_of)
            if left:
                yield _finding(sample, "second-profile-differs", show(left))
        elif seen == (True, False):
            yield _finding(sample, "second-profile-not-shown", None)
        elif seen == (False, True):
            yield _finding(sample, "second-profile-alone-shown", None)


def _is_same(sample: Sample, digest_of: DigestOf) -> bool:
    """Whether both were given the same bytes, so that nobody had to ask once more."""
    first, second = sample.first, sample.seconds[0]
    if _is_shown(first) != _is_shown(second):
        return False
    digest = digest_of(first)
    return digest is not None and digest == digest_of(second)


def _unlike(
    sample: Sample, control: Capture, text_of: TextOf
) -> tuple[ParagraphChange, ...]:
    """Differences that two looks of the first profile do not have in that place."""
    own = text_of(sample.first)
    moving = set(map(_words, find_differences(own, text_of(control))))
    one, *more = (find_differences(own, text_of(look)) for look in sample.seconds)
    lasting = set(map(_words, one)).intersection(*(map(_words, look) for look in more))
    moved = {before for before, _ in moving if before}
    return tuple(
        change
        for change in one
        if _words(change) in lasting and _words(change)[0] not in moved
    )


def _words(change: ParagraphChange) -> tuple[str | None, str | None]:
    before, after = change.before, change.after
    return before.text if before else None, after.text if after else None


def _finding(sample: Sample, code: str, change: ShownChange | None) -> Finding:
    is_checked = code != "second-profile-not-checked"
    return Finding(
        kind=Kind.SUSPICIOUS if is_checked else Kind.FAILED,
        code=code,
        uri=sample.first.target_uri,
        captures=(sample.first.short_id, sample.seconds[0].short_id),
        change=change,
    )


def _is_shown(capture: Capture) -> bool:
    whole = capture.outcome is CaptureOutcome.COMPLETE
    return whole and capture.http_status in SHOWN
