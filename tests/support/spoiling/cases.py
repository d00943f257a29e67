"""All cases, in families; some 1,100."""

from tests.support.archives.bundles import World
from tests.support.spoiling.case import Case
from tests.support.spoiling.files import (
    edited_sums,
    flipped_bits,
    forged_bits,
    good_bundles,
    removed_files,
    strange_files,
    swapped_files,
)
from tests.support.spoiling.papers import (
    edited_leaves,
    edited_proofs,
    edited_statements,
)
from tests.support.spoiling.tokens import bad_tokens, changed_certificates
from tests.support.spoiling.trust import other_trust


def all_cases(world: World) -> list[Case]:
    """Every case, in families; some 1,100."""
    cases: list[Case] = []
    for family in (
        good_bundles,
        removed_files,
        flipped_bits,
        forged_bits,
        bad_tokens,
        changed_certificates,
        swapped_files,
        other_trust,
        edited_proofs,
        edited_leaves,
        edited_statements,
        strange_files,
        edited_sums,
    ):
        cases += family(world)
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)
    return cases
