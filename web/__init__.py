"""The pages people see: search, record, replay, citation.

Imports `search` and `archive`, never `crawlers`. Flask lives here and nowhere else.

`app` makes two applications for two origins; `serving` runs them; `site` is what their
views share, made of `services`, which are handed in (`wiring` takes real ones).

    guards          what stands between a reader and every view
    views           one file per group of routes
    replay          archived content, on its own origin
    wording         templates and words in three languages
    citing          a capture, or words of it, to cite and to find again
    protocols       CDX, Memento, JSON Schema
    static_copy     the archive as plain files
"""
