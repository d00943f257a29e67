"""Job records: the seeds a job promises before its first fetch, and how each one ended.

They are the JSON of `resource` records; unknown keys are allowed there, and skipped.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archive.attest.records.classes import check_classes, format_classes, parse_classes
from archive.attest.values.canonical import dump_canonical, parse_canonical
from archive.attest.values.fields import (
    Table,
    array,
    check_required,
    digest,
    hex_digest,
    instant,
    integer,
    mapping,
    nullable,
    one_of,
    refuse,
    required,
    short_id,
    text,
)
from archive.attest.values.forms import NAME, SOURCE_ID, URI_LIMIT
from archive.capture_class import ClassNote
from archive.digest import Digest
from archive.instant import format_instant, parse_instant

STATES = ("captured", "failed", "blocked", "not-reached")
"""How a seed may end: `blocked` = our own rule, `not-reached` = the job ended first."""
JOB_LIMIT_BYTES = 64 * 1024 * 1024
"""Bytes of a job record: 100,000 seeds with long addresses."""
SEEDS_LIMIT = 100_000
"""Seeds of one job; a source has a few hundred."""
TRAIL_LIMIT = 1_000
"""Captures of one seed: hops, retries and parts that it stands for."""
REASON_LIMIT = 4096
"""Characters of a reason: one line, perhaps with an address in it."""

_OPEN: Table = {
    "job": short_id,
    "opened_at": instant,
    "seeds": array(
        required(
            {
                "n": integer(),
                "salt": hex_digest,
                "uri": text(limit=URI_LIMIT, lines=True),
            }
        ),
        low=0,
        high=SEEDS_LIMIT,
    ),
    "settings_digest": digest,
    "source": mapping,
    "source_id": nullable(SOURCE_ID),
    "vantage": NAME,
}
_CLOSE: Table = {
    "closed_at": instant,
    "counts": required(
        {
            "blocked": integer(),
            "captured": integer(),
            "failed": integer(),
            "not_reached": integer(),
        }
    ),
    "expectations": array(mapping, low=0, high=SEEDS_LIMIT),
    "job": short_id,
    "seeds": array(
        required(
            {
                "captures": array(hex_digest, low=0, high=TRAIL_LIMIT),
                "n": integer(),
                "reason": text(low=0, limit=REASON_LIMIT, lines=True),
                "state": one_of(*STATES),
            }
        ),
        low=0,
        high=SEEDS_LIMIT,
    ),
    "signals": mapping,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOpening:
    """What a job promises: an outcome for each of its seeds, in this order."""

    job_id: str
    opened_at: datetime
    source_id: str | None
    source: Mapping[str, Any]
    """Description of the source; empty for captures from the command line."""
    vantage: str
    """Label of the place the job runs at; never a host name."""
    settings_digest: Digest
    seeds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedOutcome:
    """How one promised seed ended."""

    n: int
    """Place of the seed in the opening, from 0."""
    state: str
    """One of `STATES`."""
    captures: tuple[str, ...]
    """Ids of its captures, failed attempts too."""
    reason: str
    """Empty for a seed that was captured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobClosing:
    """How a job ended, seed by seed."""

    job_id: str
    closed_at: datetime
    outcomes: tuple[SeedOutcome, ...]
    signals: Mapping[str, Any]
    expectations: Sequence[Mapping[str, Any]]
    classes: Mapping[str, ClassNote] = field(default_factory=dict)
    """By capture id; an annotation of the captures, which it does not change."""
    class_rules: int = 1
    """Version of the rules that gave the classes."""

    @property
    def counts(self) -> dict[str, int]:
        """How many seeds ended in each state, as the `job-close` statement says it."""
        counted = Counter(outcome.state for outcome in self.outcomes)
        return {state.replace("-", "_"): counted[state] for state in STATES}


def format_job_open(opening: JobOpening, *, salts: Sequence[str]) -> bytes:
    """Write the JSON of a `job-open` slice; one salt of 64 hex digits for each seed."""
    value = {
        "job": opening.job_id,
        "opened_at": format_instant(opening.opened_at),
        "seeds": [
            {"n": n, "salt": salt, "uri": uri}
            for n, (salt, uri) in enumerate(zip(salts, opening.seeds, strict=True))
        ],
        "settings_digest": str(opening.settings_digest),
        "source": opening.source,
        "source_id": opening.source_id,
        "vantage": opening.vantage,
    }
    check_required(_OPEN, value, "job-open")
    return dump_canonical(value)


def parse_job_open(data: bytes) -> tuple[JobOpening, tuple[str, ...]]:
    """Read the JSON of a `job-open` slice: the opening, and the salt of each seed."""
    value: Any = parse_canonical(data, limit_bytes=JOB_LIMIT_BYTES)
    check_required(_OPEN, value, "job-open")
    for place, seed in enumerate(value["seeds"]):
        if seed["n"] != place:
            raise refuse(f"job-open.seeds[{place}].n", f"is not {place}")
    opening = JobOpening(
        job_id=value["job"],
        opened_at=parse_instant(value["opened_at"]),
        source_id=value["source_id"],
        source=value["source"],
        vantage=value["vantage"],
        settings_digest=Digest.parse(value["settings_digest"]),
        seeds=tuple(seed["uri"] for seed in value["seeds"]),
    )
    return opening, tuple(seed["salt"] for seed in value["seeds"])


def format_job_close(closing: JobClosing) -> bytes:
    """Write the JSON of a `job-close` slice."""
    value = {
        "closed_at": format_instant(closing.closed_at),
        "counts": closing.counts,
        "expectations": list(closing.expectations),
        "job": closing.job_id,
        "seeds": [
            {
                "captures": list(outcome.captures),
                "n": outcome.n,
                "reason": outcome.reason,
                "state": outcome.state,
            }
            for outcome in closing.outcomes
        ],
        "signals": closing.signals,
    }
    if closing.classes:
        value["classes"] = format_classes(closing.classes, rules=closing.class_rules)
    _check_close(value, closing)
    return dump_canonical(value)


def parse_job_close(data: bytes) -> JobClosing:
    """Read the JSON of a `job-close` slice; its counts must be those of its seeds."""
    value: Any = parse_canonical(data, limit_bytes=JOB_LIMIT_BYTES)
    check_required(_CLOSE, value, "job-close")
    classes, class_rules = parse_classes(value.get("classes"))
    closing = JobClosing(
        job_id=value["job"],
        closed_at=parse_instant(value["closed_at"]),
        outcomes=tuple(
            SeedOutcome(
                n=seed["n"],
                state=seed["state"],
                captures=tuple(seed["captures"]),
                reason=seed["reason"],
            )
            for seed in value["seeds"]
        ),
        signals=value["signals"],
        expectations=tuple(value["expectations"]),
        classes=classes,
        class_rules=class_rules,
    )
    _check_close(value, closing)
    return closing


def _check_close(value: Mapping[str, Any], closing: JobClosing) -> None:
    check_required(_CLOSE, value, "job-close")
    check_classes(value.get("classes"))
    numbers = [outcome.n for outcome in closing.outcomes]
    if numbers != sorted(set(numbers)):
        raise refuse("job-close.seeds", "are not in the order of n, each once")
    for name, count in closing.counts.items():
        if value["counts"][name] != count:
            raise refuse(f"job-close.counts.{name}", f"is not {count}")
    for outcome in closing.outcomes:
        if outcome.state == "captured" and not outcome.captures:
            raise refuse(f"job-close.seeds n={outcome.n}", "is captured by no capture")
