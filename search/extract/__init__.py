"""Hostile payload to text; every parser is bounded and runs in a worker process.

`worker` is the way in, `by_type` chooses what reads a payload, `result` is what comes
out. `pages` reads web pages, `files` all else; `children` holds the processes with
limits, and `previews` draws in such ones, too.
"""
