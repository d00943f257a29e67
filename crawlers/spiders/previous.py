"""What a list says now against what it said when it was captured last (pure)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from crawlers.sources.seeds import ChannelRules, FeedRules, FilesRules, SeedRules
from crawlers.spiders.reading import Entry, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is odd about a list since last time."""

    signals: Counter[str] = field(default_factory=Counter)
    gone: tuple[Entry, ...] = ()
    """Entries that are listed no more and whose addresses are worth a look."""


def compare(
    before: Reading,
    now: Reading,
    *,
    rules: SeedRules,
    is_known: Callable[[str], bool],
) -> Difference:
    """Compare two readings; `is_known` says whether an address was captured ever."""
    old, new = before.named(), now.named()
    match rules:
        case FilesRules():
            return _say("document-address-gone", _lost(old, new))
        case FeedRules():
            # Feeds are short: what falls off the end is no news, unless nobody saw it.
            lost = [entry for entry in _lost(old, new) if not is_known(entry.url or "")]
            return _say("entry-vanished-unseen", lost)
        case ChannelRules():
            return _compare_posts(old, new)
    between = _between(list(old), new)
    return _say("item-vanished", [old[name] for name in between])


def _say(code: str, lost: list[Entry]) -> Difference:
    gone = tuple(entry for entry in lost if entry.url is not None)
    return Difference(signals=+Counter({code: len(lost)}), gone=gone)


def _lost(old: dict[str, Entry], new: dict[str, Entry]) -> list[Entry]:
    return [entry for name, entry in old.items() if name not in new]


def _compare_posts(old: dict[str, Entry], new: dict[str, Entry]) -> Difference:
    signals: Counter[str] = Counter()
    signals["post-edited"] = sum(
        new[name].digest != entry.digest for name, entry in old.items() if name in new
    )
    signals["post-vanished"] = len(_between(list(old), new))
    return Difference(signals=+signals)


def _between(names: list[str], new: dict[str, Entry]) -> list[str]:
    """Names that are gone although both neighbours in the list are still there.

    What only grew too old for the list, at either end, is not among them.
    """
    left = [place for place, name in enumerate(names) if name in new]
    if not left:
        return []
    return [name for name in names[left[0] : left[-1]] if name not in new]
