"""Starts the child process of a crawl, without collecting garbage while it imports.

What is imported stays till the end: looking through it again and again while it grows
took a tenth of the start (`child.main` turns collection on). Ctrl-C while it imports
ends it without a word: whoever started it says so.
"""

import gc
import sys

from archive.cli.start import INTERRUPTED

if __name__ == "__main__":
    gc.disable()
    try:
        from crawlers.crawl.children.child import main
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    main()
