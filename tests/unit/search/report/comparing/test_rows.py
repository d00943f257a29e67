"""Lists as rows: exactly the added, removed and corrected ones, in every format."""

import gzip
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from search.extract.worker import Worker
from search.report.comparing.rows import compare_lists, is_list, split_rows
from tests.support.inputs.lists import docx, html, make_people, number, pdf, rtf, xlsx

People = list[tuple[str, ...]]
ADDED, REMOVED = 12, 3


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as made:
        yield made


def first_issue(count: int = 300) -> People:
    return make_people(count)


def second_issue(people: People) -> People:
    """Twelve added in several places, three removed, a name and a date corrected."""
    rows = list(people)
    for place in (250, 120, 4):
        del rows[place]
    name, *rest = rows[60]
    rows[60] = (name.replace("а", "о", 1), *rest)
    assert rows[60][0] != name
    rows[90] = (rows[90][0], "31.12.1999", *rows[90][2:])
    new = make_people(ADDED, first=700)
    for n, row in enumerate(new):
        rows.insert(n * 20, row)
    return rows


def ascii_only(people: People) -> People:
    def plain(cell: str) -> str:
        spelt = (
            c if c.isascii() else f"{'bcdfghjklmnpqrstvwxz'[ord(c) % 20]}" for c in cell
        )
        return "".join(spelt)

    return [
        (f"{plain(row[0])}-{place * 7919 % 10007}", *row[1:])
        for place, row in enumerate(people)
    ]


def alter_sheet(book: bytes, change: Callable[[str], str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            is_sheet = name.endswith("sheet1.xml")
            new.writestr(name, change(data.decode()) if is_sheet else data)
    return made.getvalue()


def hide(sheet: str) -> str:
    """Two rows and a column that a reader does not see, and a merged heading."""
    for row in re.findall(r"<row>.*?</row>", sheet, re.DOTALL)[5:7]:
        sheet = sheet.replace(row, row.replace("<row>", '<row hidden="1">'))
    merged = "</sheetData><mergeCells><mergeCell ref='A1:E1'/></mergeCells>"
    hidden = "<cols><col min='2' max='2' hidden='1'/></cols><sheetData>"
    return sheet.replace("</sheetData>", merged).replace("<sheetData>", hidden)


def as_formulas(sheet: str) -> str:
    return re.sub(
        r'<c t="inlineStr"><is><t>(art[^<]*)</t></is></c>',
        r'<c t="str"><f>HYPERLINK("http://x.example/","y")</f><v>\1</v></c>',
        sheet,
    )


def repeat(sheet: str) -> str:
    row = re.findall(r"<row>.*?</row>", sheet, re.DOTALL)[5]
    return sheet.replace(row, row * 3)


@pytest.mark.parametrize(
    ("change", "added"), [(hide, 0), (as_formulas, 0), (repeat, 2)]
)
def test_rows_are_those_of_the_file_whatever_a_reader_is_shown(
    worker: Worker, change: Callable[[str], str], added: int
) -> None:
    book = xlsx(number(first_issue(30)))
    texts = [
        worker.extract(data, media_type=None, charset=None).text
        for data in (book, alter_sheet(book, change))
    ]
    found = compare_lists(*texts)
    assert (len(found.added), len(found.removed), len(found.corrected)) == (added, 0, 0)
    assert "art. 342" in texts[1]


def test_a_list_in_rtf_has_its_rows_and_cells(
    worker: Worker, require_program: Callable[[str], Path]
) -> None:
    """Lists of persons come as `.doc`; by itself catdoc runs cells of RTF together."""
    require_program("catdoc")
    people = first_issue(60)
    other = second_issue_of_rtf(people)
    texts = [
        worker.extract(
            rtf(number(rows)), media_type="application/msword", charset=None
        ).text
        for rows in (people, other)
    ]
    assert all(map(is_list, texts))
    changes = compare_lists(*texts)
    assert len(changes.added) == 2
    assert len(changes.removed) == 1
    assert len(changes.corrected) == 1


VECTORS = Path(__file__).resolve().parents[4] / "vectors"


def test_a_list_in_an_old_word_file_has_its_rows_and_cells(
    worker: Worker, require_program: Callable[[str], Path]
) -> None:
    """Cells of two paragraphs, with a link, or empty: see the script of the files."""
    require_program("antiword")
    made = [
        worker.extract(
            gzip.decompress((VECTORS / f"list-{n}.doc.gz").read_bytes()),
            media_type="application/msword",
            charset=None,
        )
        for n in (1, 2)
    ]
    assert {one.extractor for one in made} == {"antiword/1"}
    lines = made[0].text.split("\n")
    assert lines[:2] == ["Рэспубліканскі спіс", "№\tНазва\tРашэнне\tДата"]
    assert lines[2] == (
        "1\tТэлеграм-канал «channel1» t.me/channel1 (link)"
        "\tDecision of court 1 of the Central district\t01.02.2021"
    )
    assert lines[4].split("\t") == [
        "3",
        "Book “3”, Łacinka",
        "Decision of court 3 of the Central district",
        "03.02.2021",
    ]
    assert lines[5].split("\t")[2:] == ["", "04.02.2021"]
    assert lines[11:] == ["End"]
    changes = compare_lists(*(one.text for one in made))
    assert [row.cells[0][:23] for row in changes.added] == [
        "Тэлеграм-канал «new1» t",
        "Тэлеграм-канал «new2» t",
    ]
    assert [row.cells[0] for row in changes.removed] == ["Book “3”, Łacinka"]
    (corrected,) = changes.corrected
    assert corrected.cells[0].after.split()[-2:] == ["Northern", "district"]


def test_an_old_word_file_that_is_cut_gives_its_text_or_a_warning(
    worker: Worker, require_program: Callable[[str], Path]
) -> None:
    require_program("antiword")
    whole = gzip.decompress((VECTORS / "list-1.doc.gz").read_bytes())
    for length in range(512, len(whole), 5_000):
        made = worker.extract(whole[:length], media_type=None, charset=None)
        assert made.text or made.warnings, length


def second_issue_of_rtf(people: People) -> People:
    rows = list(people)
    del rows[40]
    rows[20] = (rows[20][0], "31.12.1999", *rows[20][2:])
    return [*rows, *make_people(2, first=700)]


@pytest.mark.parametrize("write", [xlsx, docx, html])
def test_exactly_the_changed_rows_are_found(
    worker: Worker, write: Callable[[People], bytes]
) -> None:
    people = first_issue()
    texts = [
        worker.extract(write(number(rows)), media_type="text/html", charset=None).text
        for rows in (people, second_issue(people))
    ]
    found = compare_lists(*texts)
    assert [row.cells[0] for row in found.added] == [
        row[0] for row in make_people(ADDED, first=700)
    ]
    assert {row.cells for row in found.removed} == {
        people[place] for place in (4, 120, 250)
    }
    assert len(found.corrected) == 2
    changed = [cell for row in found.corrected for cell in row.cells]
    assert sorted(cell.column for cell in changed) == [0, 1]
    assert "31.12.1999" in {cell.after for cell in changed}
    assert found.after - found.before == ADDED - REMOVED
    assert is_list(texts[0])


def test_a_list_in_a_pdf_is_compared_line_by_line(worker: Worker) -> None:
    people = ascii_only(first_issue(120))
    later = people[:40] + people[43:] + ascii_only(make_people(200))[150:162]
    later[10] = (later[10][0], "31.12.1999", *later[10][2:])
    texts = [
        worker.extract(
            pdf(number(rows)[1:]), media_type="application/pdf", charset=None
        ).text
        for rows in (people, later)
    ]
    found = compare_lists(*texts)
    assert len(found.added) == 12
    assert len(found.removed) == 3
    assert len(found.corrected) == 1
    assert "31.12.1999" in found.corrected[0].cells[0].after


def text_of(rows: People) -> str:
    return "\n".join("\t".join(row) for row in rows)


def test_keys_are_those_of_names_whatever_the_place_and_number() -> None:
    people = first_issue(50)
    moved = people[25:] + people[:25]
    assert compare_lists(text_of(number(people)), text_of(number(moved))).equal
    one = compare_lists(text_of([]), text_of(number(people)))
    other = compare_lists(text_of([]), text_of(number(moved)))
    keys = {row.cells: row.key for row in one.added}
    assert keys == {row.cells: row.key for row in other.added}
    assert all(re.fullmatch(r"[0-9a-f]{16}", key) for key in keys.values())


def test_spacing_is_no_change_and_letters_are() -> None:
    row = "1\tКаваль\u00a0 Іван\t01.01.1980"
    assert compare_lists(row, "1\tКаваль Іван\t01.01.1980 ").equal
    changed = compare_lists(row, "1\tКаваль Иван\t01.01.1980")
    assert not changed.equal
    assert len(changed.corrected) + len(changed.added) == 1


def test_persons_who_share_all_but_the_name_are_not_one_person() -> None:
    people = first_issue(100)
    gone = ("Адзінец Адам Адамавіч", "01.02.1970", "Minsk city court", "art. 342")
    came = ("Сямёнчык Лукаш Якубавіч", "01.02.1970", "Minsk city court", "art. 342")
    found = compare_lists(text_of([*people, gone]), text_of([*people, came]))
    assert [row.cells for row in found.removed] == [gone]
    assert [row.cells for row in found.added] == [came]


def test_doubles_are_counted() -> None:
    people = first_issue(20)
    found = compare_lists(text_of(people), text_of([*people, people[3]]))
    assert [row.cells for row in found.added] == [people[3]]


def test_running_numbers_are_only_those_that_run() -> None:
    years: People = [("2001", "a"), ("1999", "b"), ("2024", "c"), ("1987", "d")]
    assert [cells for _, cells in split_rows(text_of(years))] == years
    numbered = "\n".join(f"{n}. Entry {n * 7}" for n in range(1, 9))
    assert split_rows(numbered)[0] == (1, ("Entry 7",))
    assert is_list(numbered)
    assert not is_list("An article.\nWith lines.\nOf words.\nNo list.\nAt all.")


def test_a_list_of_nothing_has_no_rows() -> None:
    assert compare_lists("", "").equal
    assert len(compare_lists("", "a\tb").added) == 1
