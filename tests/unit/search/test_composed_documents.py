"""The many documents of a benchmark are what the indexer makes of the same texts."""

from benchmarks.scale.building import make_ready
from benchmarks.scale.texts import Made, Maker, make_piece
from search.documents.analysed import analyse
from search.documents.document import build_document

DOCUMENTS = 300
ARCHIVE = "0" * 32
LINES = {
    "be": (
        "Цэнтральная выбарчая камісія паведаміла пра яўку ў 85,9 працэнта.",
        "Ціхано\u0301ўская сустрэлася з аб’яднаннем «Наш дом»; К А М І С І Я маўчыць.",
        "Міністэрства замежных спраў 26 студзеня 2025 года назвала іх фарсам.",
        "A longer sentence in English stands among the others, in its own language.",
        "Незалежныя назіральнікі не змаглі прайсці на ўчастак, FREEДОМ ім не дапамог.",
    ),
    "pl": (
        "Państwowa komisja wyborcza ogłosiła wyniki głosowania w niedzielę wieczorem.",
        "Łukaszenka powie\u00addział, że 1 265 obserwatorów było w lokalach.",
        "Białoruskie stowarzyszenie dziennikarzy nie uznaje wyborów, mówi Bastuniec.",
        "Komisja nie odpowiedziała; o'Brien i Dudź pytali o to w grudniu 2024 roku.",
    ),
}


def composed() -> list[Made]:
    """Documents of invented paragraphs with everything that tokens may hold."""
    maker = Maker(
        {
            code: [make_piece(line, code) for line in lines]
            for code, lines in LINES.items()
        }
    )
    return [maker.make(number) for number in range(DOCUMENTS)]


def test_a_composed_document_is_what_the_indexer_makes_of_its_text() -> None:
    for made in composed():
        ready = make_ready(ARCHIVE, made)
        analysed = analyse(made.capture, made.page)
        assert ready.document == build_document(
            ARCHIVE, made.capture, made.page, analysed
        )
        assert ready.document_row.simhash == analysed.simhash is not None
