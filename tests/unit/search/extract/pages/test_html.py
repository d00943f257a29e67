"""Web pages to text: nothing visible is ever hidden by clean-up."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest

from benchmarks.quality.articles import measure
from search.extract.pages.html import HTML_LIBRARIES, extract_html
from search.extract.pages.stated import stated_article
from search.extract.result import SEPARATOR, TEXT_CODE_POINTS, main_end_of
from tests.support.judging.bars import missed

LONG = "Камісія паведаміла вынікі галасавання на ўсіх участках краіны. " * 8


def page(body: str, head: str = "<title>Навіны</title>") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


def test_libraries_are_the_ones_the_extractor_version_means() -> None:
    assert {name: version(name) for name in HTML_LIBRARIES} == HTML_LIBRARIES


def test_main_text_comes_first_and_the_rest_after_the_separator() -> None:
    made = extract_html(
        page(
            f"<nav>Галоўнае меню</nav><article><p>{LONG}</p></article>"
            "<footer>Кантакты рэдакцыі</footer>"
        )
    )
    assert made.text[: made.main_end] == LONG.strip()
    assert made.text[made.main_end :].startswith(SEPARATOR)
    assert "Галоўнае меню" in made.text[made.main_end :]
    assert "Кантакты рэдакцыі" in made.text[made.main_end :]
    assert main_end_of(made.text) == made.main_end


@pytest.mark.parametrize(
    "body",
    [
        "слова",
        "<div>слова</div>",
        "<table><tr><td>слова</td></tr></table>",
        "<noscript>слова</noscript>",
        "<div class='cookie-banner'>слова</div>",
        "<aside>слова</aside>",
        "<footer>слова</footer>",
        "<form><label>слова</label></form>",
        "<button>слова</button>",
        "<p>слова",
        "<<p>>слова<//p>",
        "<iframe></iframe>слова",
        "<frameset>слова</frameset>",
        "<pre>слова</pre>",
        "<h1>слова</h1>",
        "<div style='display:none'>слова</div>",
    ],
)
def test_text_is_never_nothing_while_the_page_has_text(body: str) -> None:
    assert "слова" in extract_html(page(body)).text


@pytest.mark.parametrize("body", ["", "<script>var a</script>", "<style>a{}</style>"])
def test_page_without_text_has_none(body: str) -> None:
    assert extract_html(page(body)).text == ""


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title> Вынікі\n выбараў </title>", "Вынікі выбараў"),
        (
            "<meta property='og:title' content='Загаловак'><title>Сайт</title>",
            "Загаловак",
        ),
        ("", "Першы загаловак"),
        ("<title></title>", "Першы загаловак"),
    ],
)
def test_title_is_taken_from_the_best_place(head: str, title: str) -> None:
    assert extract_html(page("<h1>Першы загаловак</h1>", head)).title == title


def test_separator_in_the_page_does_not_forge_ours() -> None:
    made = extract_html(page(f"<p>{LONG}</p><p>a\n\x0c\nb</p>"))
    assert made.text.count("\x0c") <= 1


def test_very_long_page_is_cut_and_says_so() -> None:
    made = extract_html(page("<pre>" + "слова " * (TEXT_CODE_POINTS // 5) + "</pre>"))
    assert len(made.text) <= TEXT_CODE_POINTS
    assert "truncated" in made.warnings


@pytest.mark.parametrize(
    "markup",
    [
        "",
        "<",
        "<" * 5_000,
        "<div>" * 5_000 + "слова",
        "<a href='" + "x" * 100_000,
        "\x00\x00<p>слова",
        "&#x110000;&#xd800;&nosuch;",
        "<!--" * 1_000,
        "<table>" * 300 + "слова",
    ],
)
def test_hostile_markup_never_fails(markup: str) -> None:
    made = extract_html(markup)
    made.text.encode()
    assert made.main_end <= len(made.text)


def test_text_is_composed_and_has_no_control_characters() -> None:
    made = extract_html(page(f"<p>{LONG}</p><p>и\u0306 e\u0301\x01\x02</p>"))
    assert "й é" in made.text


def test_captions_buttons_and_labels_can_be_found() -> None:
    page = (
        "<h1>Title</h1><figure><img><figcaption>Caption <span>words</span></figcaption>"
        "</figure><form><label>Label</label><button>Press</button></form>"
        f"<p>{'A sentence of the article. ' * 20}</p>"
    )
    made = extract_html(page)
    for word in ("Caption words", "Label", "Press", "Title"):
        assert word in made.text


def test_main_text_has_neither_title_nor_ways_to_other_pages() -> None:
    body = "<p>" + "A sentence of the article. " * 20 + "</p>"
    made = extract_html(
        f"<html><head><title>A headline of the day</title></head><body><article>"
        f"<h1>A headline of the day</h1>{body}<p>Чытайце таксама: другое</p>{body}"
    )
    main = made.text[: made.main_end]
    assert main.startswith("A sentence")
    assert "Чытайце" not in main
    assert "Чытайце таксама: другое" in made.text


def test_a_page_of_scripts_is_found_by_its_prose() -> None:
    prose = (
        "The commission said that the count of the votes had ended at midnight today"
    )
    page = (
        f'<body><div id=app></div><script>x = {{"t": "{prose} \u0026 more"}}</script>'
    )
    made = extract_html(page)
    assert prose in made.text
    assert made.main_end == 0 or prose not in made.text[: made.main_end]
    assert "script_text" in made.warnings


@pytest.mark.slow
@pytest.mark.corpus
def test_articles_reach_their_bars(corpus: Path) -> None:
    figures = measure(corpus)
    for figure in figures:
        print(*figure.row(), sep=" | ")
    assert missed(figures) == []


ARTICLE = [
    f"Абзац {n} пра тое, як лічылі галасы на ўчастку нумар {n}." for n in range(15)
]


def stated_page(body: str, shown: list[str]) -> str:
    data = json.dumps({"@type": "NewsArticle", "articleBody": body})
    aside = "".join(f"<footer><div>{line}</div></footer>" for line in shown)
    return (
        f'<html><head><script type="application/ld+json">{data}</script></head><body>'
        f"<p>{'Кароткая нататка пра выбары і больш нічога тут няма. ' * 5}</p>{aside}"
    )


def test_the_article_that_a_page_states_is_found_among_what_it_shows() -> None:
    made = extract_html(stated_page(" ".join(ARTICLE), ARTICLE))
    assert made.text[: made.main_end].split("\n") == ARTICLE
    assert "Кароткая нататка" in made.text


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (" ".join(ARTICLE), ARTICLE[:4]),
        (" ".join(ARTICLE), ["зусім іншае"]),
        ("x" * 900, ARTICLE),
        ("\\ud800" * 90, ARTICLE),
        ("", ARTICLE),
    ],
)
def test_a_stated_article_that_is_not_shown_decides_nothing(
    body: str, shown: list[str]
) -> None:
    assert stated_article(stated_page(body, shown), "\n".join(shown)) == ""
