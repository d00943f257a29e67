"""Good bundles for a reader who believes others."""

from collections.abc import Iterator
from dataclasses import replace

from archive.attest.keys.signing import Ed25519Signer, P256Signer
from archive.attest.trust.folder import TrustSet
from archive.attest.trust.trustset import TrustedOperator
from tests.support.archives.bundles import Witness, World
from tests.support.spoiling.case import Case


def other_trust(world: World) -> Iterator[Case]:
    trust = world.trust
    stranger = P256Signer.from_scalar(77_777)
    (operator,) = trust.operators
    log2 = Ed25519Signer.from_seed(b"\7" * 32, name=trust.origin)
    elsewhere = Ed25519Signer.from_seed(b"\7" * 32, name="another.example/log")
    variants: dict[str, tuple[TrustSet, bool]] = {
        "three witnesses asked": (_witnesses(trust, (1, 2, 3), 3), False),
        "one known witness": (_witnesses(trust, (1, 3), 2), False),
        "one known witness is enough": (_witnesses(trust, (1, 3), 1), True),
        "no known witness": (_witnesses(trust, (3,), 1), False),
        "one authority": (replace(trust, authorities=trust.authorities[:1]), False),
        "one authority is enough": (
            replace(trust, authorities=trust.authorities[1:], token_quorum=1),
            True,
        ),
        "foreign authorities": (
            replace(trust, authorities=(world.foreign.root,), token_quorum=1),
            False,
        ),
        "foreign authority besides": (
            replace(trust, authorities=(world.foreign.root, *trust.authorities)),
            True,
        ),
        "three authorities asked": (
            replace(
                trust,
                authorities=(*trust.authorities, world.foreign.root),
                token_quorum=3,
            ),
            False,
        ),
        "another operator": (
            replace(
                trust,
                operators=(TrustedOperator(spki_der=stranger.spki_der, first_leaf=0),),
            ),
            False,
        ),
        "operator besides another": (
            replace(
                trust,
                operators=(
                    TrustedOperator(spki_der=stranger.spki_der, first_leaf=0),
                    operator,
                ),
            ),
            True,
        ),
        "key not yet valid": (_interval(trust, 900, 999), False),
        "key no longer valid": (_interval(trust, 0, 1), False),
        "key valid for a while": (_interval(trust, 1, 900), True),
        "another log key": (replace(trust, log_vkey=log2.vkey), False),
        "another log": (replace(trust, log_vkey=elsewhere.vkey), False),
    }
    for name, (variant, good) in variants.items():
        for bundle in ("one", "bounded", "revisit", "chained"):
            folder = world.trust_folder(variant, name.replace(" ", "-"))
            yield Case(
                name=f"trust {name} {bundle}",
                files=world.bundles[bundle],
                trust=folder,
                # The lower bound of `bounded` is a token of the first authority.
                good=good and (bundle, name) != ("bounded", "one authority is enough"),
            )


def _witnesses(trust: TrustSet, numbers: tuple[int, ...], quorum: int) -> TrustSet:
    chosen = tuple((f"w{n}", Witness.make(n).vkey) for n in numbers)
    return replace(trust, witnesses=chosen, witness_quorum=quorum)


def _interval(trust: TrustSet, first: int, end: int) -> TrustSet:
    (operator,) = trust.operators
    return replace(
        trust, operators=(replace(operator, first_leaf=first, end_leaf=end),)
    )
