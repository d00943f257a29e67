"""The indexer beside a watch: a child that runs another verb by its name.

Nothing here knows what the verb does. It ends with the watch, also with one that was
killed: then the end of its input says so.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from archive.child import python_command, python_path
from archive.cli.root import CommandContext, main

MODULE = ("-m", "crawlers.beside")
VERB = ("index", "--follow")
END_SECONDS = 30.0
"""How long it may take to end behind what it has stored."""


@contextmanager
def index_beside(
    context: CommandContext, tell: Callable[[str], None]
) -> Iterator[subprocess.Popen[bytes]]:
    """Index what is captured, in a child; `tell` gets why it ended before us."""
    child = _start(context)
    ending = threading.Event()

    def look() -> None:
        code = child.wait()
        if not ending.is_set():
            tell(f"the indexer ended with exit code {code}; captures go on")

    watcher = threading.Thread(target=look, name="indexer")
    watcher.start()
    try:
        yield child
    finally:
        ending.set()
        child.terminate()
        watcher.join(END_SECONDS)
        if watcher.is_alive():
            child.kill()
        watcher.join()
        if child.stdin is not None:
            child.stdin.close()


def arguments_of(context: CommandContext) -> list[str]:
    """The command line that means the same archive, keys, trust and settings."""
    named = (
        ("--archive", context.archive),
        ("--keys", context.keys_folder),
        ("--trust", context.trust_folder),
        ("--settings", context.settings_file),
    )
    return [str(word) for pair in named if pair[1] is not None for word in pair]


def _start(context: CommandContext) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        python_command(*MODULE, *arguments_of(context), *VERB),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**context.environ, "PYTHONPATH": python_path()},
        process_group=0,  # Ctrl-C reaches it through us alone
    )


def _end_with_input() -> None:
    """Whoever started us is gone: stop as if told to."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_input, daemon=True).start()
    sys.argv[0] = "evidence"
    main()
