"""Which module may import which third-party library, as data.

Another importer fails in `tests/test_architecture.py` until it stands here; so does a
line that nothing uses, and `tests/test_packaging.py` compares them with what is asked
for and pinned.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Who may import a third-party library; more than one module needs a reason."""

    modules: tuple[str, ...]
    reason: str = ""
    distribution: str = ""
    """What pip calls it, where that is another name."""


LIBRARIES = {
    "asn1crypto": Library(modules=("archive.attest.tokens.token",)),
    "babel": Library(modules=("web.wording.languages",)),
    "brotli": Library(modules=("archive.warc.codings",)),
    "click": Library(
        modules=(
            "archive.cli.corroborate",
            "archive.cli.cosign",
            "archive.cli.doctor",
            "archive.cli.exporting",
            "archive.cli.importing",
            "archive.cli.keys",
            "archive.cli.output",
            "archive.cli.logexport",
            "archive.cli.mirror",
            "archive.cli.reading",
            "archive.cli.receipt",
            "archive.cli.removing",
            "archive.cli.root",
            "archive.cli.secret",
            "archive.cli.signing",
            "archive.cli.trust",
            "archive.cli.witness",
            "archive.cli.several",
            "archive.cli.subverbs",
            "archive.cli.timestamp",
            "archive.cli.writing",
            "crawlers.cli",
            "crawlers.registry_cli",
            "crawlers.rounds",
            "crawlers.demo.command",
            "crawlers.output",
            "crawlers.watch_cli",
            "search.cli",
            "search.output.listed",
            "search.output.printing",
            "search.answering.saved",
            "search.search_cli",
            "search.report.changes_cli",
            "search.report.kinship_cli",
            "search.report.quote_cli",
            "search.report.report_cli",
            "search.report.comparing.showing",
            "web.cli",
        ),
        reason="the command line is click: each module with verbs declares its own",
    ),
    "cryptography": Library(
        modules=(
            "archive.attest.tokens.authority",
            "archive.attest.keys.keypem",
            "archive.attest.keys.signing",
            "archive.attest.packager",
            "archive.attest.tokens.revocation",
            "archive.attest.tokens.timestamp",
            "archive.attest.tokens.token",
            "crawlers.engine.tls",
        ),
        reason="signing, judging a peer's chain, and judging an authority's",
    ),
    "cssselect": Library(modules=("crawlers.sources.toml_table",)),
    "dns": Library(modules=("crawlers.engine.resolve",), distribution="dnspython"),
    "elasticsearch": Library(modules=("search.engines.elastic_engine",)),
    "fastwarc": Library(modules=("archive.warc.library",)),
    "feedparser": Library(modules=("crawlers.spiders.feed",)),
    "flask": Library(
        modules=(
            "web.app",
            "web.replay.reading",
            "web.replay.responses",
            "web.replay.viewing",
            "web.views.addresses",
            "web.views.answers",
            "web.views.api",
            "web.views.bundles",
            "web.views.captures",
            "web.views.cdx",
            "web.views.comparing",
            "web.views.linking",
            "web.views.faults",
            "web.views.mementos",
            "web.views.pages",
            "web.views.quoting",
            "web.views.searching",
            "web.views.sources",
            "web.views.twins",
            "web.views.verifying",
        ),
        reason="routes and responses are Flask: in `web` and nowhere else",
    ),
    "defusedxml": Library(
        modules=("search.extract.files.converter", "search.extract.files.office"),
        reason="XML within documents, and what a program makes of an old document",
    ),
    "htmldate": Library(modules=("search.extract.dates",)),
    "idna": Library(modules=("crawlers.engine.host",)),
    "isal": Library(
        modules=("archive.warc.member", "search.indexing.extracts"),
        reason="members of segments; what a rebuild reads again, of its own making",
    ),
    "jinja2": Library(modules=("web.wording.rendering",)),
    "lxml": Library(
        modules=(
            "crawlers.sources.signs",
            "search.extract.pages.html",
            "search.extract.pages.visible",
            "web.static_copy.frozen",
            "web.replay.parsing",
            "web.replay.tree",
        ),
        reason="trees for four ends: main text, all text, signs, and what may be shown",
    ),
    "nh3": Library(modules=("web.replay.clean",)),
    "numpy": Library(modules=("search.analysis.likeness",)),
    "parsel": Library(
        modules=(
            "crawlers.crawl.capturing.references",
            "crawlers.sources.signs",
            "crawlers.spiders.answer",
            "crawlers.spiders.channel",
            "crawlers.spiders.listing",
        ),
        reason="parts and signs of a page in both kinds of job; the source's lists",
    ),
    "PIL": Library(modules=("search.extract.previews.drawing",), distribution="pillow"),
    "pkcs11": Library(
        modules=("archive.attest.keys.pkcs11",), distribution="python-pkcs11"
    ),
    "playwright": Library(modules=("crawlers.browser.page",)),
    "py3langid": Library(modules=("search.extract.language",)),
    "pyrage": Library(modules=("archive.export.locked",)),
    "pypdfium2": Library(modules=("search.extract.files.pdf",)),
    "python_calamine": Library(
        modules=("search.extract.files.office",), distribution="python-calamine"
    ),
    "rapidfuzz": Library(modules=("search.report.comparing.sequences",)),
    "resiliparse": Library(modules=("search.extract.pages.alltext",)),
    "rfc3161_client": Library(
        modules=("archive.attest.tokens.timestamp",), distribution="rfc3161-client"
    ),
    "rich": Library(modules=("archive.cli.output",)),
    "scrapy": Library(
        modules=(
            "crawlers.crawl.seam.addon",
            "crawlers.crawl.seam.handler",
            "crawlers.crawl.seam.middleware",
            "crawlers.crawl.seam.refresh",
            "crawlers.crawl.seam.response",
            "crawlers.crawl.seam.robots",
            "crawlers.crawl.seam.scrapy_run",
            "crawlers.crawl.seam.services",
            "crawlers.spiders.answer",
            "crawlers.spiders.base",
            "crawlers.spiders.change",
            "crawlers.spiders.channel",
            "crawlers.spiders.files",
            "crawlers.spiders.following",
            "crawlers.spiders.listing",
            "crawlers.spiders.lists",
            "crawlers.spiders.room",
            "crawlers.spiders.second_profile",
            "crawlers.spiders.turns",
            "crawlers.spiders.sitemap",
        ),
        reason="a framework: the seam to it is crawl/ and spiders/, nothing else",
    ),
    "simplemma": Library(modules=("search.analysis.wordlists",)),
    "tantivy": Library(
        modules=("search.engines.tantivy_engine", "search.engines.tantivy_query"),
        reason="one opens, writes and asks; the other makes its queries of clauses",
    ),
    "tinycss2": Library(modules=("web.replay.styles",)),
    "trafilatura": Library(modules=("search.extract.pages.html",)),
    "twisted": Library(
        modules=("crawlers.crawl.seam.scrapy_run", "crawlers.spiders.base"),
        reason="what Scrapy runs in: its loop is ended, its failures are read",
    ),
    "w3lib": Library(modules=("crawlers.crawl.capturing.references",)),
    "waitress": Library(modules=("web.serving",)),
    "warcio": Library(modules=("archive.warc.library",)),
    "werkzeug": Library(
        modules=(
            "web.app",
            "web.static_copy.freeze",
            "web.replay.reading",
            "web.replay.responses",
            "web.replay.viewing",
            "web.views.addresses",
            "web.views.api",
            "web.views.bundles",
            "web.views.captures",
            "web.views.faults",
            "web.views.linking",
            "web.views.listing",
            "web.views.mementos",
            "web.views.pages",
            "web.views.quoting",
            "web.views.searching",
            "web.views.sources",
            "web.views.twins",
            "web.views.verifying",
        ),
        reason="Flask's own response and routing types",
    ),
    "zstandard": Library(modules=("archive.warc.codings",)),
}
NEEDED_UNSEEN = {"lxml-html-clean": "trafilatura imports it and does not require it"}
"""Dependencies that no module of ours imports, with the reason."""
BUILD_TOOLS = {"setuptools", "wheel"}
"""In the runtime lock, because the project is installed without build isolation."""
