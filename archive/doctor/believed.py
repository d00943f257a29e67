"""Whom the reader's trust folder believes about this archive."""

from collections.abc import Iterator

from archive.attest.trust.folder import read_trust
from archive.attest.trust.trustset import TrustSet
from archive.doctor.finding import Finding, good, unsafe, weaker
from archive.doctor.machine import Machine
from archive.errors import EvidenceError
from archive.log.note import format_vkey


def check_trust(machine: Machine) -> Iterator[Finding]:
    """Whether this archive is known there, by the key that it names itself."""
    identity = machine.identity
    if identity is None:
        return
    try:
        trust = read_trust(machine.trust(), identity.origin)
    except EvidenceError as error:
        yield weaker(
            "trust",
            f"your trust folder cannot be read ({error})",
            without="`evidence verify` says NOT CHECKED of everything",
            step="restore it from your copy, or take it over again with"
            " `evidence trust add`",
        )
        return
    if trust is None:
        yield weaker(
            "trust",
            f"your trust folder {machine.trust()} knows nothing of {identity.origin}",
            without="`evidence verify` says NOT CHECKED of everything",
            step="`evidence trust add FOLDER`, with the one its operator gave you",
        )
    elif format_vkey(trust.log_vkey) != identity.log_vkey:
        yield unsafe(
            "trust",
            f"the archive names another log key than you believe of {identity.origin}",
            without="this is not the archive whose keys you took over, or it was"
            " changed",
            step="`evidence verify`, and ask its operator by another channel",
        )
    else:
        yield good("trust", f"this archive is known in {machine.trust()}")
        yield from _check_others(machine, trust)


def _check_others(machine: Machine, trust: TrustSet) -> Iterator[Finding]:
    """Others who vouch: without them all rests on the operator's word."""
    settings = machine.settings
    if trust.witnesses and trust.witness_quorum:
        names = ", ".join(name for name, _ in trust.witnesses)
        yield good("witnesses", f"{names}; {trust.witness_quorum} must have cosigned")
    else:
        yield weaker(
            "witnesses",
            "no witness must have cosigned",
            without="whoever has your keys can rewrite the log, and nobody could tell",
            step="let a friend keep one, then `evidence witness enrol NAME`"
            " (docs/witness.md)",
        )
    if settings.authorities and not trust.authorities:
        yield weaker(
            "time-stamps",
            "authorities are set, and your trust folder has no root certificate of one",
            without="nothing is time-stamped",
            step="`evidence timestamp enrol FILE`",
        )
    elif not settings.authorities:
        yield weaker(
            "time-stamps",
            "no time-stamp authority is set",
            without="that a capture existed by some day rests on your clock alone",
            step="name two under [[time.authorities]] (docs/settings.md)",
        )
    else:
        yield good("time-stamps", f"{len(settings.authorities)} authorities are asked")
