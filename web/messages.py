"""Messages: every word a reader sees, by symbolic id; `text_of` fills in values.

English now; other languages become further tables with the same ids. A test compares
the ids used in templates and code with those here, both ways. Stable codes are
put into words in `codes.py`, longer texts are in `prose.py`.
"""

from web.codes import CODES
from web.prose import PROSE

INTERFACE: dict[str, str] = {
    # frame of every page
    "site.archive-of": "Archive of {name}",
    "site.kind": "Archive",
    "site.skip": "Skip to content",
    "site.leave": "Leave quickly",
    "site.nav.label": "Main",
    "site.nav.captures": "Captures",
    "site.nav.sources": "Sources",
    "site.nav.claims": "What it proves",
    "site.nav.status": "Status",
    "site.nav.help": "Help",
    "site.foot.privacy": (
        "No cookies, no scripts, no accounts, no access log. Your words are in no "
        "address of these pages."
    ),
    "site.foot.claims": "What this archive proves, and what it does not",
    "time.utc": "UTC",
    # searching
    "search.label": "Search all captures",
    "search.short": "Search",
    "search.button": "Search",
    "search.hint": (
        "Any language and script; names are found across Cyrillic and Latin. Try"
    ),
    "search.hint.more": "How to search",
    "search.example.phrase": "election commission",
    "search.example.name": "Ціханоўская",
    "find.summary": "Look up an address, an id, a digest or a citation",
    "find.label": "Address, capture id, SHA-256 digest, or a citation with one in it",
    "find.button": "Look up",
    "home.title": "Search",
    "home.heading": "Election pages, kept exactly as received",
    "home.holds": "What is held",
    "home.proof": "Proof state of the archive",
    "home.proof.more": "Keys, checkpoint and every check",
    "home.new": "Newest captures",
    "home.new.all": "All captures, newest first",
    "home.empty": "Nothing was captured yet. The first capture will stand here.",
    "count.pages": "Pages captured",
    "count.captures": "Captures in all",
    "count.failures": "Failures kept as evidence",
    "count.sources": "Sources",
    "archive.swept": ("Whole archive checked by this server, {count} findings,"),
    "archive.sweep.running": "The check of the whole archive is still running.",
    "archive.sweep.stopped": "The check of the whole archive could not be finished.",
    "archive.sweep.off": "This server does not check the whole archive.",
    "archive.checkpoint": "The log's newest checkpoint covers {size} entries.",
    "archive.no-checkpoint": "There is no checkpoint that can be read.",
    "archive.do-it-yourself": (
        "A server can lie: run evidence verify on your own copy."
    ),
    "trust.known": "Trust folder",
    "trust.unknown": "This server's trust folder knows nothing of this log.",
    # results
    "results.title": "Results",
    "results.none": "No capture has all these words.",
    "results.one": "1 document has all these words.",
    "results.many": "{total} documents have all these words.",
    "results.problem": "The query cannot be read.",
    "results.some-missing": "Some words missing",
    "results.some-missing.why": (
        "These have at least half of the words; the missing ones are struck out."
    ),
    "results.address": (
        "This address holds no words of yours. It works for two hours and is kept in "
        "this server's memory only."
    ),
    "hit.captured": "Captured",
    "hit.captures.one": "1 capture",
    "hit.captures.many": "{count} captures",
    "hit.missing": "Without:",
    "expired.title": "This search is no longer known",
    "expired.why": (
        "Searches are kept for two hours in memory and nowhere else. Please search "
        "again."
    ),
    "unavailable.title": "There is no index to search",
    "unavailable.why": "Whoever runs this archive makes one with",
    "unknown.title": "Not in this archive",
    "unknown.why": (
        "What you entered is not an address, id or digest of a capture shown here."
    ),
    # lists
    "list.untitled": "Without a title",
    "captures.title": "Captures",
    "captures.why": (
        "{total} page captures, newest first. Their parts (style sheets, images, "
        "fonts) are listed on each record page."
    ),
    "sources.title": "Sources",
    "sources.why": (
        "What is watched, and what came of it. Failures are captures too: each is "
        "signed and kept."
    ),
    "sources.name": "Source",
    "sources.newest": "Newest capture",
    "sources.by-hand": "Captured by hand",
    "source.title": "Source",
    "source.why": "{pages} page captures, newest first; {failures} attempts failed.",
    "address.title": "Captures of one address",
    "address.why": (
        "Every attempt to fetch this address from here, failures included, newest "
        "first. A day without a line is a day without an attempt. Times are UTC."
    ),
    "address.time": "Time",
    "address.answer": "Answer",
    "address.change": "Compared with the capture before",
    "address.payload": "Digest of the body",
    "change.first": "first body",
    "change.same": "same bytes",
    "change.changed": "changed",
    "change.none": "nothing to compare",
    "pager.label": "Pages",
    "pager.before": "Back",
    "pager.after": "Next",
    "pager.place": "{number} of {pages}",
    "out.title": "Leaving the archive",
    "out.why": (
        "The live site may have changed, and it will see your address. Nothing there "
        "is part of this archive."
    ),
    "out.go": "Open the live site",
    # one record
    "record.title": "Capture {id}",
    "record.failure": "Nothing was received",
    "record.live": "Live site (leaves the archive)",
    "record.all.one": "the only capture of this address",
    "record.all.many": "{count} captures of this address",
    "record.source": "Source",
    "record.meaning": "What this means",
    "record.captured": "Captured",
    "record.captured.why": "by our clock",
    "record.peer": "from {peer}",
    "record.tls": "TLS {verdict}",
    "record.says": "Page says",
    "record.says.nothing": "not read",
    "record.says.none": "this version does not read the dates pages claim",
    "record.says.why": "written by the publisher, not checked",
    "record.proven": "Proven",
    "record.proven.report": "see the receipt",
    "record.proven.why": "Entry {leaf} of the log,",
    "record.proven.size": "covered by the checkpoint of size {size}.",
    "record.proven.pending": "not yet covered by a checkpoint.",
    "neighbours.label": "Other captures of this address",
    "neighbours.earlier": "earlier",
    "neighbours.later": "later",
    "neighbours.first": "no earlier capture",
    "neighbours.last": "no later capture",
    "neighbours.place": "{position} of {count}",
    "views.label": "Views of this capture",
    "views.page": "Page",
    "views.text": "Text",
    "views.cite": "Citation",
    "views.bytes": "Digests and bytes",
    "views.heads": "Headers",
    "views.records": "WARC records",
    "views.parts": "Parts ({count})",
    "view.note": "Archived copy: scripts removed, links inert. Not the live site.",
    "view.cleaner": "cleaner {version}",
    "view.gaps.one": "1 part missing",
    "view.gaps.many": "{count} parts missing",
    "view.frame": "Archived copy of the page",
    "view.no-response": (
        "No response was received, so there is no page to show. The attempt itself is "
        "the evidence: see headers and records below."
    ),
    "view.failed": (
        "A check FAILED, so the page is not rendered. The findings say which; the "
        "bytes can still be downloaded and examined."
    ),
    "receipt.title": "Receipt, from the verifier",
    "receipt.checked": "Checked by this server at",
    "receipt.lie": (
        "A server can lie: check your own copy with evidence verify capture."
    ),
    "receipt.required": "{count} required checks",
    "receipt.optional": "{count} more, which the policy does not require",
    "finding.number": "no. {step}",
    "finding.whether": "whether {title}:",
    "finding.step": "check {step}",
    "finding.optional": "not required",
    "cite.heading": "Citation",
    "cite.title": "Citation of {id}",
    "cite.why": (
        "Each is made from the capture and its checkpoint alone: whoever holds the "
        "same archive gets the same text, letter by letter."
    ),
    "cite.no-base": (
        "This server has no public address, so citations name the capture's id and "
        "digest and no link."
    ),
    "cite.method": "The request was {method}, not GET",
    "cite.nothing": "Nothing was received: {outcome}",
    "cite.status": "The server answered {status}",
    "cite.cut": "Not whole: {outcome}",
    "cite.test": "Test set-up: {override}",
    "cite.click": "One click selects all of it.",
    "cite.formats": "BibTeX, RIS, CSL-JSON, PWID",
    "cite.format.text": "Text",
    "cite.format.bibtex": "BibTeX",
    "cite.format.ris": "RIS",
    "cite.format.csl": "CSL-JSON",
    "cite.format.pwid": "PWID",
    "picture.heading": "As a browser showed it",
    "picture.why": (
        "Made by the archive's own browser from the captures listed below, and signed "
        "with them. What ran in the page at that moment shaped it."
    ),
    "picture.frame": "Picture of the whole page",
    "picture.view": "Picture",
    "picture.pdf": "Printed page",
    "picture.dom": "Document after its scripts ran",
    "picture.text": "Text as shown",
    "views.picture": "Picture",
    "bytes.heading": "Digests and original bytes",
    "bytes.short": "Short id",
    "bytes.where": "Lies in",
    "bytes.offset": "offset {offset}, {length}",
    "bytes.type": "Type, as the server said",
    "bytes.warning": (
        "Downloads are the bytes as received. Opening a page from disk can contact "
        "the live site: look at them in an editor, or offline."
    ),
    "bytes.body": "Body",
    "bytes.body.why": "as decoded, the file itself",
    "bytes.wire": "Response",
    "bytes.wire.why": "as on the wire, with its head",
    "bytes.slice": "Slice",
    "bytes.slice.why": "the signed WARC records; its SHA-256 is the id of this capture",
    "digest.slice": "Slice",
    "digest.block": "Response block",
    "digest.payload": "Body (payload)",
    "digest.page": "Page statement",
    "digest.main": "Main capture",
    "heads.heading": "Headers on the wire",
    "heads.request": "Request",
    "heads.response": "Response",
    "heads.none-sent": "Nothing was sent.",
    "heads.none-received": "Nothing was received.",
    "records.heading": "WARC records",
    "records.why": (
        "The {count} records of the slice, in order, with their header fields as "
        "written."
    ),
    "records.unread": "The records cannot be read; see the findings.",
    "records.member": "at {offset}, {length} compressed",
    "parts.heading": "Parts of the page",
    "parts.why": (
        "The signed list of what the page asked for. Missing parts stay gaps; none is "
        "taken from another time."
    ),
    "parts.kind": "Kind",
    "parts.address": "Address",
    "parts.time": "Captured",
    "parts.state": "State",
    "parts.same": "same page capture",
    "text.title": "Text of {id}",
    "text.back": "Record of this capture",
    "text.why": "Text taken from the archived bytes.",
    "text.by": "Extractor {extractor}",
    "text.language": "language {language}",
    "text.length": "{count} characters",
    "text.cut": "Only the beginning of this text is shown.",
    # status
    "status.title": "Status",
    "status.log": "Log and keys",
    "status.archive": "Archive",
    "status.origin": "Log origin",
    "status.operator-key": "Operator key",
    "status.log-key": "Log key",
    "status.entries": "Entries on disk",
    "status.checkpoint": "Checkpoint: size and root",
    "status.trust": "Trust folder of this server",
    "status.quorum": "asks for {witnesses} witnesses and {tokens} time stamps",
    "status.outcome": "Outcome",
    "status.means": "Meaning",
    "status.findings": "Findings of the last check of the whole archive",
}

MESSAGES: dict[str, str] = INTERFACE | CODES | PROSE
"""The whole English table."""


def text_of(name: str, /, **values: object) -> str:
    """The text of an id with its values filled in; an unknown id is our own fault."""
    text = MESSAGES.get(name)
    if text is None:
        raise AssertionError(f"no message {name}")
    return text.format(**values)
