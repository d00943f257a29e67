"""A second reader of robots.txt, straight from RFC 9309, to compare the first with."""

import re

UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
Rules = list[tuple[bool, bytes]]


def normal(path: bytes) -> bytes:
    """Percent-encoded where it must be, decoded where it need not (section 2.2.2)."""

    def octet(match: re.Match[bytes]) -> bytes:
        found = match.group()
        if len(found) == 1:
            return b"%%%02X" % found[0]
        value = bytes([int(found[1:], 16)])
        return value if value in UNRESERVED else found.upper()

    return re.sub(rb"%[0-9A-Fa-f]{2}|[\x00-\x20\x80-\xff]", octet, path)


def parse(data: bytes) -> dict[bytes, Rules]:
    """Rules by lower-case product token; other lines interfere with nothing."""
    groups: dict[bytes, Rules] = {}
    agents: list[bytes] = []
    in_rules = True
    for line in re.split(rb"[\r\n]+", data.removeprefix(b"\xef\xbb\xbf")):
        match = re.fullmatch(
            rb"[ \t]*(user-agent|allow|disallow)[ \t]*:[ \t]*([^#]*?)[ \t]*(#.*)?",
            line,
            re.IGNORECASE,
        )
        if match is None:
            continue
        name, value = match.group(1).lower(), match.group(2)
        if name == b"user-agent":
            agents = [] if in_rules else agents
            agents.append(value.lower())
            groups.setdefault(value.lower(), [])
            in_rules = False
        else:
            in_rules = True
            for agent in agents if value else ():
                groups[agent].append((name == b"allow", normal(value)))
    return groups


def is_allowed(groups: dict[bytes, Rules], agent: bytes, path: bytes) -> bool:
    """The longest match decides, `Allow` wins a tie, none allows."""
    best, wanted = (-1, True), normal(path)
    for allow, pattern in groups.get(agent, groups.get(b"*", [])):
        if _matches(pattern, wanted):
            best = max(best, (len(pattern), allow))
    return best[1]


def _matches(pattern: bytes, path: bytes) -> bool:
    """Piece by piece, the earliest place for each; a final `$` pins the last."""
    is_pinned = pattern.endswith(b"$")
    first, *others = pattern.removesuffix(b"$").split(b"*")
    if not path.startswith(first):
        return False
    place = len(first)
    last = others.pop() if is_pinned and others else None
    for piece in others:
        found = path.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    if last is not None:
        return path.endswith(last) and len(path) - len(last) >= place
    return not is_pinned or place == len(path)


def paths_of(groups: dict[bytes, Rules], most: int) -> list[bytes]:
    """Addresses that the rules speak of, just beyond them, and just before."""
    paths = [b"/", b"/a", b"/index.html", b"/search?q=1", b"/news/2025/"]
    for rules in groups.values():
        for _, pattern in rules:
            base = pattern.replace(b"*", b"x").rstrip(b"$")
            if base.startswith(b"/"):
                paths += [base, base + b"z"]
                if b"%" not in base[-3:]:  # half a character is no address
                    paths.append(base[:-1] or b"/")
    kept = list(dict.fromkeys(paths))
    step = max(1, len(kept) // most)
    return kept[::step]
