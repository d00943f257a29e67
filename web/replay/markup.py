"""Markup: the closed lists of elements and attributes a cleaned page may hold (pure).

Nothing that loads, runs, sends or frames is on a list; `src`, `srcset`, `poster`,
`href` and `style` are on none of the plain lists, because clean.py writes them itself.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GLOBAL_ATTRIBUTES = _words(
    "class id title lang dir role hidden aria-label aria-hidden aria-level"
)
"""Allowed on every element."""

TAG_ATTRIBUTES: dict[str, frozenset[str]] = {
    tag: _words(names)
    for tag, names in {
        "table": "align bgcolor border cellpadding cellspacing width height summary",
        "tr": "align bgcolor valign height",
        "td": "align bgcolor valign width height colspan rowspan headers nowrap",
        "th": "align bgcolor valign width height colspan rowspan headers scope nowrap",
        "col": "align span width",
        "colgroup": "align span width",
        "thead": "align valign",
        "tbody": "align valign",
        "tfoot": "align valign",
        "caption": "align",
        "div": "align",
        "p": "align",
        "h1": "align",
        "h2": "align",
        "h3": "align",
        "h4": "align",
        "h5": "align",
        "h6": "align",
        "hr": "align color noshade size width",
        "br": "clear",
        "font": "color face size",
        "img": "alt width height align border hspace vspace",
        "source": "media sizes width height",
        "ol": "start type reversed",
        "ul": "type",
        "li": "type value",
        "time": "datetime",
        "details": "open",
        "progress": "max value",
        "meter": "max min value low high optimum",
        "input": "type value size checked placeholder alt",
        "textarea": "rows cols placeholder",
        "select": "size multiple",
        "option": "selected value label",
        "optgroup": "label",
        "button": "",
        "label": "",
        "blockquote": "",
        "q": "",
        "ins": "datetime",
        "del": "datetime",
        "bdo": "",
    }.items()
}
"""Allowed on these elements beside the global ones."""

TAGS = frozenset(TAG_ATTRIBUTES) | _words(
    "a abbr acronym address article aside b bdi big center cite code data dd dfn dir "
    "dl dt em fieldset figcaption figure footer form header hgroup i kbd legend main "
    "mark menu nav picture pre rp rt ruby s samp search section small span strike "
    "strong sub summary sup tt u var wbr"
)
"""Elements that stay."""

DROPPED = _words(
    "script style link meta base template title head datalist param track area map "
    "basefont bgsound noembed noframes plaintext xmp listing rtc nextid isindex "
    "keygen frame"
)
"""Elements that go with all they hold; nothing of it would have been painted."""

DRAWN_GAPS: dict[str, str] = {
    "iframe": "frame",
    "frameset": "frame",
    "object": "object",
    "embed": "object",
    "applet": "object",
    "canvas": "drawing",
    "svg": "drawing",
    "math": "formula",
    "video": "video",
    "audio": "audio",
    "portal": "frame",
    "fencedframe": "frame",
}
"""Elements replaced by a gap box, with the kind written in it."""

INPUT_TYPES: dict[str, str] = {
    "checkbox": "checkbox",
    "radio": "radio",
    "range": "range",
    "button": "button",
    "submit": "button",
    "reset": "button",
}
"""Field types that stay what they look like; all others become plain text fields."""

ROOT_ATTRIBUTES = _words("class id lang dir bgcolor text")
"""Kept on `html` and `body`, which we write ourselves."""
