"""Policy file (c2sp.org/tlog-policy): one log, its witnesses, how many must cosign.

Read is what that text allows, as far as it says the same as "so many of all these
witnesses": one log, and a quorum that is `none`, one witness, or one group of all
witnesses. A policy that says more than the rest of a trust folder can is refused.
"""

from dataclasses import dataclass

from archive.errors import FormatError, LimitExceeded, UnknownAlgorithm
from archive.log.note import (
    COSIGNATURE,
    ED25519,
    VerifierKey,
    format_vkey,
    parse_vkey,
)

POLICY_LIMIT_BYTES = 64 * 1024
"""Bytes of a policy: 32 witnesses need 5 KB, comments some more."""
GROUP_NAME = "witnesses"
NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Whose checkpoints are believed, and how many witnesses must have cosigned."""

    log_vkey: VerifierKey
    witnesses: tuple[tuple[str, VerifierKey], ...]
    """Name of each witness in the policy, and its key."""
    quorum: int


def format_policy(policy: Policy) -> bytes:
    """Write a policy: log, witnesses, a group of them if any must cosign, quorum."""
    lines = [f"log {format_vkey(policy.log_vkey)}"]
    lines += [f"witness {name} {format_vkey(key)}" for name, key in policy.witnesses]
    if policy.quorum:
        names = " ".join(name for name, _key in policy.witnesses)
        lines += [f"group {GROUP_NAME} {policy.quorum} {names}", f"quorum {GROUP_NAME}"]
    else:
        lines.append(f"quorum {NONE}")
    return ("\n".join(lines) + "\n").encode()


def parse_policy(data: bytes) -> Policy:
    """Read a policy; FormatError names the line that is wrong or says too much."""
    reading = _Reading()
    for number, words in _lines(data):
        try:
            reading.take(words)
        except (FormatError, UnknownAlgorithm) as error:
            raise FormatError(f"policy, line {number}: {error}") from error
    return reading.finish()


def _lines(data: bytes) -> list[tuple[int, list[str]]]:
    if len(data) > POLICY_LIMIT_BYTES:
        raise LimitExceeded(f"a policy of more than {POLICY_LIMIT_BYTES} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise FormatError(f"policy: byte {error.start} is not UTF-8") from error
    if not text.endswith("\n"):
        raise FormatError("policy: the last line does not end")
    if any(
        (letter < " " and letter not in "\t\n") or letter == "\x7f" for letter in text
    ):
        raise FormatError("policy: holds a control character")
    found = []
    for number, line in enumerate(text[:-1].split("\n"), start=1):
        words = [word for word in line.replace("\t", " ").split(" ") if word]
        if words and not words[0].startswith("#"):
            found.append((number, words))
    return found


class _Reading:
    """What the lines so far have said."""

    def __init__(self) -> None:
        self.log_vkey: VerifierKey | None = None
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, int] = {}
        self.quorum: int | None = None

    def take(self, words: list[str]) -> None:
        """Take in one line."""
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                if self.log_vkey is not None:
                    raise FormatError("names a second log; one is trusted by a folder")
                self.log_vkey = _parse_key(vkey, ED25519)
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                self._take_witness(name, _parse_key(vkey, COSIGNATURE))
            case ["group", name, threshold, *members]:
                self._demand_new(name)
                self.groups[name] = self._threshold(threshold, members)
            case ["quorum", name]:
                if self.quorum is not None:
                    raise FormatError("names a second quorum")
                self.quorum = self._resolve(name)
            case _:
                raise FormatError(f"not a line of a policy: {' '.join(words)[:80]!r}")

    def finish(self) -> Policy:
        """Say what the whole file means."""
        if self.log_vkey is None:
            raise FormatError("policy: names no log")
        if self.quorum is None:
            raise FormatError("policy: names no quorum")
        return Policy(
            log_vkey=self.log_vkey,
            witnesses=tuple(self.witnesses.items()),
            quorum=self.quorum,
        )

    def _take_witness(self, name: str, key: VerifierKey) -> None:
        self._demand_new(name)
        if self.groups:
            raise FormatError("a witness behind a group; a group holds all of them")
        if key.public_key in (known.public_key for known in self.witnesses.values()):
            raise FormatError("names the key of a witness twice")
        self.witnesses[name] = key

    def _demand_new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise FormatError(f"the name {name[:40]!r} is taken")

    def _threshold(self, text: str, members: list[str]) -> int:
        if len(set(members)) != len(members) or set(members) != set(self.witnesses):
            raise FormatError("a group that is not all witnesses, each once")
        words = {"any": 1, "all": len(members)}
        numbers = {str(count): count for count in range(1, len(members) + 1)}
        threshold = {**words, **numbers}.get(text) if members else None
        if threshold is None:
            raise FormatError(f"a group of {len(members)} with threshold {text[:20]!r}")
        return threshold

    def _resolve(self, name: str) -> int:
        if name == NONE:
            return 0
        if name in self.groups:
            return self.groups[name]
        if [name] == list(self.witnesses):
            return 1
        raise FormatError(f"the quorum {name[:40]!r} is neither none nor all witnesses")


def _parse_key(text: str, algorithm: int) -> VerifierKey:
    key = parse_vkey(text)
    if key.algorithm != algorithm:
        raise FormatError(f"a key of type {key.algorithm:02x}, not {algorithm:02x}")
    return key
