"""Every certificate that travels with a token is one that another vouches for.

Certificates are not signed by the token; those that no path needs could be changed in
any bit and nobody would look. So each one, in the token or in the file beside it, must
stand in both places, be a trusted root, or bear a good signature of one at hand.
"""

from collections.abc import Sequence

from archive.attest.tokens.authority import format_chain, has_signed, parse_chain
from archive.attest.tokens.token import parse_token
from archive.errors import BadTimestamp, FormatError


def check_vouched(data: bytes, *, chain: bytes, roots: Sequence[bytes]) -> None:
    """BadTimestamp for a certificate that nobody vouches for, FormatError for PEM.

    `data`: a token; `chain` (PEM) lies beside it and may be empty; `roots` (PEM).
    """
    inside = parse_token(data).certificates
    beside = parse_chain(chain) if chain else ()
    if format_chain(beside) != chain:
        raise FormatError("the certificates beside the token are not in their one form")
    trusted = [found for root in roots for found in parse_chain(root)]
    for group, other in ((inside, beside), (beside, inside)):
        for found in group:
            if found in other or found in trusted:
                continue
            if not any(has_signed(one, found) for one in (*inside, *beside, *trusted)):
                name = found.subject.rfc4514_string()
                raise BadTimestamp(
                    f"nobody vouches for the certificate of {name} that came with the "
                    "token: it was changed, or its issuer is not at hand"
                )


def complete_chain(data: bytes, chain: bytes) -> bytes:
    """The same file of certificates, and behind them those only the token has."""
    beside = parse_chain(chain) if chain else ()
    inside = parse_token(data).certificates
    missing = [found for found in dict.fromkeys(inside) if found not in beside]
    return format_chain((*beside, *missing))
