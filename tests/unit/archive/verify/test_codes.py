"""Every code a finding can have is set off by a test and explained in the docs."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
NOTERS = {"failed", "not_checked", "raised", "_fail", "_finding"}
CODE = re.compile(r"[a-z]+(-[a-z]+)+|holds|more")


def codes() -> list[str]:
    """The codes in the calls that make findings."""
    found = set()
    for path in (ROOT / "archive" / "verify").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and len(node.args) > 1:
                name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                name = node.func.id if isinstance(node.func, ast.Name) else name
                code = node.args[1]
                if name in NOTERS and isinstance(code, ast.Constant):
                    found.add(str(code.value))
    return sorted(found)


def test_codes_have_one_form() -> None:
    assert len(codes()) > 30
    assert [code for code in codes() if not CODE.fullmatch(code)] == []


@pytest.fixture(scope="module")
def expectations() -> str:
    """The text of all tests, but for this one."""
    return "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path != Path(__file__)
    )


@pytest.mark.parametrize("code", codes())
def test_a_test_expects_the_code(code: str, expectations: str) -> None:
    form = rf'"([0-9]+ |\{{step\}} )?{code}( NOT CHECKED)?"'
    assert re.search(form, expectations) is not None, code


@pytest.mark.parametrize("code", codes())
def test_the_docs_explain_the_code(code: str) -> None:
    page = (ROOT / "docs" / "verification.md").read_text(encoding="utf-8")
    assert f"`{code}`" in page, code
