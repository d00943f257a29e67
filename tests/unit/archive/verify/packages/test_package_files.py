"""The files of a package to the byte, as other programs read them."""

import io
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, BinaryIO, cast

import pytest

from archive.digest import Digest
from archive.errors import FormatError
from archive.verify.packages.packagefiles import (
    PackedEvidence,
    Packing,
    Resource,
    asked_for,
    evidence_path,
    format_description,
    format_index,
    format_pages,
    is_asked_for,
    parse_resources,
    read_limited,
    slice_path,
)
from archive.zipped import ZipFiles
from tests.support.archives.bundles import World

ID, OTHER = "a" * 26, "b" * 26
PACKING = Packing(created="2026-01-26T08:00:00Z", software="software 1")
EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Entries:
    """Entries of a zip in memory."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self.names = tuple(files)

    def size(self, name: str) -> int:
        return len(self._files[name])

    def open(self, name: str) -> BinaryIO:
        return io.BytesIO(self._files[name])


def zipped(*names: str, **files: bytes) -> ZipFiles:
    entries = Entries({**{name: name.encode() for name in names}, **files})
    return cast("ZipFiles", entries)


def test_a_description_is_written_so() -> None:
    resources = [
        Resource(path="pages/pages.jsonl", digest=Digest.of(b""), size=3),
        Resource(path="evidence/README.txt", digest=Digest.of(b""), size=0),
        Resource(path="evidence/captures+ab+leaf.txt", digest=Digest.of(b""), size=1),
    ]
    assert (
        format_description(resources, PACKING).decode()
        == f"""{{
  "profile": "data-package",
  "wacz_version": "1.1.1",
  "title": "Captures with evidence",
  "description": "For display. What it shows is proven by the files in evidence/, \
checked by `evidence verify wacz`; the signature of this package only says who packed \
it.",
  "created": "2026-01-26T08:00:00Z",
  "software": "software 1",
  "resources": [
    {{
      "name": "evidence/readme.txt",
      "path": "evidence/README.txt",
      "hash": "{EMPTY}",
      "bytes": 0
    }},
    {{
      "name": "evidence/captures/ab/leaf.txt",
      "path": "evidence/captures+ab+leaf.txt",
      "hash": "{EMPTY}",
      "bytes": 1
    }},
    {{
      "name": "pages/pages.jsonl",
      "path": "pages/pages.jsonl",
      "hash": "{EMPTY}",
      "bytes": 3
    }}
  ]
}}
"""
    )


def test_a_page_list_is_written_so() -> None:
    def statement(number: int, uri: str) -> Any:
        at = f"2026-01-2{number}T08:00:00.123456Z"
        return SimpleNamespace(
            slice=SimpleNamespace(sha256=Digest.of(b"")),
            predicate={"target_uri": uri, "captured_at": at},
        )

    pages = [statement(6, "http://b.example/"), statement(5, "http://a.example/ж")]
    short = Digest.of(b"").short_id
    assert format_pages(pages).decode() == (
        '{"format": "json-pages-1.0", "id": "pages", "title": "Captures"}\n'
        f'{{"id": "{short}", "url": "http://b.example/", '
        '"ts": "2026-01-26T08:00:00Z", "title": "http://b.example/"}\n'
        f'{{"id": "{short}", "url": "http://a.example/\\u0436", '
        '"ts": "2026-01-25T08:00:00Z", "title": "http://a.example/\\u0436"}\n'
    )
    assert format_pages([]).count(b"\n") == 1


def lines_of(world: World, *bundles: str) -> list[str]:
    def opening(name: str) -> Any:
        return lambda: io.BytesIO(world.bundles[name]["capture.warc.gz"])

    text = format_index((f"{name}.warc.gz", opening(name)) for name in bundles)
    assert text.endswith(b"\n") or not text
    return text.decode().splitlines()


def test_an_index_has_a_line_for_what_can_be_shown(world: World) -> None:
    one = lines_of(world, "one")
    assert len(one) == 1
    key, stamp, value = one[0].split(" ", 2)
    assert (key, len(stamp)) == ("example,a)/", 14)
    assert '"url": "http://a.example/", "mime": "text/html", "status": "200"' in value
    assert '"filename": "one.warc.gz"' in value
    assert '"offset": "0"' in value
    assert lines_of(world, "revisit") == [], "an empty 304 hides the original"
    both = lines_of(world, "bounded", "revisit", "one", "chained")
    assert both == sorted(both)
    assert [line.partition(" ")[0] for line in both] == [
        "example,a)/",
        "example,b)/2",
        "example,c)/",
    ]
    assert one[0] in both


def test_behind_an_empty_answer_the_rest_of_a_slice_is_listed(world: World) -> None:
    slices = [world.bundles[name]["capture.warc.gz"] for name in ("revisit", "one")]
    text = format_index([("x.warc.gz", lambda: io.BytesIO(b"".join(slices)))])
    (line,) = text.decode().splitlines()
    assert f'"offset": "{len(slices[0])}"' in line


def test_listed_resources_are_read_in_both_forms() -> None:
    digits = EMPTY.removeprefix("sha256:")
    new = {"path": "a", "hash": EMPTY, "bytes": 3, "name": "x"}
    old = {"path": "b", "stats": {"hash": digits, "bytes": 4}}
    assert parse_resources({"resources": [new, old]}) == [
        Resource(path="a", digest=Digest.of(b""), size=3),
        Resource(path="b", digest=Digest.of(b""), size=4),
    ]
    assert parse_resources({"resources": []}) == []


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ({}, "lists no resources"),
        ({"resources": {}}, "lists no resources"),
        *(
            ({"resources": [one]}, "lists a resource without path, hash or size")
            for one in (
                3,
                {},
                {"path": "a"},
                {"path": 3, "hash": EMPTY, "bytes": 3},
                {"path": "a", "hash": 3, "bytes": 3},
                {"path": "a", "hash": EMPTY, "bytes": "3"},
                {"path": "a", "hash": EMPTY},
                {"path": "a", "stats": None, "hash": EMPTY, "bytes": 3},
            )
        ),
    ],
)
def test_resources_of_another_form_are_refused_in_words(
    listed: dict[str, object], words: str
) -> None:
    with pytest.raises(FormatError) as caught:
        parse_resources(listed)
    assert str(caught.value) == words


def test_evidence_is_a_bundle_whose_slices_lie_elsewhere() -> None:
    deep = f"captures/{ID}/captures/{OTHER}/"
    files = zipped(
        "datapackage.json",
        "evidence/README.txt",
        "evidence/leaf.txt",
        f"evidence/captures+{ID}+leaf.txt",
        f"evidence/captures+{ID}+captures+{OTHER}+view+text.txt",
        f"evidence/also+{'c' * 26}+leaf.txt",
        "archive/.warc.gz",
        f"archive/{ID}.warc.gz",
        f"archive/{OTHER}.warc.gz",
        f"archive/{'d' * 26}.warc.gz",
    )
    evidence = PackedEvidence(files)
    places = {
        "README.txt": "evidence/README.txt",
        "leaf.txt": "evidence/leaf.txt",
        f"captures/{ID}/leaf.txt": f"evidence/captures+{ID}+leaf.txt",
        f"{deep}view/text.txt": (
            f"evidence/captures+{ID}+captures+{OTHER}+view+text.txt"
        ),
        f"also/{'c' * 26}/leaf.txt": f"evidence/also+{'c' * 26}+leaf.txt",
        f"captures/{ID}/capture.warc.gz": f"archive/{ID}.warc.gz",
        f"{deep}capture.warc.gz": f"archive/{OTHER}.warc.gz",
    }
    assert set(evidence.names) == set(places)
    assert evidence.places == frozenset(places.values())
    assert evidence.strange == ()
    for name, place in places.items():
        assert evidence.size(name) == len(place)
        assert evidence.open(name).read() == place.encode()
    assert asked_for(evidence) == [f"captures/{ID}/"]


def test_paths_in_a_package_are_these() -> None:
    assert evidence_path("README.txt") == "evidence/README.txt"
    assert evidence_path("also/x/leaf.txt") == "evidence/also+x+leaf.txt"
    assert slice_path(f"also/{ID}/") == f"archive/{ID}.warc.gz"
    assert slice_path(f"captures/{ID}/captures/{OTHER}/") == f"archive/{OTHER}.warc.gz"


@pytest.mark.parametrize(
    ("prefix", "is_first"),
    [
        (f"captures/{ID}/", True),
        (f"also/{ID}/", False),
        ("captures/", False),
        (f"captures/{ID}/captures/{OTHER}/", False),
        (f"Captures/{ID}/", False),
    ],
)
def test_what_was_asked_for_lies_at_the_first_level(
    prefix: str, is_first: bool
) -> None:
    assert is_asked_for(prefix) is is_first


def test_captures_that_were_asked_for_come_in_their_order() -> None:
    files = zipped(*(f"evidence/captures+{c * 26}+leaf.txt" for c in "cab"))
    wanted = [f"captures/{c * 26}/" for c in "abc"]
    assert asked_for(PackedEvidence(files)) == wanted


def test_a_small_file_may_be_as_long_as_its_limit() -> None:
    files = zipped(x=b"1234")
    assert read_limited(files, "x", 4) == b"1234"
    with pytest.raises(FormatError) as caught:
        read_limited(files, "x", 3)
    assert str(caught.value) == "x is longer than 3 bytes"
    grown = SimpleNamespace(size=lambda _name: 4, open=lambda _n: io.BytesIO(b"12345"))
    assert read_limited(cast("ZipFiles", grown), "x", 4) == b"1234"
