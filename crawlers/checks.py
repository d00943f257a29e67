"""What `doctor` looks at of this package: the browser, and the way to the network."""

from collections.abc import Iterator

from archive.doctor.finding import Finding, good, unsafe, weaker
from archive.doctor.machine import Machine
from archive.errors import SettingsError
from crawlers.browser.program import find_program
from crawlers.crawl.proxies import OTHERS, read_choice


def check_browser(machine: Machine) -> Iterator[Finding]:
    """A Chromium and its driver, as a capture of a page finds them."""
    try:
        program = find_program(machine.environ)
    except SettingsError as error:
        says, _, step = f"{error}".partition("; ")
        yield weaker(
            "browser",
            says,
            without="`evidence capture --page` and sources with parts = browser do not"
            " run; all else does",
            step=step or "install it again",
        )
        return
    yield good("browser", f"{program.path}")


def check_proxy(machine: Machine) -> Iterator[Finding]:
    """Whether anything stands between this machine and the sites; nobody is asked."""
    network = machine.settings.network
    if network.proxies is None:
        yield weaker(
            "proxy",
            "no proxy is set",
            without="every site, and whoever watches your line, sees the address of"
            " this machine",
            step="where that is a danger, [network] of the settings (docs/proxies.md)",
        )
        return
    try:
        mode = network.proxies.stat().st_mode
        if mode & OTHERS:
            yield unsafe(
                "proxy",
                f"others on this machine may read {network.proxies}",
                without="they see through whom you go, and take the passwords in it",
                step=f"chmod 600 {network.proxies}",
            )
        choice = read_choice(None, None, network)
    except (SettingsError, OSError) as error:
        yield weaker(
            "proxy",
            f"the proxies of the settings cannot be used ({error})",
            without="nothing reaches the network, and nothing goes past them",
            step="correct that file (docs/proxies.md)",
            is_needed=True,
        )
        return
    label = choice.default or "none is the usual one: name it with --proxy LABEL"
    yield good("proxy", f"{len(choice.proxies)} described; {label}")
