"""The rules of the house, read from the source with `ast`: imports, sizes, names.

What may import what stands in `layers.py` and `libraries.py` of `tests/support`.
"""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.rules.layers import LAYERS, PACKAGE_ARROWS, PACKAGES
from tests.support.rules.libraries import LIBRARIES
from tests.support.rules.sourcetree import (
    ROOT,
    Module,
    functions,
    imported_names,
    modules,
    own_imports,
    used_names,
)

ENTRY_POINTS = ("archive.cli.root",)
"""The only modules that read clock and randomness; all others are given them."""
ENVIRONMENT_READERS = (
    "archive.cli.root",
    "crawlers.browser.child",
    "crawlers.crawl.children.child",
    "crawlers.crawl.process",
)
"""Entry points of processes: the command, the children, and who starts the crawl's."""
CLOCKS = {
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "date.today",
    "time.time",
    "time.time_ns",
}
CHANCES = {"os.urandom", "uuid.uuid1", "uuid.uuid4"}
CHANCE_MODULES = {"random", "secrets"}

MODULE_LINES = 400
FUNCTION_LINES = 50
PARAMETERS = 5


def unit_of(name: str) -> tuple[int, str]:
    """Layer number and first prefix of the unit that a module belongs to."""
    best: tuple[int, int, str] | None = None
    for number, layer in enumerate(LAYERS[name.split(".")[0]]):
        for unit in layer:
            for prefix in unit:
                if name == prefix or name.startswith(prefix + "."):
                    best = max(best or (0, 0, ""), (len(prefix), number, unit[0]))
    assert best is not None, f"{name} is in no layer: declare it in LAYERS"
    return best[1], best[2]


def test_packages_import_only_along_the_arrows() -> None:
    wrong = {
        f"{module.name} -> {target}"
        for module in modules()
        for target in own_imports(module)
        if target.split(".")[0] != module.name.split(".")[0]
        and target.split(".")[0] not in PACKAGE_ARROWS[module.name.split(".")[0]]
    }
    assert wrong == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_folders_import_only_lower_layers(package: str) -> None:
    wrong = []
    for module in modules():
        if module.name.split(".")[0] != package or module.name == package:
            continue
        layer, unit = unit_of(module.name)
        for target in own_imports(module):
            if target.split(".")[0] != package:
                continue
            other_layer, other_unit = unit_of(target)
            if unit != other_unit and other_layer >= layer:
                wrong.append(f"{module.name} -> {target}")
    assert wrong == []


def test_every_declared_layer_has_a_module() -> None:
    names = [module.name for module in modules()]
    unused = [
        prefix
        for layers in LAYERS.values()
        for layer in layers
        for unit in layer
        for prefix in unit
        if not any(name == prefix or name.startswith(prefix + ".") for name in names)
    ]
    assert unused == []


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {module.name: own_imports(module) for module in modules()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for target in graph[name]:
                visit(target, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


OWN = "|".join((*PACKAGES, "benchmarks", "tests"))
OWN_IMPORT = re.compile(rf"^[ \t]*(?:from|import) ((?:{OWN})\b[\w.]*)", re.M)


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_what_tests_and_benchmarks_import_of_ours_is_there(folder: str) -> None:
    imported = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in (ROOT / folder).rglob("*.py")
        for name in OWN_IMPORT.findall(path.read_text("utf-8"))
    }
    assert imported
    missing = [
        f"{path}: {name}"
        for path, name in sorted(imported)
        for target in [ROOT / name.replace(".", "/")]
        if not target.is_dir() and not target.with_suffix(".py").is_file()
    ]
    assert missing == []


def importers() -> dict[str, set[str]]:
    """Third-party top-level names and the modules that import them."""
    found: dict[str, set[str]] = {}
    for module in modules():
        for imported in module.imports:
            top = imported.split(".")[0]
            is_foreign = top not in PACKAGES and top not in sys.stdlib_module_names
            if is_foreign and top != "_typeshed":  # stubs: never there at run time
                found.setdefault(top, set()).add(module.name)
    return found


def test_each_library_is_imported_where_the_table_says_and_nowhere_else() -> None:
    declared = {name: set(library.modules) for name, library in LIBRARIES.items()}
    assert importers() == declared


def test_a_library_with_several_importers_has_a_reason() -> None:
    unexplained = [
        name
        for name, library in LIBRARIES.items()
        if len(library.modules) > 1 and not library.reason
    ]
    assert unexplained == []


def test_scrapy_stays_in_crawlers_and_flask_in_web() -> None:
    homes = {"scrapy": "crawlers", "twisted": "crawlers"}
    homes |= {"flask": "web", "werkzeug": "web", "jinja2": "web"}
    for name, home in homes.items():
        assert {module.split(".")[0] for module in LIBRARIES[name].modules} == {home}


def test_every_module_says_what_it_is_for() -> None:
    mute = [module.name for module in modules() if not ast.get_docstring(module.tree)]
    assert mute == []


def test_every_init_is_one_docstring() -> None:
    busy = [
        module.name
        for module in modules()
        if module.is_package and len(module.tree.body) != 1
    ]
    assert busy == []


def test_a_folder_names_its_folders() -> None:
    unnamed = []
    for module in modules():
        words = set(re.findall(r"\w+", ast.get_docstring(module.tree) or ""))
        folders = module.path.parent.glob("*/__init__.py") if module.is_package else ()
        names = {found.parent.name for found in folders}
        unnamed += [f"{module.name}: {name}" for name in sorted(names - words)]
    assert unnamed == []


def test_no_module_is_over_the_hard_limit() -> None:
    long = {m.name: m.lines for m in modules() if m.lines > MODULE_LINES}
    assert long == {}


def test_every_folder_with_python_files_is_checked_by_mypy() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    folders = {path.parent.name for path in ROOT.glob("*/*.py")}
    assert settings["strict"]
    assert sorted(settings["packages"]) == sorted(folders)


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_no_test_or_benchmark_is_over_the_hard_limit(folder: str) -> None:
    counted = {
        path.relative_to(ROOT).as_posix(): len(path.read_bytes().splitlines())
        for path in (ROOT / folder).rglob("*.py")
    }
    assert counted
    assert {name: n for name, n in counted.items() if n > MODULE_LINES} == {}


def test_no_function_is_over_the_hard_limit() -> None:
    long = {
        place: node.end_lineno - node.lineno + 1
        for place, node in functions()
        if node.end_lineno and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }
    assert long == {}


def is_command(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether click makes the arguments: one for each option of a verb."""
    return any("click." in ast.unparse(decorator) for decorator in node.decorator_list)


def test_no_function_takes_more_than_five_parameters() -> None:
    many = {}
    for place, node in functions():
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        names = [argument.arg for argument in given]
        count = len([name for name in names if name not in ("self", "cls")])
        if count > PARAMETERS and not is_command(node):
            many[place] = count
    assert many == {}


def test_nothing_that_verifies_answers_with_a_bool() -> None:
    bools = [
        place
        for place, node in functions()
        if node.name.startswith(("verify_", "check_"))
        and node.returns is not None
        and ast.unparse(node.returns) == "bool"
    ]
    assert bools == []


def test_no_trust_set_is_a_default() -> None:
    guesses = []
    for place, node in functions():
        given = [*node.args.posonlyargs, *node.args.args]
        with_default = given[len(given) - len(node.args.defaults) :]
        with_default += [
            argument
            for argument, default in zip(
                node.args.kwonlyargs, node.args.kw_defaults, strict=True
            )
            if default is not None
        ]
        guesses += [place for argument in with_default if argument.arg == "trust"]
    assert guesses == []


def uses_of(forbidden: set[str], allowed: tuple[str, ...]) -> list[str]:
    """Places that use one of the names outside the modules that may."""
    found = []
    for module in modules():
        if module.name in allowed:
            continue
        for line, name in used_names(module):
            if name in forbidden or name.removeprefix("datetime.") in forbidden:
                found.append(f"{module.name}:{line} {name}")
    return found


def test_only_entry_points_read_the_clock() -> None:
    assert uses_of(CLOCKS, ENTRY_POINTS) == []


def test_only_entry_points_are_random() -> None:
    assert uses_of(CHANCES, ENTRY_POINTS) == []
    importing = {
        module.name
        for module in modules()
        if CHANCE_MODULES & {name.split(".")[0] for name in module.imports}
    }
    assert importing <= set(ENTRY_POINTS)


def test_only_entry_points_read_the_environment() -> None:
    assert uses_of({"os.environ", "os.getenv"}, ENVIRONMENT_READERS) == []


def test_nothing_is_printed_past_click() -> None:
    assert uses_of({"print"}, ()) == []


def test_the_checks_above_see_what_they_forbid() -> None:
    tree = ast.parse("import datetime\nnow = datetime.datetime.now()\nprint(now)")
    bad = Module(name="web.bad", path=Path("bad.py"), tree=tree, lines=3)
    names = {name for _, name in used_names(bad)}
    assert "datetime.datetime.now" in names
    assert "print" in names
    assert set(imported_names(tree)) == {"datetime"}
