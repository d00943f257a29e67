"""Codes: outcomes, gaps, banners and errors of the message table, in words."""

CODES: dict[str, str] = {
    # states, outcomes, gaps
    "state.answered": "answered {status}",
    "outcome.complete": "complete",
    "outcome.disconnect": "cut off by the server",
    "outcome.timeout": "time ran out",
    "outcome.length": "stopped at our size limit",
    "outcome.stopped": "stopped by us",
    "outcome.not-http": "the answer was not HTTP",
    "outcome.no-response": "connected, but no answer came",
    "outcome.dns": "the name could not be resolved",
    "outcome.refused": "the connection was refused",
    "outcome.tls": "no TLS connection could be made",
    "outcome.proxy": "the proxy failed",
    "outcome.tls-refused": "the certificate was refused",
    "outcome.policy": "our own address rules forbade it",
    "banner.failure": "Failure capture: not reachable from here.",
    "banner.failure.here": "Others may have reached it.",
    "banner.not-tried": "Not tried: no connection was made.",
    "banner.method": "Not what a visit shows: the request was no GET but",
    "banner.truncated": "Not whole: the bytes end early.",
    "banner.test-set-up": "Test set-up: the connection was led elsewhere on purpose.",
    "banner.tls-not-verified": "TLS not verified.",
    "banner.little-text": "Little text; the page may need a browser to fill it.",
    "gap.box": "missing part: {what}, {why}{detail}",
    "gap.kind.style": "style sheet",
    "gap.kind.image": "image",
    "gap.kind.icon": "icon",
    "gap.kind.font": "font",
    "gap.kind.media": "media",
    "gap.kind.frame": "frame",
    "gap.kind.object": "embedded object",
    "gap.kind.drawing": "drawing",
    "gap.kind.formula": "formula",
    "gap.kind.video": "video",
    "gap.kind.audio": "audio",
    "gap.reason.address": "no usable address",
    "gap.reason.not-listed": "not captured with this page",
    "gap.reason.failed": "failed",
    "gap.reason.status": "answered",
    "gap.reason.type": "of a type that is not shown",
    "gap.reason.cut": "not whole",
    "gap.reason.hidden": "not shown here",
    "gap.reason.not-shown": "not shown in replay",
    # replay origin
    "replay.no-response": "No response was received; there is nothing to show.",
    "replay.redirect": "The server answered with a redirect. It is not followed here:",
    "replay.too-large": "Too large to be shown. Its bytes can be downloaded.",
    "replay.no-view": (
        "There is no view for this type of file. Its bytes can be downloaded from the "
        "record page."
    ),
    "replay.altered": (
        "The bytes on disk are not the ones this capture's id names, so they are not "
        "shown."
    ),
    # errors
    "error.home": "To the search page",
    "error.see-other.title": "Elsewhere",
    "error.see-other.why": "The answer is at another address.",
    "error.bad-request.title": "This request cannot be read",
    "error.bad-request.why": "Go back and try again.",
    "error.cross-site.title": "Not from another site",
    "error.cross-site.why": "Forms are only taken from these pages themselves.",
    "error.not-found.title": "Not found",
    "error.not-found.why": "There is nothing at this address.",
    "error.method-not-allowed.title": "Not this way",
    "error.method-not-allowed.why": "This address does not take that kind of request.",
    "error.gone.title": "Gone",
    "error.gone.why": "This is no longer here.",
    "error.too-large.title": "Too much at once",
    "error.too-large.why": "Requests may hold 64 KiB.",
    "error.wrong-type.title": "Not this format",
    "error.wrong-type.why": "Send a JSON object.",
    "error.server-error.title": "Something went wrong here",
    "error.server-error.why": (
        "The fault is on this side; nothing of the archive is changed by it."
    ),
    "error.unavailable.title": "Not available now",
    "error.unavailable.why": "Please try again later.",
    "gone.title": "Removed from this archive",
    "gone.why": (
        "This capture was removed. Its entry in the log stays, and says that it was "
        "here."
    ),
    "gone.reason": "Reason",
    "gone.authority": "Authority",
    "gone.when": "Removed",
    "gone.leaf": "Log entry",
}
