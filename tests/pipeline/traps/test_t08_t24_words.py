"""Traps T8, T9, T14 to T20 and T24: what words and figures look like on real pages.

One site is crawled and indexed by the real command; each trap is asked for in it.
"""

import html
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archive.store.reading.reader import ArchiveReader
from search.answering.service import SearchService
from search.indexing.index import Indexer
from tests.support.capturing.sources import ALL_FETCHED, listing_site, source_head
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import running_site

SOURCE = (
    'parts = "none"\n'
    + listing_site()
    + ALL_FETCHED
    + """concurrency = 4

[[identity]]
path = '/(?P<id>[a-z0-9-]+)'
key = "{id}"

[identity.examples]
"http://a.example/t8-joined" = "t8-joined"
"""
)
FILLER = {
    "en": "The page goes on with further words that nobody asks for here at all. ",
    "ru": "Страница продолжается словами, о которых здесь никто не спрашивает. ",
    "be": "Старонка працягваецца словамі, пра якія тут ніхто не пытаецца ніколі. ",
    "be-tarask": "Старонка працягваецца словамі, пра якія тут ніхто ня пытаецца. ",
    "be-latn": "Staronka praciahvajecca słovami, pra jakija tut nichto nie pytaje. ",
}
STORY = (
    "The commission counted {} of the ballots for the candidate and 5,916,195 voters."
    " Ihar Karpienka told Natallia Kachanava in Viciebsk that 3,412 stations in 118"
    " districts had closed, that 207 observers had left and that 1,250 had stayed."
)
DIGEST = (
    "<h2>\U0001f4cd A prisoner has died</h2><p class=date>Feb 04, 2025</p><p>The"
    " prisoner Dmitry Shlethauer died in colony&nbsp;No.&nbsp;15. Incommunicado are"
    " Siarhei Tsikhanouski, Ihar Losik, Viktar Babaryka,Maksim Znak, Mikalai"
    " Statkevich, Andrei Navitski, and Uladzimir Kniha.</p>"
    "<p>Source: The first one \u00a0</p>"
    "<h2>The seventh death</h2><p class=date>Feb 03, 2025</p><p>It was revealed that"
    " Dmitry Shletgauer passed away. Held without contact: Mikalai Statkevich, Maksim"
    " Znak, Ihar Losik, Siarhei Tsikhanouski, Viktar Babaryka, Andrei Novikau, and"
    " Uladzimir Kniha.</p><p>Source: The second one </p>"
)


def page(
    title: str, body: str, *, lang: str = "en", filler: str = "en", og: str = ""
) -> str:
    meta = f'<meta property="og:title" content="{html.escape(og)}">' if og else ""
    return (
        f"<!doctype html><html lang={lang}><head><meta charset=utf-8>"
        f"<title>{title}</title>{meta}</head><body><main><article><h1>{title}</h1>"
        f"<div>{body}</div><p>{FILLER[filler] * 8}</p></article></main></body></html>"
    )


PAGES = {
    "t8-joined": page(
        "Figures",
        "<p>Of these, <b>1,097</b> are men and <i>168</i> are women.</p>"
        "<p>There are cases against <a href=/x>66</a>&nbsp;more for words.</p>"
        "<p>The rapporteur <em>noted</em>\n<em>that</em> measures<br>went on.</p>"
        "<p>Families were <b>prose</b>cuted<span>.</span></p>"
        "<table><tr><td>Minsk</td><td>412 votes</td></tr></table>",
    ),
    "t8-printed": page(
        "As printed", "<p>Of these, 1,097are men, as it was notedthat.</p>"
    ),
    "t9-misprint": page(
        "Record number of families prosecuted",
        "<p>Words about kin.</p>",
        og="Record number of families prosecutedr",
    ),
    "t9-cut": page(
        "Record number of relatives searched in a year",
        "<p>Words about searches.</p>",
        og="Record number of relatives ...",
    ),
    "t14-comma": page("One", "<p>On that day 1,265 persons sat in prison.</p>"),
    "t14-space": page("Two", "<p>On that day 1 265 persons sat in prison.</p>"),
    "t14-nbsp": page("Three", "<p>On that day 1&nbsp;265 persons sat in prison.</p>"),
    "t14-plain": page("Four", "<p>On that day 1265 persons sat in prison.</p>"),
    "t14-words": page("Five", "<p>Almost five thousand names, 2,02% of all.</p>"),
    "t14-point": page("Six", "<p>There were 2.02% against all.</p>"),
    "t14-first": page("A count", f"<p>{STORY.format('86,82%')}</p>"),
    "t14-second": page("The count", f"<p>{STORY.format('86,28%')}</p>"),
    "t15-official": page(
        "Навіны", "<p>Прэзідэнт і палітзняволены.</p>", lang="be", filler="be"
    ),
    "t15-classical": page(
        "Навіны", "<p>Прэзыдэнт і палітвязень.</p>", lang="be", filler="be-tarask"
    ),
    "t15-latin": page(
        "Naviny", "<p>Prezident i palitviazień u kałonii.</p>", filler="be-latn"
    ),
    "t16-a": page("Names", "<p>Alexander Lukashenko met Maria Kolesnikova.</p>"),
    "t16-b": page("Names", "<p>Aliaksandr Lukashenka met Maria Kalesnikava.</p>"),
    "t16-c": page("Imiony", "<p>Łukašenka i Kaleśnikava.</p>", filler="be-latn"),
    "t16-d": page("Имена", "<p>Лукашенко и Колесникова.</p>", filler="ru"),
    "t17-digest": page("News of prisons", DIGEST),
    "t18-mixed": page(
        "An interview", "<p>The publication FREEДОМ asked Mrs Chеmоdanova.</p>"
    ),
    "t20-wrong": page(
        "Заявление", "<p>Наблюдатели рассказали о выборах.</p>", filler="ru"
    ),
    "t20-under-be": page("Statement", "<p>Observers spoke.</p>", lang="be"),
    "t20-blocks": page(
        "Заява",
        f"<p>Назіральнікі расказалі пра выбары.</p><p>{FILLER['en']} The watchers"
        " published findings about quarantines in every region of the country.</p>",
        lang="en",
        filler="be",
    ),
    "t24-stars": page("A mission", "<p>The expert election* 2024 mission met.</p>"),
    "t24-glued": page("A report", "<p>Elections*2025. A report on monitoring.</p>"),
    "t24-quotes": page("So-called", "<p>The “elections” were no choice.</p>"),
}


@dataclass(frozen=True)
class Crawled:
    """The site as the archive holds it."""

    evidence: Evidence
    service: SearchService
    captures: dict[str, str]
    """By page: the capture."""

    def found(self, query: str) -> set[str]:
        """The pages that a query finds, with all its words."""
        hits = self.service.search(query, limit=100).hits
        return {
            hit.uri.removeprefix("http://a.example/") for hit in hits if not hit.missing
        }

    def hit(self, name: str) -> Any:
        (hit,) = (
            hit
            for hit in self.service.search(f"exact:{name}", limit=10).hits
            if hit.uri.endswith(name)
        )
        return hit

    def text(self, name: str) -> str:
        made = self.service.text_of(self.captures[name])
        assert made is not None
        return made.text

    def original(self, name: str) -> str:
        """What the server sent."""
        reader = ArchiveReader.open(self.evidence.archive)
        try:
            capture = reader.get_capture(self.captures[name])
            return reader.payload(capture, limit_bytes=1 << 20).data.decode()
        finally:
            reader.close()

    def main(self, name: str) -> str:
        made = self.service.text_of(self.captures[name])
        assert made is not None
        return made.text[: made.main_end]

    def row(self, *verb: str) -> list[dict[str, Any]]:
        done = self.evidence.run(*verb, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def digest(crawled: "Crawled") -> dict[str, Any]:
    """What `items` says of the digest."""
    (value,) = crawled.row("items", crawled.captures["t17-digest"])
    return value


@pytest.fixture(scope="module")
def crawled(new_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    home = tmp_path_factory.mktemp("words")
    shutil.copytree(new_home, home, dirs_exist_ok=True)
    evidence = Evidence(home=home, archive=home / "archive")
    folder = home / "sources"
    folder.mkdir()
    (folder / "outlet.toml").write_text(source_head() + SOURCE)
    with running_site() as site:
        links = "".join(f"<li><a href=/{name}>{name}</a>" for name in PAGES)
        site.serve("/", f"<ul>{links}</ul>")
        for name, body in PAGES.items():
            site.serve(f"/{name}", body)
        done = evidence.run(
            *("crawl", "outlet", "--sources", str(folder)),
            *site.connect_to("a.example"),
        )
    assert done.returncode == 0, done.stderr
    reader = ArchiveReader.open(evidence.archive)
    Indexer(reader, workers=1).run()
    captures = {
        capture.target_uri.rpartition("/")[2]: capture.capture_id
        for capture in reader.captures()
    }
    reader.close()
    return Crawled(evidence, SearchService.open([evidence.archive]), captures)


def test_t8_text_nodes_are_joined_with_the_spaces_that_a_reader_sees(
    crawled: Crawled,
) -> None:
    main = crawled.main("t8-joined").replace("\u00a0", " ")
    for words in ("1,097 are men", "66 more", "noted that", "prosecuted."):
        assert words in main
    for words in ("1,097are", "66more", "notedthat", "prose cuted", "measureswent"):
        assert words not in crawled.text("t8-joined")
    assert crawled.found("rapporteur noted that measures") == {"t8-joined"}


def test_t8_what_the_page_itself_joined_stays_as_it_is_printed(
    crawled: Crawled,
) -> None:
    assert "1,097are men, as it was notedthat." in crawled.main("t8-printed")


def test_t9_titles_of_several_places_are_compared(crawled: Crawled) -> None:
    assert crawled.found("warning:title_conflict") == {"t9-misprint"}
    hit = crawled.hit("t9-misprint")
    assert hit.title == "Record number of families prosecutedr", "as printed"
    assert "prosecuted" in crawled.text("t9-misprint")
    whole = crawled.hit("t9-cut").title
    assert whole == "Record number of relatives searched in a year"


def test_t14_a_number_is_found_in_every_way_of_writing_it(crawled: Crawled) -> None:
    forms = {"t14-comma", "t14-space", "t14-nbsp", "t14-plain"}
    for query in ("1265", "1,265", '"1 265"', '"1,265"'):
        assert crawled.found(query) == forms, query
    assert crawled.found("5916195") == {"t14-first", "t14-second"}
    for query in ("2,02%", "2.02%"):
        assert crawled.found(query) == {"t14-words", "t14-point"}, query
    assert crawled.found('"five thousand"') == {"t14-words"}


def test_t14_evidence_keeps_each_number_as_printed(crawled: Crawled) -> None:
    printed = {"comma": "1,265", "space": "1 265", "plain": "1265", "words": "2,02%"}
    for name, words in printed.items():
        assert words in crawled.text(f"t14-{name}")
    assert "1&nbsp;265" in crawled.original("t14-nbsp")


def test_t14_a_figure_that_stands_out_among_copies_is_shown(crawled: Crawled) -> None:
    kinships = crawled.row("mirrors", "--copies")
    named = {"outlet:t14-first", "outlet:t14-second"}
    (kinship,) = (k for k in kinships if {c["key"] for c in k["captures"]} == named)
    assert kinship["state"] == "same-text"
    (found,) = kinship["deviations"]
    assert found["doubt"] == "figure-differs"
    assert {found["one"], found["other"]} == {"86,82%", "86,28%"}


def test_t15_both_orthographies_and_latin_letters_are_one_word(
    crawled: Crawled,
) -> None:
    pages = {"t15-official", "t15-classical", "t15-latin"}
    for query in ("прэзідэнт", "прэзыдэнт", "prezident"):
        assert pages <= crawled.found(query), query
    for query in ("палітзняволены", "палітвязень"):
        assert pages <= crawled.found(query), query
    assert "Прэзыдэнт" in crawled.text("t15-classical")


def test_t16_one_name_is_found_in_all_its_spellings(crawled: Crawled) -> None:
    pages = {f"t16-{letter}" for letter in "abcd"}
    for query in ("Lukashenko", "Lukashenka", "Łukašenka", "Лукашенко", "Лукашэнка"):
        assert pages <= crawled.found(query), query
    for query in ("Kalesnikava", "Kolesnikova", "Калеснікава"):
        assert pages <= crawled.found(query), query
    assert crawled.found("exact:Lukashenka") & pages == {"t16-b"}


def test_t17_two_spellings_and_two_persons_are_shown_and_not_made_one(
    crawled: Crawled, digest: dict[str, Any]
) -> None:
    assert [(d["doubt"], d["one"], d["other"]) for d in digest["doubts"]] == [
        ("name-spelt-differently", "Dmitry Shlethauer", "Dmitry Shletgauer"),
        ("list-names-another", "Andrei Navitski", "Andrei Novikau"),
    ]
    assert digest["doubts"][0]["items"] == [0, 1]
    text = crawled.text("t17-digest")
    for name in ("Shlethauer", "Shletgauer", "Navitski", "Novikau"):
        assert text.count(name) == 1


def test_t18_look_alike_letters_are_folded_for_search_alone(crawled: Crawled) -> None:
    for query in ("Chemodanova", "FREEDOM", "Чемоданова"):
        assert "t18-mixed" in crawled.found(query), query
    assert "FREEДОМ" in crawled.text("t18-mixed")
    assert "Chеmоdanova" in crawled.text("t18-mixed")


def test_t19_signs_and_hard_spaces_are_normal_in_keys_and_stay_in_evidence(
    crawled: Crawled, digest: dict[str, Any]
) -> None:
    first, second = digest["items"]
    assert (first["title"], first["source"]) == (
        "A prisoner has died",
        "The first one",
    )
    assert second["source"] == "The second one"
    text = crawled.text("t17-digest")
    assert "\U0001f4cd A prisoner has died" in text
    assert "colony&nbsp;No.&nbsp;15" in crawled.original("t17-digest")
    assert "t17-digest" in crawled.found('"colony No. 15"')


def test_t20_the_language_is_that_of_the_words_not_the_declared_one(
    crawled: Crawled,
) -> None:
    assert crawled.hit("t20-wrong").language == "ru"
    assert crawled.hit("t20-under-be").language == "en"
    assert crawled.hit("t20-blocks").language == "be"
    # The base form of a language finds its words in a block of that language alone.
    assert "t20-blocks" in crawled.found("quarantine")
    assert "t20-blocks" in crawled.found("назіральнік")


def test_t24_words_match_with_and_without_the_sign(crawled: Crawled) -> None:
    pages = {"t24-stars", "t24-glued", "t24-quotes"}
    for query in ("election", "elections", "“elections”", "election*"):
        assert pages <= crawled.found(query), query
    assert "t24-stars" in crawled.found("election* 2024")
    assert "t24-glued" in crawled.found("Elections*2025")
    assert "t24-glued" in crawled.found('"elections 2025"')
