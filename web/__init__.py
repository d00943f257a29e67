"""The pages people see: search, record, replay, citation.

Imports `search` and `archive`, never `crawlers`. Flask lives here and nowhere else.
"""
