"""O6: a static copy opens from disk and verifies with no server and no network."""

import os
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from tests.support.archives.archives import MadeArchive, make_archive, make_page
from tests.support.programs.command import Command

FORBIDDEN = ("script", "form", "iframe", "base", "object", "embed")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    found = make_archive(tmp_path_factory.mktemp("static"))
    found.fill(2)
    make_page(found)
    return found


@pytest.fixture(scope="module")
def copy(made: MadeArchive) -> Path:
    home = made.root.parent
    command = Command(home=home, archive=made.root, trust=made.trust_folder)
    target = home / "copy"
    done = command.run("export", "static", str(target))
    assert done.returncode == 0, done.stderr
    assert "index.html" in done.stdout
    return target


def pages(copy: Path) -> Iterator[tuple[Path, Any]]:
    for path in sorted(copy.rglob("*.html")):
        yield path, lxml.html.fromstring(path.read_bytes())


def test_every_link_of_the_copy_leads_to_a_file_in_it(copy: Path) -> None:
    seen = 0
    for path, root in pages(copy):
        for element in root.iter("a", "link", "img"):
            address = element.get("href") or element.get("src") or "#"
            if address.startswith(("#", "data:")):
                continue
            assert "://" not in address, (path, address)
            assert (path.parent / address.partition("#")[0]).is_file(), (path, address)
            seen += 1
    assert seen > 100


def test_the_copy_holds_nothing_that_needs_a_server(copy: Path) -> None:
    names = {path.relative_to(copy).as_posix() for path, _ in pages(copy)}
    assert {"index.html", "captures/index.html", "claims/index.html"} <= names
    assert any(re.fullmatch(r"replay/v/[a-z2-7]{26}/index.html", n) for n in names)
    assert any(re.fullmatch(r"u/[a-z2-7]{26}/index.html", n) for n in names)
    for path, root in pages(copy):
        assert [one.tag for one in root.iter(*FORBIDDEN)] == [], path
        policy = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert len(policy) == 1, path
        assert policy[0].startswith("default-src 'none'")


def test_the_copy_says_that_it_has_no_search(copy: Path) -> None:
    assert "has no search" in (copy / "index.html").read_text()


def test_both_header_sets_are_there_for_a_server(copy: Path) -> None:
    assert "sandbox" in (copy / "server" / "replay.nginx.conf").read_text()
    assert "access_log off" in (copy / "server" / "pages.nginx.conf").read_text()


def test_a_folder_that_is_there_is_refused(made: MadeArchive, copy: Path) -> None:
    home = made.root.parent
    command = Command(home=home, archive=made.root, trust=made.trust_folder)
    done = command.run("export", "static", str(copy))
    assert done.returncode == 6
    assert "there already" in done.stderr


def test_O6_a_bundle_of_the_copy_verifies_without_us(
    copy: Path,
    made: MadeArchive,
    tmp_path: Path,
    require_program: Callable[[str], Path],
) -> None:
    require_program("openssl")
    bundles = sorted(copy.glob("c/*/bundle.zip"))
    assert bundles
    with zipfile.ZipFile(bundles[0]) as packed:
        packed.extractall(tmp_path)
    (script,) = tmp_path.rglob("verify.sh")
    trust = next(one for one in made.trust_folder.iterdir() if one.is_dir())
    done = subprocess.run(
        ["sh", str(script), ".", str(trust)],
        cwd=script.parent,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_O6_the_copy_opens_from_disk_in_a_browser(
    copy: Path, require_program: Callable[[str], Path]
) -> None:
    from playwright.sync_api import sync_playwright

    program = require_program("chromium")
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(program), args=["--no-sandbox"]
        )
        page = browser.new_page(java_script_enabled=False)
        page.on("request", lambda one: asked.append(one.url))
        page.goto((copy / "index.html").as_uri())
        assert "rgb" in page.locator("header").first.evaluate(
            "one => getComputedStyle(one).backgroundColor"
        )
        page.click("a[href='captures/index.html']")
        page.click("main a[href*='/c/']")
        assert "VERIFIED" in page.content()
        page.click(".frame-link a")
        assert "replay/v/" in page.url
        assert "http://a.example/" in page.inner_text("body")
        browser.close()
    assert asked
    assert all(one.startswith(("file:", "data:")) for one in asked), asked
