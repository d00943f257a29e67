import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from archive.errors import BadConsistencyProof, BadInclusionProof
from archive.log.merkle import (
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

pytestmark = pytest.mark.corpus

COUNTS = {
    "inclusion": 56,
    "consistency": 42,
    "subtreeinclusion": 86,
    "subtreeconsistency": 44,
}


def verify_case(kind: str, case: dict[str, Any]) -> None:
    proof = [b64decode(text) for text in case["proof"] or ()]
    roots = {
        key: b64decode(case[key] or "")
        for key in ("root", "root1", "root2", "leafHash")
        if key in case
    }
    if kind == "inclusion":
        verify_inclusion(
            leaf_hash=roots["leafHash"],
            index=case["leafIdx"],
            size=case["treeSize"],
            proof=proof,
            root=roots["root"],
        )
    elif kind == "subtreeinclusion":
        verify_subtree_inclusion(
            leaf_hash=roots["leafHash"],
            index=case["leafIdx"],
            subtree=(case["start"], case["end"]),
            proof=proof,
            root=roots["root"],
        )
    elif kind == "consistency":
        verify_consistency(
            old_size=case["size1"],
            new_size=case["size2"],
            old_root=roots["root1"],
            new_root=roots["root2"],
            proof=proof,
        )
    else:
        verify_subtree_consistency(
            subtree=(case["start"], case["end"]),
            size=case["size"],
            subtree_root=roots["root1"],
            root=roots["root2"],
            proof=proof,
        )


@pytest.mark.parametrize("kind", COUNTS)
def test_every_transparency_dev_vector_gets_its_verdict(
    tlog_corpus: Path, kind: str
) -> None:
    wrong = []
    paths = sorted((tlog_corpus / "merkle" / kind).rglob("*.json"))
    for path in paths:
        case = json.loads(path.read_text(encoding="utf-8"))
        try:
            verify_case(kind, case)
            refused = False
        except (BadInclusionProof, BadConsistencyProof):
            refused = True
        if refused != case["wantErr"]:
            wrong.append(path.name)
    assert wrong == []
    assert len(paths) == COUNTS[kind]
