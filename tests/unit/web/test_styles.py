"""Style sheets are written anew: nothing of outside, nothing unparsed, same meaning."""

import pytest
import tinycss2

from web.replay.styles import clean_declarations, clean_inline_sheet, clean_sheet


def resolve(address: str) -> str | None:
    return f"/p/x/{address[2:]}" if address.startswith("ok") else None


def sheet(text: str) -> str:
    return clean_sheet(text.encode(), charset="utf-8", resolve=resolve)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("p{color:red}", "p{color:red;}"),
        ("p{color:red!important}", "p{color:red!important;}"),
        ("a>b,c+d~e{top:0}", "a>b,c+d~e{top:0;}"),
        ("p{background:url(ok1) no-repeat}", 'p{background:url("/p/x/1") no-repeat;}'),
        ("p{background:URL( 'ok1' )}", 'p{background:url("/p/x/1");}'),
        ("p{background:url(bad),url(ok2)}", 'p{background:none,url("/p/x/2");}'),
        ("p{background:u\\72l(bad)}", "p{background:none;}"),
        ("p{cursor:url(ok1),auto;top:0}", "p{top:0;}"),
        ("p{behavior:url(ok1);-moz-binding:url(ok1)}", "p{}"),
        ("p{width:expression(alert(1))}", "p{}"),
        ("p{background:image-set('ok1' 1x,'bad' 2x)}",
         'p{background:image-set(url("/p/x/1") 1x,none 2x);}'),
        ("p{background:image-set(var(--u) 1x)}", "p{}"),
        ("p{--u:'//evil.example/x'}", "p{}"),
        ("p{--u:url(//evil.example/x)}", "p{--u:none;}"),
        ("@font-face{src:url(bad),url(ok3)format('woff2')}",
         "@font-face{src:url(\"/p/x/3\")format(\"woff2\");}"),
        ("@font-face{font-family:f;src:url(bad)}", "@font-face{font-family:f;}"),
        ("@media (width>9px){p{background:url(bad)}}",
         "@media (width>9px){p{background:none;}}"),
        ("@supports (display:grid){p{top:0}}", "@supports (display:grid){p{top:0;}}"),
        ("@layer a,b;p{top:0}", "@layer a,b;\np{top:0;}"),
        ("@import 'ok4' screen;", '@import url("/p/x/4") screen ;'),
        ("@import url(bad);p{top:0}", "p{top:0;}"),
        ("@charset 'x';@namespace url(http://e/);p{top:0}", "p{top:0;}"),
        ("@document url(http://e/){p{top:0}}", ""),
        ("@unknown{p{top:0}}", ""),
        ("p{top:0", "p{top:0;}"),
        ("p{}}q{top:0}", "p{}"),
        (".a{&:hover{background:url(bad)}}", ".a{&:hover{background:none;}}"),
    ],
)  # fmt: skip
def test_a_sheet_keeps_harmless_rules_and_nothing_else(
    written: str, expected: str
) -> None:
    assert sheet(written) == expected


def test_what_we_write_reads_the_same_again() -> None:
    text = (
        "a[href^='x y']>b:not(.c)::before{content:'\\201C \"';margin:-1px auto 0 2em}"
    )
    once = sheet(text)
    assert sheet(once) == once
    rules = tinycss2.parse_stylesheet(once)
    assert [rule.type for rule in rules] == ["qualified-rule"]


def test_small_pictures_inside_the_sheet_stay() -> None:
    data = "data:image/png;base64,iVBORw0KGgo="
    assert data in sheet(f"p{{background:url({data})}}")
    svg = "data:image/svg+xml;base64,PHN2Zz4="
    assert "svg" not in sheet(f"p{{background:url({svg})}}")


def test_an_inline_sheet_cannot_close_its_element() -> None:
    text = "p{content:'</style><script>alert(1)</script>'} </style> q{top:0}"
    assert "<" not in clean_inline_sheet(text, resolve=resolve)


def test_a_style_attribute_holds_declarations_only() -> None:
    written = "color:red;background:url(bad);@import 'x';p{top:0};left:0"
    cleaned = clean_declarations(written, resolve=resolve)
    assert cleaned == "color:red;background:none;left:0;"


@pytest.mark.parametrize(
    "text",
    [
        "p{a:" + "(" * 20_000,
        "@media x{" * 5_000,
        "p{" * 5_000,
        "[" * 20_000,
        "/*" * 20_000,
        "p{a:b{" * 3_000,
        "@import " * 3_000,
        "\0" * 100,
        "}" * 9_000,
    ],
)
def test_hostile_nesting_ends_soon_and_raises_nothing(text: str) -> None:
    assert "evil" not in sheet(text)


def test_a_sheet_in_an_old_charset_is_read() -> None:
    data = "p{content:'Мінск'}".encode("cp1251")
    assert "Мінск" in clean_sheet(data, charset="windows-1251", resolve=resolve)


def test_a_sheet_that_is_too_large_becomes_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("web.replay.styles.SHEET_LIMIT_BYTES", 10)
    assert sheet("p{color:red}") == ""
