"""Which package, and which unit of a package, may import which others: as data.

A new module or arrow fails in `tests/test_architecture.py` until it stands here; a line
that nothing uses fails too.
"""

PACKAGES = ("archive", "crawlers", "search", "web")

PACKAGE_ARROWS = {
    "archive": (),
    "crawlers": ("archive",),
    "search": ("archive",),
    "web": ("archive", "search"),
}
"""Which package may import which others."""

Layer = tuple[tuple[str, ...], ...]
"""Units beside each other; a unit is a few module prefixes that belong together."""

LAYERS: dict[str, tuple[Layer, ...]] = {
    "archive": (
        (
            (
                "archive.capture",
                "archive.capture_class",
                "archive.child",
                "archive.claim",
                "archive.digest",
                "archive.errors",
                "archive.files",
                "archive.instant",
                "archive.lines",
                "archive.locks",
                "archive.randomness",
                "archive.settings",
                "archive.transport",
                "archive.version",
                "archive.zipped",
            ),
        ),
        (("archive.warc",), ("archive.log",)),
        (("archive.attest.values",),),
        (
            ("archive.attest.keys",),
            ("archive.attest.records",),
            ("archive.attest.statements",),
            ("archive.attest.tokens",),
        ),
        (("archive.attest.trust",),),
        (("archive.attest",),),
        (
            ("archive.store.drafts", "archive.store.tombstones"),
            ("archive.store.layout", "archive.store.places", "archive.store.texts"),
            ("archive.store.space",),
        ),
        (
            ("archive.store.segments",),
            ("archive.store.spool",),
            ("archive.store.waiting.files", "archive.store.waiting.reading"),
        ),
        (("archive.store.anchors",), ("archive.store.catalog",)),
        (("archive.store.ledger",), ("archive.store.reading",)),
        (
            ("archive.store.rebuild",),
            ("archive.store.recovery",),
            ("archive.store.removal",),
        ),
        (("archive.store.writing",),),
        (("archive.store",),),
        (("archive.witness",), ("archive.stamping",)),
        (
            ("archive.verify.looking",),
            ("archive.verify.notices",),
            ("archive.verify.reporting",),
        ),
        (("archive.verify.statements",),),
        (("archive.verify.log",), ("archive.verify.times",)),
        (("archive.verify.policy",), ("archive.verify.segments",)),
        (
            ("archive.verify.bundles",),
            ("archive.verify.captures",),
            ("archive.verify.whole",),
        ),
        (("archive.verify",),),
        (("archive.export",), ("archive.mirror",), ("archive.doctor",)),
        (("archive.cli",),),
    ),
    "crawlers": (
        (("crawlers.engine",), ("crawlers.sources",)),
        (("crawlers.crawl.jobs",), ("crawlers.crawl.stopping",)),
        (("crawlers.crawl.capturing",),),
        (("crawlers.crawl.seam", "crawlers.spiders"),),
        (("crawlers.crawl",),),
        (("crawlers.browser",),),
        (
            ("crawlers.output",),
            ("crawlers.ways",),
            ("crawlers.checks",),
            ("crawlers.demo",),
            ("crawlers.crawl.children",),
        ),
        (("crawlers.watching",), ("crawlers.beside",)),
        (("crawlers.rounds",),),
        (("crawlers.cli", "crawlers.watch_cli"),),
        (("crawlers.registry_cli",),),
    ),
    "search": (
        (("search.times",), ("search.collecting",)),
        (
            ("search.rows",),
            ("search.counting",),
            ("search.analysis",),
            ("search.extract",),
        ),
        (("search.query",), ("search.passages",), ("search.engines.fields",)),
        (("search.documents",), ("search.comparing", "search.reading")),
        (("search.engines",),),
        (("search.indexing",),),
        (("search.answering",),),
        (("search.output",), ("search.quote",)),
        (("search.cli",), ("search.checks",)),
        (("search.report.comparing",),),
        (("search.report.kinship",),),
        (("search.report.span",),),
        (("search.report", "search.search_cli"),),
    ),
    "web": (
        (
            ("web.access",),
            ("web.bounds",),
            ("web.citing",),
            ("web.coverage",),
            ("web.lru_cache",),
            ("web.protocols",),
            ("web.wording.languages",),
        ),
        (("web.results",), ("web.services",), ("web.settings",)),
        (
            ("web.guards",),
            ("web.others",),
            ("web.overview",),
            ("web.replay",),
            ("web.sweep",),
            ("web.zones",),
        ),
        (("web.wording",),),
        (("web.site",),),
        (("web.views",),),
        (("web.replay.reading",), ("web.wiring",)),
        (("web.replay.responses", "web.replay.viewing"),),
        (("web.app",),),
        (("web.serving",), ("web.static_copy",)),
        (("web.cli",),),
    ),
}
"""Bottom first. A unit imports itself and lower layers, never its neighbours."""
