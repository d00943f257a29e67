"""The seam between the engine and Scrapy's public API; one job from open to close.

`capture_job` captures a list in this process; `run` and `watch` start a child process
and tell it what to do (`order`). Each folder imports only those before it:

    jobs            what was promised, and how it ended
    capturing       one address into the archive, with its parts
    seam            what Scrapy is given
    children        inside the child process of crawls
"""
