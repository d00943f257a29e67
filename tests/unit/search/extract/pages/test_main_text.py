"""What belongs to the main text by general signs of a page, and what is beside it."""

import pytest

from search.extract.pages import places
from search.extract.pages.html import extract_html
from search.extract.pages.lead import with_lead
from search.extract.pages.places import PIECES_MOST, more_from_place
from search.extract.pages.tidy import leave_out_beside
from search.extract.pages.visible import see_page
from search.extract.result import clean_text

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


NOTICE = (
    "Камісія паведамляе: галасаванне па выбарах дэпутатаў прызначана на дваццаць пяты "
    "дзень студзеня."
)
OTHERS = [f"Меркаванне: {text}" for text in PARAGRAPHS]


@pytest.mark.parametrize("is_shown_as", ["p", "li", "h2"])
def test_a_short_notice_never_takes_the_text_of_others_below_it(
    is_shown_as: str,
) -> None:
    notice = f"<div class=notice><{is_shown_as}>{NOTICE}</{is_shown_as}></div>"
    comments = f"<section class=comments>{paragraphs(OTHERS)}</section>"
    root = see_page(page(f"{notice}{comments}")).root
    assert more_from_place(NOTICE, root, is_doubtful=True) == NOTICE


def test_a_lead_takes_the_article_of_one_element_but_no_comments_of_many() -> None:
    lead = f"<div class=lead>{NOTICE}</div>"
    article = f"<div class=text>{paragraphs(PARAGRAPHS)}</div>"
    comments = "".join(f"<div class=comment><p>{text}</p></div>" for text in OTHERS)
    root = see_page(page(f"{lead}{article}")).root
    whole = "\n".join([NOTICE, *PARAGRAPHS])
    assert more_from_place(NOTICE, root, is_doubtful=True) == whole
    assert more_from_place(NOTICE, root, is_doubtful=False) == NOTICE
    root = see_page(page(f"{lead}<section>{comments}</section>")).root
    assert more_from_place(NOTICE, root, is_doubtful=True) == NOTICE
    root = see_page(page(f"{lead}<div>{paragraphs(PARAGRAPHS[:3])}</div>")).root
    assert more_from_place(NOTICE, root, is_doubtful=True) == NOTICE
    assert more_from_place("", see_page(page("<b>a</b>")).root, is_doubtful=True) == ""


def test_what_the_main_text_held_elsewhere_stays_in_its_place() -> None:
    table = ["| Акруга | Галасоў |", "| Гомельская | 1200 |"]
    box = "Падпісана старшынёй камісіі ў асобным блоку старонкі."
    body = f"<div class=text>{paragraphs(PARAGRAPHS)}</div><div>{box}</div>"
    root = see_page(page(body)).root
    joined = f"{PARAGRAPHS[1]} {PARAGRAPHS[2]}"
    main = "\n".join([PARAGRAPHS[0], *table, joined, box])
    more = more_from_place(main, root, is_doubtful=False).split("\n")
    assert more == [PARAGRAPHS[0], *table, *PARAGRAPHS[1:3], box, *PARAGRAPHS[3:]]


def test_items_of_lists_in_lists_are_each_taken_once_where_their_list_stands() -> None:
    inner = "<ul><li>Унутраны пункт<ul><li>Самы ўнутраны</li></ul></li></ul>"
    listed = f"<ul><li>Пункт спіса {inner} далей</li><li><p>Другі пункт</p></li></ul>"
    root = see_page(page(f"<div>{paragraphs(PARAGRAPHS)}{listed}</div>")).root
    more = more_from_place("\n".join(PARAGRAPHS[:3]), root, is_doubtful=False)
    items = ["Пункт спіса далей", "Унутраны пункт", "Самы ўнутраны", "Другі пункт"]
    assert more.split("\n") == [*PARAGRAPHS, *items]


def test_a_page_of_lists_in_lists_is_read_with_each_sign_looked_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    depth = 400
    listed = "<ul><li><div>Пункт спіса" * depth + "</div></li></ul>" * depth
    shown = see_page(page(f"{paragraphs(PARAGRAPHS)}{listed}"))
    taken: list[str] = []

    def count(text: str) -> str:
        taken.append(text)
        return clean_text(text)

    monkeypatch.setattr(places, "clean_text", count)
    main = "\n".join(PARAGRAPHS[:3])
    more = more_from_place(main, shown.root, is_doubtful=False)
    assert more == "\n".join([*PARAGRAPHS, "Пункт спіса"])
    assert len("".join(taken)) <= len(shown.text)


def test_a_page_of_too_many_pieces_keeps_the_main_text_that_was_found() -> None:
    body = paragraphs(PARAGRAPHS) + "<p>x</p>" * PIECES_MOST
    main = "\n".join(PARAGRAPHS[:3])
    assert more_from_place(main, see_page(page(body)).root, is_doubtful=False) == main


def test_scripts_among_paragraphs_are_no_text() -> None:
    body = paragraphs(PARAGRAPHS[:7]) + f"<p>{PARAGRAPHS[7]}<script>var x</script></p>"
    root = see_page(page(f"<div>{body}</div>")).root
    found = more_from_place(PARAGRAPHS[0], root, is_doubtful=False)
    assert found == "\n".join(PARAGRAPHS)
