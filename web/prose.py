"""Prose: the longer texts of the message table: claims, help.

The claim is quoted word for word; translations may stand beside it, never instead.
"""

from archive.claim import CLAIM, DOES_NOT_PROVE

LIMITS = tuple(str(number) for number, _ in enumerate(DOES_NOT_PROVE))
"""Ids of what is not proven, behind `proves-not.`."""
SYNTAX: tuple[tuple[str, str], ...] = (
    ("word word", "words"),
    ('"a b c"', "phrase"),
    ('"a b"~5', "near"),
    ("lukash*", "prefix"),
    ("name:Ермошина", "name"),
    ("one OR other", "or"),
    ("-word", "not"),
    ("source:ID  host:site.example  lang:be", "exact"),
    ("captured:2025-01-26", "captured"),
    ("captured:2025-01..2025-02", "range"),
)
"""Query examples of the help page, each with the id of its explanation."""

PROSE: dict[str, str] = {
    "claim.intro": "What each capture claims, word for word:",
    "claim.sentence": CLAIM,
    "claim.never": (
        "That is all. It does not show that the site published this to anyone else: "
        "TLS gives third parties no proof."
    ),
    "claim.more": "What it proves, and what it does not",
    "claim.heading": "The claim, for this capture",
    "claim.k": "Key K, operator",
    "claim.bytes": "These bytes, SHA-256 of the slice",
    "claim.address": "This address, IP and port",
    "claim.address.unknown": "not known: no connection was made, or it went by proxy",
    "claim.url": "This URL",
    "claim.t": "Time T",
    "claim.t.clock": "By the operator's own clock:",
    "claims.title": "What this archive proves",
    "claims.word.k": "Key K",
    "claims.word.k.means": (
        "The signing key of this archive's operator. It counts only if your own trust "
        "folder knows it; an archive cannot vouch for itself. One operator is one "
        "witness, whatever the number of its keys or vantage points."
    ),
    "claims.word.bytes": "These bytes",
    "claims.word.bytes.means": (
        "The slice: request, response and metadata as on the wire, recorded before "
        "anything was parsed. Its SHA-256 is the id of the capture, so nobody can put "
        "other bytes under the same id."
    ),
    "claims.word.address": "This address, this URL",
    "claims.word.address.means": (
        "The network address the connection went to, and the URL that was asked for. "
        "What others were served from there is unknown."
    ),
    "claims.word.t": "Time T",
    "claims.word.t.means": (
        "A time an independent authority put on the log. Without time stamps there is "
        "only the operator's own clock, and every report then opens with the words: "
        "one witness: the operator; no independent time. The time of capture, the date "
        "a page claims and the time a token proves are three things, never mixed."
    ),
    "claims.word.unchanged": "Unchanged since",
    "claims.word.unchanged.means": (
        "Each statement is an entry of an append-only log. Altering, removing or "
        "back-dating one changes the root that was signed and handed out."
    ),
    "claims.outcomes": "Three outcomes",
    "claims.outcome.verified": (
        "Every check that the policy requires was done, and held."
    ),
    "claims.outcome.failed": (
        "At least one check did not hold; the page is not rendered."
    ),
    "claims.outcome.not-checked": (
        "Something required is missing, pending, unread or unknown. It is not a pass."
    ),
    "claims.check": "Check it without this server",
    "claims.check.why": (
        "Copy the archive folder, put the operator's keys into your own trust folder, "
        "and run the verifier. It exits with 0 only if everything required is VERIFIED."
    ),
    "proves.title": "Proves",
    "proves.statement": "Key K made this statement.",
    "proves.bytes": "The bytes are unchanged since they were signed.",
    "proves.place": "The statement is the given entry of this operator's log.",
    "proves.order": (
        "It is bound to every entry before it: to change one of them, the operator "
        "would have to sign another log."
    ),
    "proves.nothing": (
        "Nothing, as long as a check FAILED or a required one is NOT CHECKED."
    ),
    "proves-not.title": "Does not prove",
    "help.title": "Help",
    "help.search": "Searching",
    "help.search.why": (
        "Words are found in any form and in any script. Two words mean both; results "
        "with some words missing follow under their own heading. Nothing you type is "
        "ever an error: what is not syntax is words."
    ),
    "help.written": "Written",
    "help.means": "Means",
    "help.syntax.words": "all of these words, in any form",
    "help.syntax.phrase": "these words in a row",
    "help.syntax.near": "within five other words, in either order",
    "help.syntax.prefix": "words beginning so; 3 to 15 letters",
    "help.syntax.name": "a name in any spelling, Cyrillic or Latin",
    "help.syntax.or": "either; OR in capitals",
    "help.syntax.not": "without this word",
    "help.syntax.exact": "of this source, host, language",
    "help.syntax.captured": "captured on this day, UTC; also a month or a year",
    "help.syntax.range": "captured from the first to the last of these",
    "help.record": "Reading a record",
    "help.record.times": (
        "Three lines, never one date: when we captured it by our own clock, what date "
        "the page gives itself, and what independent time proves."
    ),
    "help.record.receipt": (
        "The receipt is the verifier's report, printed as it is. Each line is one "
        "numbered check with its outcome and the specification it follows."
    ),
    "help.record.frame": (
        "The page in the frame is a cleaned, static copy: scripts are removed, links "
        "do nothing, and images, fonts and style sheets come from the same page "
        "capture only. What is missing is drawn as a hatched box. The bytes as "
        "received are below it, to download."
    ),
    "help.failures": "Failures are evidence",
    "help.failures.why": (
        "A name that does not resolve, a refused connection, a broken certificate, a "
        "reply cut short: each attempt is signed and kept like a page. It says that "
        "the page was not reachable from here at that time, no more."
    ),
    "help.privacy": "What this server knows of you",
    "help.privacy.why": (
        "There are no accounts, cookies or scripts, and no access log. Queries travel "
        "in the body of a request and stay in memory for two hours. Your browser's "
        "history keeps addresses of pages, which name no site and no words."
    ),
    "help.tools": "For programs",
    "help.tools.why": (
        "Record pages, addresses and the status have JSON twins under /api/v1; search "
        "is a POST of a JSON object with query, limit and offset to /api/v1/search."
    ),
} | {
    f"proves-not.{number}": f"{text[0].upper()}{text[1:]}."
    for number, text in enumerate(DOES_NOT_PROVE)
}
