"""From a URL to durable records: capture engine, Scrapy seam, sources, demo site.

Imports `archive` only. Scrapy lives here and nowhere else.
"""
