"""From a URL to durable records: capture engine, Scrapy seam, sources, demo site.

Imports `archive` only. Scrapy lives here and nowhere else. From the ground up:

    engine, sources         bytes on the wire; what is watched, as data
    crawl, spiders          one job from open to close; one way of following per file
    browser                 a page as a person saw it, over the same engine
    demo                    everything shown without a network
"""
