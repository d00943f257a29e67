"""Citations read by other programs: nothing is lost on the way there and back."""

import json
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
import rispy
from bibtexparser.entrypoint import parse_string, write_string
from citeproc import Citation as Cluster
from citeproc import (
    CitationItem,
    CitationStylesBibliography,
    CitationStylesStyle,
    formatter,
)
from citeproc.source.json import CiteProcJSON
from lxml import html

from tests.unit.web.citing.test_checking import CITATION
from web.citing.citation import (
    Citation,
    format_bibtex,
    format_csl,
    format_html,
    format_ris,
    format_text,
)
from web.citing.metadata import dublin_core, format_coins

TITLES = (
    "Вынікі галасавання: дэманстрацыйная акруга № 1",
    "50 % & more_or_less #1 {braces} $5 ~ ^ \\",
    'A "quoted" title, with <tags> and a\nline break',
    "ў і ґ є ї ё ŭ ć ń ś ź ž č š ł ą ę ė į ų ū",
)


def plain(text: str) -> str:
    """What TeX shows of a field: our own escapes undone."""
    for escaped, letter in (
        ("\\textbackslash{}", "\0"),
        ("\\textasciitilde{}", "~"),
        ("\\textasciicircum{}", "^"),
        *((f"\\{letter}", letter) for letter in "{}$&#%_"),
        ("\0", "\\"),
    ):
        text = text.replace(escaped, letter)
    return text


@pytest.mark.parametrize("title", TITLES)
def test_bibtex_goes_through_bibtexparser_without_loss(title: str) -> None:
    cited = replace(CITATION, title=title)
    library = parse_string(format_bibtex(cited))
    assert library.failed_blocks == []
    entry = library.entries[0]
    assert (entry.entry_type, entry.key) == ("online", f"capture-{cited.short_id}")
    fields = {name: field.value for name, field in entry.fields_dict.items()}
    assert plain(fields["title"][1:-1]) == " ".join(title.split())
    assert fields["url"] == cited.permalink
    assert fields["urldate"] == "2025-01-28"
    assert fields["eprint"] == cited.short_id
    assert f"sha256:{cited.capture_id}" in plain(fields["note"])
    again = parse_string(write_string(library)).entries[0]
    assert {n: f.value for n, f in again.fields_dict.items()} == fields


@pytest.mark.parametrize("title", TITLES)
def test_ris_goes_through_rispy_without_loss(title: str) -> None:
    cited = replace(CITATION, title=title)
    (entry,) = rispy.loads(format_ris(cited).replace("\r\n", "\n"))
    assert entry["type_of_reference"] == "ELEC"
    assert entry["title"] == " ".join(title.split())
    assert entry["urls"] == [cited.permalink]
    assert entry["name_of_database"] == "Election observers"
    assert entry["accession_number"] == cited.short_id
    assert f"sha256:{cited.capture_id}" in " ".join(entry["notes"])
    assert rispy.loads(rispy.dumps([entry])) == [entry]


@pytest.mark.parametrize("title", TITLES)
def test_csl_json_goes_through_citeproc_without_loss(title: str) -> None:
    cited = replace(CITATION, title=title)
    items = json.loads(format_csl(cited))
    assert items[0]["title"] == " ".join(title.split())
    source = CiteProcJSON(items)
    style = CitationStylesStyle("harvard-cite-them-right", validate=False)
    bibliography = CitationStylesBibliography(style, source, formatter.plain)
    bibliography.register(Cluster([CitationItem(cited.short_id)]))
    (written,) = [str(one) for one in bibliography.bibliography()]
    assert " ".join(title.split()).strip(" ^\\")[:20] in written
    assert "2025" in written


@pytest.mark.parametrize("title", TITLES)
def test_a_citation_manager_reads_coins_and_dublin_core(title: str) -> None:
    cited = replace(CITATION, title=title)
    span = html.fromstring(f'<p><span class="Z3988" title="{escaped(cited)}"></span>')
    read = parse_qs(span.xpath("//span/@title")[0], strict_parsing=True)
    assert read["rft_val_fmt"] == ["info:ofi/fmt:kev:mtx:dc"]
    assert read["rft.type"] == ["webpage"]
    assert read["rft.title"] == [title]
    assert read["rft.identifier"] == [cited.permalink]
    assert read["rft.date"] == ["2025-01-28"]
    assert read["rft.relation"] == [cited.target_uri]
    names = dict(dublin_core(cited))
    assert names["DC.title"] == title
    assert names["DC.source"] == cited.target_uri


def escaped(cited: Citation) -> str:
    return format_coins(cited).replace("&", "&amp;")


@pytest.mark.parametrize("title", TITLES)
def test_a_robust_link_is_one_link_with_three_data(title: str) -> None:
    cited = replace(CITATION, title=title, target_uri='http://a.example/"><script>')
    link = html.fromstring(format_html(cited))
    assert link.tag == "a"
    assert link.text == " ".join(title.split())
    note = link.attrib.pop("title")
    assert f"sha256:{cited.capture_id}" in note
    assert dict(link.attrib) == {
        "href": cited.permalink,
        "data-originalurl": cited.target_uri,
        "data-versionurl": cited.permalink,
        "data-versiondate": "2025-01-28",
    }


def test_the_text_is_one_paragraph() -> None:
    assert "\n" not in format_text(replace(CITATION, title="a\nb\u2028c"))
