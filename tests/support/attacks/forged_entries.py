"""Entries that nobody but the operator could have signed, signed otherwise."""

from tests.support.archives.archives import MadeArchive
from tests.support.attacks.forgery import Forger, last_segment, pieces, segments

FORGED = "http://a.example/forged"


def forged_entries(made: MadeArchive) -> dict[str, bytes]:
    """Entries that nobody but the operator could have signed, signed otherwise."""
    stranger, insider = Forger.stranger(made), Forger.insider(made)
    borrowed = Forger.stranger(made, key_id=made.keys().operator.key_id)
    other = "a" * 26
    zeros = "sha256:" + "0" * 63 + "1"
    return {
        "stranger": stranger.entry(stranger.capture(FORGED)),
        "borrowed-key-id": borrowed.entry(borrowed.capture(FORGED)),
        "other-archive": insider.entry(insider.capture(FORGED), archive=other),
        "later-index": insider.entry(insider.capture(FORGED), seq=10**9),
        "earlier-index": insider.entry(insider.capture(FORGED), seq=3),
        "other-predecessor": insider.entry(insider.capture(FORGED), prev=zeros),
        "replayed": pieces(last_segment(made.root))[-2],
        "replayed-from-sealed": pieces(segments(made.root)[0])[2],
        "unknown-kind": unknown_kind(stranger),
    }


def unknown_kind(forger: Forger) -> bytes:
    """A statement of a later version, says a stranger: nobody may write here now."""
    draft = forger.capture(FORGED)
    payload = forger.payload(draft).replace(b"/capture/v1", b"/capture/v9")
    assert draft.slice is not None
    return draft.slice.read() + forger.record(payload)


FORGERIES = [
    "stranger",
    "borrowed-key-id",
    "other-archive",
    "later-index",
    "earlier-index",
    "other-predecessor",
    "replayed",
    "replayed-from-sealed",
    "unknown-kind",
]
