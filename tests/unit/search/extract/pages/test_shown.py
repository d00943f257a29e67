"""Nothing a page visibly says is unfindable: attributes, frames, turned letters."""

import time

import pytest

from search.extract.pages.html import extract_html
from search.extract.pages.visible import visible_text

SAID = "The commission counted all night and said nothing of the result."


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<input value='Turnout 64'>", "Turnout 64"),
        ("<input type=Submit value='Vote against'>", "Vote against"),
        ("<input type=search placeholder='Find a station'>", "Find a station"),
        ("<input type=password placeholder='Secret word'>", "Secret word"),
        ("<input type=image alt='Polling map' src=x>", "Polling map"),
        ("<textarea placeholder='Write here'></textarea>", "Write here"),
        ("<select><option label='Minsk'>1</option></select>", "Minsk"),
        ("<select><optgroup label='Regions'><option>2</select>", "Regions"),
        ("<iframe srcdoc='&lt;p&gt;Results &lt;b&gt;annulled'></iframe>", "annulled"),
        (
            '<iframe srcdoc="&lt;iframe srcdoc=&quot;&amp;lt;i&amp;gt;deep&quot;&gt;">',
            "deep",
        ),
        ("<svg><text x=1><tspan>64 per</tspan> cent</text></svg>", "64 per cent"),
        ("<p>said <bdo dir=rtl>dellunna</bdo> today", "said annulled today"),
        ("<p>said <bdo dir=RTL>del<b>lun</b>na</bdo> today", "said annulled today"),
        ("<p style='direction:rtl;unicode-bidi:bidi-override'>dellunna", "annulled"),
        ("<p>said \u202edellunna\u202c today", "said annulled today"),
        ("<p>said \u202e(dellunna)", "said (annulled)"),
    ],
)
def test_what_is_shown_otherwise_than_written_is_found(markup: str, shown: str) -> None:
    assert shown in visible_text(f"<body>{markup}</body>")
    for around in ("", f"<article>{f'<p>{SAID}</p>' * 9}</article>"):
        assert shown in extract_html(f"<body>{around}{markup}</body>").text


@pytest.mark.parametrize(
    "markup",
    [
        "<input type=hidden value=hushed>",
        "<input type=password value=hushed>",
        "<input type=checkbox value=hushed>",
        "<input value=seen placeholder=hushed>",
        "<svg><title>hushed</title><desc>hushed</desc><defs><text>hushed</text></defs>",
        "<iframe src=hushed>hushed</iframe>",
        "<iframe srcdoc='<script>hushed</script>'></iframe>",
    ],
)
def test_what_nobody_sees_is_no_text(markup: str) -> None:
    assert "hushed" not in visible_text(f"<body>seen {markup}</body>")


def test_letters_that_run_from_the_right_anyway_are_not_turned() -> None:
    assert "שלום" in visible_text("<body><bdo dir=rtl>שלום</bdo>")
    assert "e\u0301a" in visible_text("<body><bdo dir=rtl>ae\u0301</bdo>")


def test_what_stands_behind_turned_words_is_not_beside_the_text() -> None:
    markup = f"<button>\u202etsol</button><p>{SAID}</p><p>\u202etsol<p>{SAID} Again."
    assert extract_html(f"<body>{markup}</body>").text.startswith(SAID)


@pytest.mark.parametrize(
    "markup",
    [
        "<bdo dir=rtl>a" * 2_500,
        "<bdo dir=rtl>a</bdo>" * 10_000,
        "<iframe srcdoc='&lt;p>a'></iframe>" * 4_000,
        f"<iframe srcdoc='{'&lt;div>' * 50_000}'></iframe>",
        "\u202e" * 100_000,
        f"<bdo dir=rtl>{'a ' * 100_000}",
    ],
    ids=["deep", "many", "frames", "nested", "marks", "long"],
)
def test_pages_made_to_be_turned_take_the_time_of_their_length(markup: str) -> None:
    began = time.process_time()
    visible_text(f"<body>{markup}")
    assert time.process_time() - began < 2
