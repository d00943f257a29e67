"""Captured bytes to text, tokens, index and hits.

Imports `archive` only. Search engines and text extractors live here and nowhere else.
Each folder imports only those before it in this list:

    analysis, extract       text to tokens; hostile payload to text, in child processes
    rows                    SQLite beside the index (derived)
    query                   one language, one tree
    documents               what an engine is given
    engines                 the only modules that know one
    indexing                from the log to an index
    answering               from a query to hits of some archives
    output                  hits as lines, JSON, CSV, feeds
    report                  what needs the texts of several captures, and its verbs
"""
