"""What is installed: package lists and data, dependencies, pinned requirements."""

import configparser
import fnmatch
import re
import tomllib

import pytest

from tests.support.rules.layers import PACKAGES
from tests.support.rules.libraries import BUILD_TOOLS, LIBRARIES, NEEDED_UNSEEN
from tests.support.rules.sourcetree import ROOT, modules


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
