"""Starts the child process of a crawl, without collecting garbage while it imports.

What is imported stays till the end: looking through it again and again while it grows
took a tenth of the start (`child.main` turns collection on).
"""

import gc

if __name__ == "__main__":
    gc.disable()
    from crawlers.crawl.child import main

    main()
