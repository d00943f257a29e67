"""The first lines of the command: Ctrl-C while all else is imported is no accident."""

import sys

INTERRUPTED = 130
"""Exit code of whoever a signal stopped before his work began; 128 and SIGINT."""


def main() -> None:
    """Import the command and run it; exit 130 with one line where Ctrl-C came first."""
    try:
        from archive.cli.root import main as run
    except KeyboardInterrupt:
        sys.stderr.write("evidence: interrupted\n")
        sys.exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
