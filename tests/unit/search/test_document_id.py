"""The id of a document follows from what it says, however much of that is known."""

from dataclasses import replace

from archive.digest import Digest
from search.documents.document import PageText, document_id
from search.documents.parts import divide
from search.extract.result import Part
from tests.unit.search.test_composed_documents import ARCHIVE, composed

MADE = composed()[0]


def id_of(page: PageText) -> str:
    return document_id(ARCHIVE, MADE.capture, page)


def test_a_digest_that_is_known_gives_the_id_that_the_text_gives() -> None:
    text = MADE.page.text
    known = replace(MADE.page, digest=Digest.of(text.encode()).hex)
    assert id_of(known) == id_of(MADE.page)
    assert id_of(known) != id_of(replace(MADE.page, text=f"{text}."))


def test_the_digest_of_a_page_is_not_that_of_what_its_items_leave() -> None:
    known = replace(MADE.page, digest=Digest.of(MADE.page.text.encode()).hex)
    item = Part(
        kind="item",
        start=0,
        end=20,
        title="One",
        language="be",
        attribution=None,
        claimed=None,
        warnings=(),
    )
    for page, bare in zip(
        divide(known, [item]).pages, divide(MADE.page, [item]).pages, strict=True
    ):
        assert id_of(page) == id_of(bare)
