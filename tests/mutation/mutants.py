"""The small changes that mutmut makes to a module, named as it names them.

Only mutmut's changes and their names are used, not its way of running tests: it would
run every test that enters the changed function, and there are hundreds of them.
"""

import ast
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import (
    Mutation,
    create_mutations,
    deep_replace,
    group_by_top_level_node,
)
from mutmut.mutation.trampoline_templates import mangle_function_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one function; `name` is the one that mutmut gives it."""

    name: str
    path: Path
    module: str
    owner: str | None
    """The class of a method."""
    function: str
    lines: range
    """Of the changed statement: a test that reaches none of them cannot notice."""
    tree: cst.Module
    mutation: Mutation

    def source(self) -> str:
        """The whole module, changed; takes some 40 ms."""
        replaced = deep_replace(
            self.tree, self.mutation.original_node, self.mutation.mutated_node
        )
        if not isinstance(replaced, cst.Module):
            raise AssertionError("a module with one node changed is a module")
        code: str = replaced.code
        return code

    def change(self) -> str:
        """What is changed, in one line."""
        old, new = (
            " ".join(self.tree.code_for_node(node).split())
            for node in (self.mutation.original_node, self.mutation.mutated_node)
        )
        return f"{old} -> {new}"


def module_name(path: Path) -> str:
    """The dotted name of a module by its path from the root of the repository."""
    return ".".join(path.with_suffix("").parts)


def make_mutants(path: Path) -> list[Mutant]:
    """Every change of every function of a module, in the order of the text."""
    source = path.read_text(encoding="utf-8")
    module, mutations, _classes, _functions = create_mutations(str(path), source)
    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    statements = list(_statements(ast.parse(source)))
    owners = dict(_owners(module))
    made: list[Mutant] = []
    for function, changes in group_by_top_level_node(mutations).items():
        if not isinstance(function, cst.FunctionDef):
            continue
        owner, name = owners[function], function.name.value
        mangled = mangle_function_name(name=name, class_name=owner)
        made.extend(
            Mutant(
                name=f"{module_name(path)}.{mangled}__mutmut_{number}",
                path=path,
                module=module_name(path),
                owner=owner,
                function=name,
                lines=_around(statements, positions[mutation.original_node].start.line),
                tree=module,
                mutation=mutation,
            )
            for number, mutation in enumerate(changes, 1)
        )
    return made


def _owners(
    module: cst.Module,
) -> Iterator[tuple[cst.FunctionDef, str | None]]:
    for node in module.body:
        if isinstance(node, cst.FunctionDef):
            yield node, None
        elif isinstance(node, cst.ClassDef):
            for inner in node.body.body:
                if isinstance(inner, cst.FunctionDef):
                    yield inner, node.name.value


def _statements(tree: ast.Module) -> Iterator[range]:
    """The lines of each statement; of a compound one those of its head.

    Of a function all: its head is run once, before any test, and takes effect later.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            is_function = isinstance(node, ast.FunctionDef)
            inner = None if is_function else getattr(node, "body", None)
            end = inner[0].lineno - 1 if inner else node.end_lineno or node.lineno
            yield range(node.lineno, max(node.lineno, end) + 1)


def _around(statements: Iterable[range], line: int) -> range:
    """The lines of the smallest statement that holds this one."""
    holding = [lines for lines in statements if line in lines]
    return min(holding, key=len, default=range(line, line + 1))


def draw(
    by_module: Mapping[str, Sequence[Mutant]], *, count: int, seed: int
) -> list[Mutant]:
    """About `count` of all, dealt to the modules by their size, at least one of each.

    The same seed gives the same mutants of a module as long as that module stays as it
    is. They come in random order: the first part of them is a fair sample too.
    """
    total = sum(map(len, by_module.values()))
    drawn: list[Mutant] = []
    for module, mutants in sorted(by_module.items()):
        share = max(1, round(count * len(mutants) / total))
        order = random.Random(f"{seed} {module}")
        drawn += order.sample(mutants, min(share, len(mutants)))
    random.Random(seed).shuffle(drawn)
    return drawn
