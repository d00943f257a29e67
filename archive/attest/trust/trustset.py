"""TrustSet: what a reader believes about one origin, and its form as a set of files.

Some things are said twice, for us and for the shell verifier (`policy` against
`quorum`, `log.*` and `witness*.*`); a difference is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from archive.attest.keys.signing import format_public_pem, load_p256, parse_public_pem
from archive.attest.trust.policy import Policy, format_policy, parse_policy
from archive.attest.values.keyid import key_id_of
from archive.errors import FormatError, UnknownKey
from archive.log.fields import MAX_DECIMAL, parse_decimal
from archive.log.note import VerifierKey

OPEN_END = MAX_DECIMAL
"""Written for an interval without an end; no log has so many leaves."""
_ED25519_PREFIX = bytes.fromhex("302a300506032b6570032100")
"""DER of a SubjectPublicKeyInfo up to the 32 bytes of an Ed25519 key (RFC 8410)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedOperator:
    """An operator key and the leaf indexes `[first_leaf, end_leaf)` it may sign."""

    spki_der: bytes
    first_leaf: int
    end_leaf: int = OPEN_END

    @property
    def key_id(self) -> str:
        """The key id."""
        return key_id_of(self.spki_der)

    @property
    def is_open(self) -> bool:
        """Whether it is still valid for what comes."""
        return bool(self.end_leaf >= MAX_DECIMAL)

    def covers(self, leaf: int) -> bool:
        """Whether the key was valid for that leaf index."""
        return self.first_leaf <= leaf < self.end_leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustSet:
    """All that a reader believes about one origin."""

    roots: tuple[bytes, ...]
    """SPKI DER of the keys that may sign `key` statements."""
    operators: tuple[TrustedOperator, ...]
    log_vkey: VerifierKey
    """Its name is the origin."""
    witnesses: tuple[tuple[str, VerifierKey], ...] = ()
    authorities: tuple[bytes, ...] = ()
    """Root certificates of time-stamp authorities, PEM, as they are on disk."""
    witness_quorum: int = 0
    token_quorum: int = 0

    @property
    def origin(self) -> str:
        """The origin of the log."""
        return self.log_vkey.name

    def get_operator(self, key_id: str) -> TrustedOperator:
        """The operator key of that id; UnknownKey if the reader knows none."""
        for operator in self.operators:
            if operator.key_id == key_id:
                return operator
        raise UnknownKey(f"no operator key {key_id} in the trust folder")

    def get_root(self, key_id: str) -> bytes:
        """The root key of that id as DER; UnknownKey if the reader knows none."""
        for spki_der in self.roots:
            if key_id_of(spki_der) == key_id:
                return spki_der
        raise UnknownKey(f"no root key {key_id} in the trust folder")


def format_trust(trust: TrustSet) -> dict[str, bytes]:
    """Write the files of an origin's folder."""
    policy = Policy(
        log_vkey=trust.log_vkey,
        witnesses=trust.witnesses,
        quorum=trust.witness_quorum,
    )
    lines = [
        f"{operator.key_id} {operator.first_leaf} {operator.end_leaf}\n"
        for operator in trust.operators
    ]
    files = {
        "policy": format_policy(policy),
        "operators": "".join(lines).encode(),
        "quorum": f"{trust.witness_quorum} {trust.token_quorum}\n".encode(),
        **_format_note_key("log", trust.log_vkey),
    }
    for spki_der in trust.roots:
        files[f"root-{key_id_of(spki_der)}.pem"] = format_public_pem(spki_der)
    for operator in trust.operators:
        files[f"operator-{operator.key_id}.pem"] = format_public_pem(operator.spki_der)
    for number, (_name, vkey) in enumerate(trust.witnesses, start=1):
        files |= _format_note_key(f"witness{number}", vkey)
    for number, pem in enumerate(trust.authorities, start=1):
        files[f"tsa{number}.pem"] = pem
    return files


def parse_trust(files: Mapping[str, bytes]) -> TrustSet:
    """Read the files of an origin's folder; what they say twice must be the same."""
    policy = parse_policy(_get(files, "policy"))
    witness_quorum, token_quorum = _parse_quorum(_get(files, "quorum"))
    if policy.quorum != witness_quorum:
        raise FormatError(
            f"policy asks for {policy.quorum} witnesses, quorum for {witness_quorum}"
        )
    trust = TrustSet(
        roots=tuple(
            _parse_key(files, name)
            for name in sorted(files)
            if name.startswith("root-")
        ),
        operators=_parse_operators(files),
        log_vkey=policy.log_vkey,
        witnesses=policy.witnesses,
        authorities=_number(files, "tsa"),
        witness_quorum=witness_quorum,
        token_quorum=token_quorum,
    )
    for name, data in format_trust(trust).items():
        if name != "policy" and _get(files, name) != data:
            raise FormatError(f"{name} differs from what the other files say")
    if surplus := files.keys() - format_trust(trust).keys():
        raise FormatError(f"{min(surplus)} belongs to nothing the other files name")
    if not trust.roots or not trust.operators:
        raise FormatError("names no root key or no operator key")
    return trust


def _get(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise FormatError(f"{name} is missing")
    return files[name]


def _format_note_key(stem: str, vkey: VerifierKey) -> dict[str, bytes]:
    if len(vkey.public_key) != 32:
        raise FormatError(f"the shell verifier knows Ed25519 only, not {vkey.name}")
    pem = format_public_pem(_ED25519_PREFIX + vkey.public_key)
    return {f"{stem}.name": f"{vkey.name}\n".encode(), f"{stem}.pem": pem}


def _parse_quorum(data: bytes) -> tuple[int, int]:
    words = _text(data).removesuffix("\n").split(" ")
    if len(words) != 2:
        raise FormatError("quorum is not two numbers on one line")
    return parse_decimal(words[0], FormatError), parse_decimal(words[1], FormatError)


def _parse_operators(files: Mapping[str, bytes]) -> tuple[TrustedOperator, ...]:
    operators: dict[str, TrustedOperator] = {}
    for line in _text(_get(files, "operators")).splitlines():
        words = line.split(" ")
        if len(words) != 3 or words[0] in operators:
            raise FormatError(f"operators: not `KEYID FROM TO` of a new key: {line!r}")
        operators[words[0]] = TrustedOperator(
            spki_der=_parse_key(files, f"operator-{words[0]}.pem"),
            first_leaf=parse_decimal(words[1], FormatError),
            end_leaf=parse_decimal(words[2], FormatError),
        )
    return tuple(operators.values())


def _parse_key(files: Mapping[str, bytes], name: str) -> bytes:
    spki_der = parse_public_pem(_get(files, name))
    load_p256(spki_der)
    return spki_der


def _number(files: Mapping[str, bytes], stem: str) -> tuple[bytes, ...]:
    """The contents of STEM1.pem, STEM2.pem and so on, without a gap."""
    found: list[bytes] = []
    while (name := f"{stem}{len(found) + 1}.pem") in files:
        found.append(files[name])
    return tuple(found)


def _text(data: bytes) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError as error:
        raise FormatError(f"byte {error.start} of a file is not ASCII") from error
