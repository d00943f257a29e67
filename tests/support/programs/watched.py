"""A module run under an audit hook: every file and address it opens goes to a log.

python -m tests.support.programs.watched LOG MODULE
"""

import runpy
import sys
from typing import Any

EVENTS = frozenset({"open", "os.open", "urllib.Request", "ftplib.connect"})


def main() -> None:
    """Install the hook, then run the module as a program."""
    log_path, module = sys.argv[1:3]
    log = open(log_path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115, PTH123

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in EVENTS or event.startswith(("subprocess.", "os.exec")):
            log.write(f"{event} {arguments[:1]!r}\n")

    sys.addaudithook(watch)
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
