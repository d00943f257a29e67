"""What belongs to the main text by general signs of a page, and what is beside it."""

import pytest

from search.extract.html import extract_html
from search.extract.lead import with_lead
from search.extract.places import more_from_place
from search.extract.tidy import leave_out_beside
from search.extract.visible import see_page

PARAGRAPHS = [
    f"Паведамленне нумар {number}: камісія падлічыла галасы ўсіх, хто прыйшоў на "
    f"участак да васьмі гадзін вечара, і не паказала пратакол нікому з назіральнікаў."
    for number in range(8)
]
LEAD = "Камісія падлічыла галасы за зачыненымі дзвярыма і не паказала пратакол."


def page(body: str, head: str = "") -> str:
    return f"<!doctype html><head><title>Т</title>{head}</head><body>{body}</body>"


def paragraphs(texts: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def main_and_rest(markup: str) -> tuple[list[str], str]:
    made = extract_html(markup)
    return made.text[: made.main_end].split("\n"), made.text[made.main_end :]


@pytest.mark.parametrize(
    "beside",
    [
        "<aside>Суд пакараў трох настаўніц з Гомеля</aside>",
        "<figure><img><figcaption>Суд пакараў трох настаўніц з Гомеля</figcaption>"
        "</figure>",
        "<p><a href=/2>Суд пакараў трох настаўніц з Гомеля</a></p>",
        "<a href=/2><p>Суд у Гомелі пакараў трох</p>"
        "<p>Суд пакараў трох настаўніц з Гомеля</p></a>",
    ],
)
def test_captions_asides_and_links_alone_are_rest_not_main(beside: str) -> None:
    first, last = PARAGRAPHS[:4], PARAGRAPHS[4:]
    body = f"<article>{paragraphs(first)}{beside}{paragraphs(last)}</article>"
    main, rest = main_and_rest(page(body))
    assert main == PARAGRAPHS
    assert "настаўніц з Гомеля" in rest


@pytest.mark.parametrize(
    "line",
    [
        "<p><a href=/2>Суд пакараў</a> трох настаўніц з Гомеля</p>",
        "<p><a href=/2>https://example.org/list</a></p>",
        "<p><a href=/2>Наша Ніва</a></p>",
    ],
)
def test_a_sentence_with_a_link_an_address_and_a_source_are_not_beside(
    line: str,
) -> None:
    assert see_page(page(f"<article><p>Т</p>{line}</article>")).beside == frozenset()


@pytest.mark.parametrize(
    ("entry", "around"),
    [("<li>{}</li>", "<ul>{}</ul>"), ("<p>{}</p>", "{}")],
)
def test_links_that_an_official_page_lists_below_more_text_stay_in_its_main_text(
    entry: str, around: str
) -> None:
    subject = "аб выніках галасавання ў акрузе і аб скаргах, якія падалі назіральнікі"
    decisions = [f"Пастанова камісіі нумар {number} {subject}" for number in range(5)]
    rows = "".join(entry.format(f"<a href=/{one}>{one}</a>") for one in decisions)
    listed = around.format(rows)
    body = f"<article>{paragraphs(PARAGRAPHS)}{listed}</article>"
    main, _ = main_and_rest(page(body))
    assert main == [*PARAGRAPHS, *decisions]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("entry", "is_beside"),
    [
        ("<ul><li>{}</li></ul>", False),
        ("<table><tr><td>{}</td></tr></table>", False),
        ("<dl><dt>{}</dt></dl>", False),
        ("<p>{}</p>", True),
    ],
)
def test_a_short_list_or_table_of_links_is_one_and_two_links_alone_are_none(
    entry: str, is_beside: bool, number: int
) -> None:
    links = [f"<a>Суд пакараў {one} настаўніц з Гомеля</a>" for one in range(number)]
    body = "<p>Т</p>" + "".join(map(entry.format, links)) + "<p>Т</p>"
    assert len(see_page(page(body)).beside) == (number if is_beside else 0)


def test_asides_of_one_line_and_of_many_are_beside_with_the_lists_in_them() -> None:
    inner = "<p>Другі радок</p><ul><li><a>Суд пакараў трох настаўніц</a></li></ul>"
    body = f"<p>Т</p><aside>Адзін радок</aside><nav>{inner}</nav><p>Далей</p>"
    assert see_page(page(body)).beside == {
        "Адзін радок",
        "Другі радок",
        "Суд пакараў трох настаўніц",
    }


def test_what_the_page_also_shows_as_text_is_not_beside() -> None:
    shown = see_page(
        page("<aside>Двойчы, тут і там, адно</aside><p>Двойчы, тут і там, адно</p>")
    )
    assert shown.beside == frozenset()
    assert shown.text.count("Двойчы") == 2


def test_a_page_that_is_links_and_little_else_keeps_them() -> None:
    links = [f"Пастанова камісіі нумар {number} ад студзеня" for number in range(9)]
    main = "\n".join(links)
    assert leave_out_beside(main, frozenset(links)) == main
    assert leave_out_beside(f"{main}\nТэкст", frozenset(links[:2])).count("\n") == 7


def test_marks_between_pieces_are_of_no_text() -> None:
    shown = see_page(page("<p>a\ufdd0b\ufdd2c&#xFDD3;d</p><p>next</p>"))
    assert shown.text.split("\n")[-2:] == ["abcd", "next"]
    assert shown.beside == frozenset()


@pytest.mark.parametrize("mark", [f"&#{0xFDD0 + number};" for number in range(6)])
@pytest.mark.parametrize("body", ["{}", "<p>{}</p>", "<b>a</b>{}", "<a>{}</a>"])
def test_a_mark_written_as_a_reference_puts_nothing_behind_it_beside(
    mark: str, body: str
) -> None:
    first, last = PARAGRAPHS[:5], PARAGRAPHS[5:]
    odd = body.format(mark)
    markup = page(f"<article>{paragraphs(first)}{odd}{paragraphs(last)}</article>")
    assert see_page(markup).beside == frozenset()
    main, _ = main_and_rest(markup)
    assert [line for line in main if len(line) > 1] == PARAGRAPHS


@pytest.mark.parametrize(
    "head",
    [
        f"<meta name=description content='{LEAD}'>",
        f"<meta property=og:description content='{LEAD[:60]}…'>",
        f'<script type="application/ld+json">{{"description": "{LEAD}"}}</script>',
    ],
)
def test_a_shown_lead_that_the_page_describes_itself_by_is_of_the_article(
    head: str,
) -> None:
    body = f"<header><h1>Т</h1><div>Мінск. {LEAD}</div><div>25 студзеня</div></header>"
    body += f"<article>{paragraphs(PARAGRAPHS)}</article>"
    main, _ = main_and_rest(page(body, head))
    assert main == [f"Мінск. {LEAD}", *PARAGRAPHS]
    main, _ = main_and_rest(page(body))
    assert main == PARAGRAPHS


def test_a_description_that_is_not_shown_or_stands_below_adds_nothing() -> None:
    main = "\n".join(PARAGRAPHS)
    assert with_lead(main, PARAGRAPHS, [LEAD]) == main
    assert with_lead(main, [*PARAGRAPHS, LEAD], [LEAD]) == main
    assert with_lead(main, [LEAD, *["x"] * 99, *PARAGRAPHS], [LEAD]) == main
    assert with_lead("", [LEAD], [LEAD]) == ""
    assert with_lead(main, [LEAD, *PARAGRAPHS], [LEAD]) == f"{LEAD}\n{main}"


def test_an_article_in_several_boxes_of_one_kind_is_taken_whole() -> None:
    def box(texts: list[str], kind: str) -> str:
        return f"<div class=row><div class={kind}>{paragraphs(texts)}</div></div>"

    teasers = [f"Тызер: {text}" for text in PARAGRAPHS]
    body = (
        f"{box(PARAGRAPHS[:3], 'text')}<div>Рэклама</div>{box(PARAGRAPHS[3:], 'text')}"
        f"{box(teasers, 'teaser')}"
    )
    root = see_page(page(body)).root
    whole = "\n".join(PARAGRAPHS)
    found = "\n".join(PARAGRAPHS[:3])
    assert more_from_place(found, root, is_doubtful=False) == whole
    assert more_from_place(whole, root, is_doubtful=False) == whole
    # Of a main text that nobody trusts, the place with most paragraphs is taken.
    assert more_from_place("Т", root, is_doubtful=False) == "Т"
    assert more_from_place("Т", root, is_doubtful=True) == "\n".join(teasers)


def test_scripts_among_paragraphs_are_no_text() -> None:
    body = paragraphs(PARAGRAPHS[:7]) + f"<p>{PARAGRAPHS[7]}<script>var x</script></p>"
    root = see_page(page(f"<div>{body}</div>")).root
    found = more_from_place(PARAGRAPHS[0], root, is_doubtful=False)
    assert found == "\n".join(PARAGRAPHS)
