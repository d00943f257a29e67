"""Believe a time-stamp authority from now on: its root goes into a trust folder."""

from pathlib import Path

from archive.attest.tokens.authority import format_chain, parse_chain
from archive.attest.trust.folder import read_trust, trust_path
from archive.errors import FormatError, SettingsError, UnknownKey
from archive.files import Files


def enrol_authorities(
    folder: Path, origin: str, pems: list[bytes], *, quorum: int | None, files: Files
) -> tuple[int, int]:
    """Add root certificates for one log; give how many there are, and how many asked.

    Each file is written whole and what lies there is valid at each moment. UnknownKey:
    nothing is known about the log yet. `quorum` None leaves the number asked as it is.
    """
    trust = read_trust(folder, origin)
    if trust is None:
        raise UnknownKey(
            f"your trust folder knows nothing about {origin}; take its trust first"
        )
    roots = list(trust.authorities)
    keys = [parse_chain(pem)[0].public_key() for pem in roots]
    path = trust_path(folder, origin)
    for pem in pems:
        for certificate in parse_chain(pem):
            if certificate.issuer != certificate.subject:
                name = certificate.subject.rfc4514_string()
                raise FormatError(f"{name} is not a root; give the root it leads to")
            if certificate.public_key() in keys:
                continue
            keys.append(certificate.public_key())
            roots.append(format_chain([certificate]))
            files.replace(path / f"tsa{len(roots)}.pem", roots[-1])
    asked = trust.token_quorum if quorum is None else quorum
    if not 0 <= asked <= len(roots):
        raise SettingsError(
            f"{asked} time stamps cannot be asked of {len(roots)} authorities; "
            "enrol more, or give a smaller --quorum"
        )
    files.replace(path / "quorum", f"{trust.witness_quorum} {asked}\n".encode())
    return len(roots), asked
