"""The source of the four packages, read with `ast`: modules, imports, functions."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.support.rules.layers import PACKAGES

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One source file, parsed."""

    name: str
    path: Path
    tree: ast.Module
    lines: int
    imports: frozenset[str] = field(default_factory=frozenset)
    """Dotted names; `from a import b` counts as `a.b`."""

    @property
    def is_package(self) -> bool:
        """Whether this is the `__init__.py` of a folder."""
        return self.path.name == "__init__.py"


def imported_names(tree: ast.Module) -> Iterator[str]:
    """Every name imported anywhere in the module; type stubs aside."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def modules() -> tuple[Module, ...]:
    """All modules of the four packages."""
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            tree = ast.parse(source, filename=str(path))
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append(
                Module(
                    name=".".join(parts).removesuffix(".__init__"),
                    path=path,
                    tree=tree,
                    lines=len(source.splitlines()),
                    imports=frozenset(imported_names(tree)),
                )
            )
    return tuple(found)


def own_imports(module: Module) -> set[str]:
    """The modules of ours that a module imports."""
    names = {other.name for other in modules()}
    found = set()
    for imported in module.imports:
        if imported.split(".")[0] in PACKAGES:
            target = imported if imported in names else imported.rpartition(".")[0]
            assert target in names, f"{module.name} imports {imported}: no such module"
            found.add(target)
    return found


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function and method with the place where it stands."""
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{module.name}:{node.lineno} {node.name}", node


def used_names(module: Module) -> Iterator[tuple[int, str]]:
    """Dotted names as they are used: `datetime.now`, `os.urandom`, `print`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
