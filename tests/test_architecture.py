"""The rules of the house, read from the source with `ast`: imports, sizes, packaging.

Everything that is allowed stands as data at the top of this file. A new module, arrow
or library fails here until it is declared; a declaration that nothing uses fails too.
"""

import ast
import configparser
import fnmatch
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("archive", "crawlers", "search", "web")

PACKAGE_ARROWS = {
    "archive": (),
    "crawlers": ("archive",),
    "search": ("archive",),
    "web": ("archive", "search"),
}
"""Which package may import which others."""

Layer = tuple[tuple[str, ...], ...]
"""Units beside each other; a unit is a few module prefixes that belong together."""

LAYERS: dict[str, tuple[Layer, ...]] = {
    "archive": (
        (
            (
                "archive.capture",
                "archive.capture_class",
                "archive.child",
                "archive.claim",
                "archive.digest",
                "archive.errors",
                "archive.files",
                "archive.instant",
                "archive.locks",
                "archive.randomness",
                "archive.settings",
                "archive.transport",
                "archive.version",
                "archive.zipped",
            ),
        ),
        (("archive.warc",), ("archive.log",)),
        (("archive.attest",),),
        (("archive.store",),),
        (("archive.witness",), ("archive.stamping",)),
        (("archive.verify",),),
        (("archive.export",), ("archive.mirror",)),
        (("archive.cli",),),
    ),
    "crawlers": (
        (("crawlers.engine",), ("crawlers.sources",)),
        (("crawlers.crawl", "crawlers.spiders"),),
        (("crawlers.browser",),),
        (
            ("crawlers.output",),
            ("crawlers.demo",),
            (
                "crawlers.crawl.child",
                "crawlers.crawl.crew",
                "crawlers.crawl.start",
            ),
        ),
        (("crawlers.watching",),),
        (("crawlers.cli", "crawlers.watch_cli"),),
        (("crawlers.registry_cli",),),
    ),
    "search": (
        (
            ("search.captures", "search.items"),
            ("search.counting",),
            ("search.lines", "search.collecting"),
            ("search.analysis",),
            ("search.extract",),
        ),
        (("search.query",), ("search.passages",), ("search.engines.fields",)),
        (
            ("search.comparing", "search.reading"),
            ("search.document", "search.parts", "search.analysed"),
            ("search.kept",),
            ("search.generations",),
            ("search.textfiles",),
        ),
        (
            ("search.engines",),
            (
                "search.extracts",
                "search.forgetting",
                "search.intake",
            ),
        ),
        (
            ("search.highlight",),
            ("search.mentions",),
            ("search.opened",),
            ("search.index",),
            ("search.reconcile",),
        ),
        (("search.results",), ("search.tiers",), ("search.options",)),
        (
            ("search.showing",),
            ("search.output", "search.feed"),
            ("search.looked_for",),
            ("search.unknown",),
            ("search.quote",),
            ("search.answers",),
        ),
        (
            ("search.printing",),
            ("search.saved",),
            ("search.grouping",),
            ("search.alike",),
        ),
        (("search.service",), ("search.listed",)),
        (("search.asking",),),
        (("search.cli",),),
        (("search.report", "search.search_cli"),),
    ),
    "web": (
        (
            ("web.access",),
            ("web.charts",),
            ("web.coverage",),
            ("web.headers",),
            ("web.kept",),
            ("web.languages",),
            ("web.prose",),
            ("web.quotation",),
        ),
        (
            ("web.results",),
            ("web.messages",),
            ("web.prefix",),
            ("web.citation",),
            ("web.mementos",),
            ("web.schema",),
            ("web.frozen",),
        ),
        (
            ("web.cdx",),
            ("web.checking",),
            ("web.metadata",),
            ("web.services",),
            ("web.settings",),
        ),
        (
            ("web.replay",),
            ("web.overview",),
            ("web.sweep",),
            ("web.limits",),
            ("web.others",),
            ("web.slowness",),
            ("web.zones",),
        ),
        (("web.rendering",),),
        (("web.site",),),
        (("web.views",),),
        (("web.replay.reading",), ("web.wiring",)),
        (("web.replay.responses", "web.replay.viewing"),),
        (("web.app",),),
        (("web.serving",), ("web.freeze",)),
        (("web.cli",),),
    ),
}
"""Bottom first. A unit imports itself and lower layers, never its neighbours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Who may import a third-party library; more than one module needs a reason."""

    modules: tuple[str, ...]
    reason: str = ""
    distribution: str = ""
    """What pip calls it, where that is another name."""


LIBRARIES = {
    "asn1crypto": Library(modules=("archive.attest.token",)),
    "babel": Library(modules=("web.languages",)),
    "brotli": Library(modules=("archive.warc.codings",)),
    "click": Library(
        modules=(
            "archive.cli.corroborate",
            "archive.cli.cosign",
            "archive.cli.exporting",
            "archive.cli.importing",
            "archive.cli.keys",
            "archive.cli.output",
            "archive.cli.logexport",
            "archive.cli.mirror",
            "archive.cli.reading",
            "archive.cli.receipt",
            "archive.cli.removing",
            "archive.cli.root",
            "archive.cli.secret",
            "archive.cli.signing",
            "archive.cli.trust",
            "archive.cli.witness",
            "archive.cli.subverbs",
            "archive.cli.timestamp",
            "archive.cli.writing",
            "crawlers.cli",
            "crawlers.registry_cli",
            "crawlers.demo.command",
            "crawlers.output",
            "crawlers.watch_cli",
            "search.cli",
            "search.printing",
            "search.saved",
            "search.search_cli",
            "search.report.command",
            "search.report.kinship_command",
            "search.report.quote_cli",
            "search.report.report_command",
            "search.report.showing",
            "web.cli",
        ),
        reason="the command line is click: each module with verbs declares its own",
    ),
    "cryptography": Library(
        modules=(
            "archive.attest.authority",
            "archive.attest.keypem",
            "archive.attest.keys",
            "archive.attest.packager",
            "archive.attest.revocation",
            "archive.attest.timestamp",
            "archive.attest.token",
            "crawlers.engine.tls",
        ),
        reason="signing, judging a peer's chain, and judging an authority's",
    ),
    "cssselect": Library(modules=("crawlers.sources.toml_table",)),
    "dns": Library(modules=("crawlers.engine.resolve",), distribution="dnspython"),
    "elasticsearch": Library(modules=("search.engines.elastic_engine",)),
    "fastwarc": Library(modules=("archive.warc.library",)),
    "feedparser": Library(modules=("crawlers.spiders.feed",)),
    "flask": Library(
        modules=(
            "web.app",
            "web.replay.reading",
            "web.replay.responses",
            "web.replay.viewing",
            "web.views.addresses",
            "web.views.answers",
            "web.views.api",
            "web.views.bundles",
            "web.views.captures",
            "web.views.cdx",
            "web.views.comparing",
            "web.views.linking",
            "web.views.faults",
            "web.views.mementos",
            "web.views.pages",
            "web.views.quoting",
            "web.views.searching",
            "web.views.sources",
            "web.views.twins",
            "web.views.verifying",
        ),
        reason="routes and responses are Flask: in `web` and nowhere else",
    ),
    "defusedxml": Library(modules=("search.extract.office",)),
    "htmldate": Library(modules=("search.extract.dates",)),
    "idna": Library(modules=("crawlers.engine.host",)),
    "isal": Library(modules=("archive.warc.member",)),
    "jinja2": Library(modules=("web.rendering",)),
    "lxml": Library(
        modules=(
            "crawlers.sources.signs",
            "search.extract.html",
            "search.extract.visible",
            "web.frozen",
            "web.replay.parsing",
            "web.replay.tree",
        ),
        reason="trees for four ends: main text, all text, signs, and what may be shown",
    ),
    "nh3": Library(modules=("web.replay.clean",)),
    "parsel": Library(
        modules=(
            "crawlers.crawl.references",
            "crawlers.sources.signs",
            "crawlers.spiders.answer",
            "crawlers.spiders.channel",
            "crawlers.spiders.listing",
        ),
        reason="parts and signs of a page in both kinds of job; the source's lists",
    ),
    "PIL": Library(modules=("search.extract.drawing",), distribution="pillow"),
    "pkcs11": Library(modules=("archive.attest.pkcs11",), distribution="python-pkcs11"),
    "playwright": Library(modules=("crawlers.browser.page",)),
    "py3langid": Library(modules=("search.extract.language",)),
    "pyrage": Library(modules=("archive.export.locked",)),
    "pypdfium2": Library(modules=("search.extract.pdf",)),
    "python_calamine": Library(
        modules=("search.extract.office",), distribution="python-calamine"
    ),
    "rapidfuzz": Library(modules=("search.report.sequences",)),
    "resiliparse": Library(modules=("search.extract.alltext",)),
    "rfc3161_client": Library(
        modules=("archive.attest.timestamp",), distribution="rfc3161-client"
    ),
    "rich": Library(modules=("archive.cli.output",)),
    "scrapy": Library(
        modules=(
            "crawlers.crawl.addon",
            "crawlers.crawl.handler",
            "crawlers.crawl.middleware",
            "crawlers.crawl.refresh",
            "crawlers.crawl.response",
            "crawlers.crawl.robots",
            "crawlers.crawl.scrapy_run",
            "crawlers.crawl.services",
            "crawlers.spiders.answer",
            "crawlers.spiders.base",
            "crawlers.spiders.change",
            "crawlers.spiders.channel",
            "crawlers.spiders.files",
            "crawlers.spiders.following",
            "crawlers.spiders.listing",
            "crawlers.spiders.lists",
            "crawlers.spiders.second",
            "crawlers.spiders.turns",
            "crawlers.spiders.sitemap",
        ),
        reason="a framework: the seam to it is crawl/ and spiders/, nothing else",
    ),
    "simplemma": Library(modules=("search.analysis.wordlists",)),
    "tantivy": Library(modules=("search.engines.tantivy_engine",)),
    "tinycss2": Library(modules=("web.replay.styles",)),
    "trafilatura": Library(modules=("search.extract.html",)),
    "twisted": Library(
        modules=("crawlers.crawl.scrapy_run", "crawlers.spiders.base"),
        reason="what Scrapy runs in: its loop is ended, its failures are read",
    ),
    "w3lib": Library(modules=("crawlers.crawl.references",)),
    "waitress": Library(modules=("web.serving",)),
    "warcio": Library(modules=("archive.warc.library",)),
    "werkzeug": Library(
        modules=(
            "web.app",
            "web.freeze",
            "web.replay.reading",
            "web.replay.responses",
            "web.replay.viewing",
            "web.views.addresses",
            "web.views.api",
            "web.views.bundles",
            "web.views.captures",
            "web.views.faults",
            "web.views.linking",
            "web.views.listing",
            "web.views.mementos",
            "web.views.pages",
            "web.views.quoting",
            "web.views.searching",
            "web.views.sources",
            "web.views.twins",
            "web.views.verifying",
        ),
        reason="Flask's own response and routing types",
    ),
    "zstandard": Library(modules=("archive.warc.codings",)),
}
NEEDED_UNSEEN = {"lxml-html-clean": "trafilatura imports it and does not require it"}
"""Dependencies that no module of ours imports, with the reason."""
BUILD_TOOLS = {"setuptools", "wheel"}
"""In the runtime lock, because the project is installed without build isolation."""

ENTRY_POINTS = ("archive.cli.root",)
"""The only modules that read clock and randomness; all others are given them."""
ENVIRONMENT_READERS = ("archive.cli.root", "crawlers.crawl.child", "crawlers.crawl.run")
"""Entry points of processes: the command, the crawl's child, and who starts it."""
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


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function and method with the place where it stands."""
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{module.name}:{node.lineno} {node.name}", node


def test_no_module_is_over_the_hard_limit() -> None:
    long = {m.name: m.lines for m in modules() if m.lines > MODULE_LINES}
    assert long == {}


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


def used_names(module: Module) -> Iterator[tuple[int, str]]:
    """Dotted names as they are used: `datetime.now`, `os.urandom`, `print`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id


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


# Packaging


def setup_cfg() -> configparser.ConfigParser:
    """The package lists."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def pyproject() -> dict[str, dict[str, object]]:
    """Everything else."""
    table: dict[str, dict[str, object]] = tomllib.loads(
        (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    )
    return table


def test_setup_cfg_lists_exactly_the_folders_with_python_files() -> None:
    listed = setup_cfg()["options"]["packages"].split()
    folders = {
        ".".join(module.path.parent.relative_to(ROOT).parts) for module in modules()
    }
    assert sorted(listed) == sorted(folders)
    assert len(listed) == len(set(listed))


def test_setup_cfg_holds_only_package_lists_and_data() -> None:
    parser = setup_cfg()
    assert set(parser.sections()) == {"options", "options.package_data"}
    assert set(parser["options"]) == {"packages", "include_package_data"}


def test_every_folder_of_a_package_is_a_package() -> None:
    folders = {module.path.parent for module in modules()}
    inits = {module.path.parent for module in modules() if module.is_package}
    assert folders == inits


def covered(pattern: str, path: str) -> bool:
    """Whether a glob of package data covers a path: `*` stays inside a folder."""
    globs, names = pattern.split("/"), path.split("/")
    return len(globs) == len(names) and all(
        fnmatch.fnmatchcase(name, glob) for name, glob in zip(names, globs, strict=True)
    )


def data_patterns() -> list[str]:
    """Patterns of package data, from the root of the repository."""
    return [
        f"{package.replace('.', '/')}/{pattern}"
        for package, patterns in setup_cfg()["options.package_data"].items()
        for pattern in patterns.split()
    ]


def data_files() -> list[str]:
    """All files of the packages that are not Python."""
    return sorted(
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    )


def test_every_data_file_goes_into_the_wheel() -> None:
    forgotten = [
        path
        for path in data_files()
        if not any(covered(pattern, path) for pattern in data_patterns())
    ]
    assert forgotten == []


def test_every_data_pattern_matches_a_file() -> None:
    empty = [
        pattern
        for pattern in data_patterns()
        if not any(covered(pattern, path) for path in data_files())
    ]
    assert empty == []


def normal(name: str) -> str:
    """The form in which pip compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def plain_names(listed: object) -> set[str]:
    """Names of a list in pyproject.toml, without bounds and extras."""
    assert isinstance(listed, list)
    return {normal(re.split(r"[\[<>=~! ]", entry)[0]) for entry in listed}


def dependencies() -> set[str]:
    """What every installation has."""
    return plain_names(pyproject()["project"]["dependencies"])


def extras() -> dict[str, set[str]]:
    """What an installation may have, by the name of the extra."""
    listed = pyproject()["project"]["optional-dependencies"]
    assert isinstance(listed, dict)
    return {name: plain_names(names) for name, names in listed.items()}


def test_dependencies_are_exactly_the_imported_libraries() -> None:
    imported = {
        normal(library.distribution or name) for name, library in LIBRARIES.items()
    }
    assert dependencies().union(*extras().values()) == imported | set(NEEDED_UNSEEN)
    assert dependencies().isdisjoint(set().union(*extras().values()))


def requirement_lines(name: str) -> list[str]:
    """Logical lines of a requirement file: continuations joined, comments dropped."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    lines = text.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def in_file_names(name: str) -> set[str]:
    """The names asked for in a `.in` file."""
    return {
        normal(re.split(r"[\[<>=~! ]", line)[0])
        for line in requirement_lines(name)
        if not line.startswith("-")
    }


@pytest.mark.parametrize(
    "name", ["runtime.txt", "browser.txt", "cluster.txt", "dev.txt"]
)
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    form = re.compile(
        r"[A-Za-z0-9._-]+(\[[a-z0-9,_-]+\])?==[A-Za-z0-9.+!]+"
        r"( ; [^#]+)?( +--hash=sha256:[0-9a-f]{64})+ *"
    )
    loose = [line[:80] for line in requirement_lines(name) if not form.fullmatch(line)]
    assert loose == []


@pytest.mark.parametrize(
    "name",
    [
        f"{name}.{end}"
        for name in ("runtime", "browser", "dev")
        for end in ("in", "txt")
    ],
)
@pytest.mark.parametrize("trace", ["://", " @ ", "--index", "--find-links", "--extra"])
def test_no_requirement_file_says_where_it_was_downloaded(
    name: str, trace: str
) -> None:
    assert trace not in (ROOT / "requirements" / name).read_text(encoding="utf-8")


def pinned(name: str) -> dict[str, str]:
    """Name and version of every line."""
    pairs = (line.split()[0].split("==") for line in requirement_lines(name))
    return {normal(package.split("[")[0]): version for package, version in pairs}


def test_every_dependency_is_asked_for_and_pinned() -> None:
    assert in_file_names("runtime.in") == dependencies() | BUILD_TOOLS
    assert in_file_names("runtime.in") <= set(pinned("runtime.txt"))
    assert in_file_names("dev.in") <= set(pinned("dev.txt"))


def test_every_extra_has_its_own_requirement_file() -> None:
    for name, wanted in extras().items():
        assert in_file_names(f"{name}.in") == wanted
        assert wanted <= set(pinned(f"{name}.txt"))


@pytest.mark.parametrize(
    "name", ["runtime.txt", "browser.txt", "cluster.txt", "pkcs11.txt"]
)
def test_development_pins_what_runs(name: str) -> None:
    runtime, development = pinned(name), pinned("dev.txt")
    assert {name: development.get(name) for name in runtime} == runtime
