"""Segments and statements changed by who can write into the folder.

Each attack changes a copy of a VERIFIED archive. Then the whole procedure must come to
an end in bounded time and memory, raise nothing, not say VERIFIED, and name the place
in a finding that counts.
"""

import gzip
import io
import os
import shutil

import pytest

from archive.warc.member import Effort, write_member, write_stored_member
from tests.support.archives.archives import MadeArchive
from tests.support.attacks.attacks import Attacks, assert_refused
from tests.support.attacks.forgery import (
    Forger,
    append,
    entries,
    flip,
    last_segment,
    link_to_copy,
    pieces,
    pipe_at,
    rewrite,
    segments,
)

pytestmark = pytest.mark.timeout(120)
ATTACKS = Attacks()
attack = ATTACKS.attack


# Segments: altered, reordered, repeated, shortened, extended


@attack("segments/", 5, 17)
def a_bit_of_a_slice_is_flipped(made: MadeArchive) -> None:
    flip(segments(made.root)[0], 900)


@attack("offset", 16)
def two_entries_change_places(made: MadeArchive) -> None:
    path = last_segment(made.root)
    parts = pieces(path)
    parts[1], parts[2] = parts[2], parts[1]
    rewrite(path, b"".join(parts))


@attack("offset", 16)
def an_entry_stands_twice(made: MadeArchive) -> None:
    path = last_segment(made.root)
    parts = pieces(path)
    rewrite(path, b"".join([*parts[:2], parts[1], *parts[2:]]))


@attack("entries", 16)
def an_entry_is_taken_out(made: MadeArchive) -> None:
    path = last_segment(made.root)
    parts = pieces(path)
    rewrite(path, b"".join(parts[:1] + parts[2:]))


@attack("entries", 16)
def the_end_is_cut_at_an_entry(made: MadeArchive) -> None:
    path = last_segment(made.root)
    rewrite(path, b"".join(pieces(path)[:-1]))


@attack("segments/2025/01/00000001", 16)
def the_end_is_cut_inside_a_member(made: MadeArchive) -> None:
    path = last_segment(made.root)
    rewrite(path, path.read_bytes()[:-3])


@attack("00000000", 16)
def the_first_segment_is_deleted(made: MadeArchive) -> None:
    segments(made.root)[0].unlink()


@attack("entries", 16)
def the_last_segment_is_deleted(made: MadeArchive) -> None:
    last_segment(made.root).unlink()


@attack("entries 0", 16)
def all_segments_are_deleted(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "segments")
    (made.root / "segments").mkdir()


@attack("entries 0", 16)
def the_segments_folder_is_deleted(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "segments")


@attack("segments", 17)
def a_file_stands_for_the_segments_folder(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "segments")
    (made.root / "segments").write_bytes(b"")


@attack("segments/2025/01/00000000", 16)
def two_segments_change_their_serials(made: MadeArchive) -> None:
    first, second = segments(made.root)
    a = first.with_name(first.name.replace("00000000", "00000001"))
    b = second.with_name(second.name.replace("00000001", "00000000"))
    first.rename(a)
    second.rename(b)


@attack("doubled", 16)
def a_segment_stands_twice(made: MadeArchive) -> None:
    first = segments(made.root)[0]
    shutil.copy(first, first.with_name("00000000-aaaaaaaa.warc.gz"))


@attack(".open", 17)
def a_sealed_segment_is_named_open_again(made: MadeArchive) -> None:
    first = segments(made.root)[0]
    first.rename(first.with_name(first.name + ".open"))


@attack("no statement behind", 16)
def a_record_without_statement_is_appended(made: MadeArchive) -> None:
    first = entries(segments(made.root)[0])[1]
    data = segments(made.root)[0].read_bytes()
    member = data[
        first.slice_offset : first.slice_offset + first.records[0].span.length
    ]
    append(last_segment(made.root), member)


@attack("segments/2025/01/00000001", 16)
def zeros_are_appended(made: MadeArchive) -> None:
    append(last_segment(made.root), bytes(4096))


@attack("segments/2025/01/00000001", 16)
def an_empty_member_is_appended(made: MadeArchive) -> None:
    append(last_segment(made.root), write_stored_member(b""))


@attack("segments/2025/01/00000000", 5)
def a_comment_is_put_into_a_member(made: MadeArchive) -> None:
    path = segments(made.root)[0]
    data, place = path.read_bytes(), entries(path)[1].slice_offset
    head = bytes.fromhex("1f8b08100000000000ff") + b"hidden\0"
    rewrite(path, data[:place] + head + data[place + 10 :])


@attack("segments/2025/01/00000000", 1)
def a_statement_is_compressed_again(made: MadeArchive) -> None:
    path = segments(made.root)[0]
    data, entry = path.read_bytes(), entries(path)[1]
    content = gzip.decompress(data[entry.statement_offset : entry.end_bytes])
    out = io.BytesIO()
    write_member(out, [content], Effort.DENSE)
    before, behind = data[: entry.statement_offset], data[entry.end_bytes :]
    rewrite(path, before + out.getvalue() + behind)


# Statements of others


@attack("no operator key", 3)
def a_stranger_appends_a_capture(made: MadeArchive) -> None:
    forger = Forger.stranger(made)
    forger.append(forger.entry(forger.capture("http://a.example/forged")))


@attack("not logged yet", 7)
def a_capture_of_a_stolen_key_is_appended_but_not_logged(made: MadeArchive) -> None:
    forger = Forger.insider(made)
    forger.append(forger.entry(forger.capture("http://a.example/forged")))


@attack("does not fit", 4)
def a_stranger_signs_under_the_operators_key_id(made: MadeArchive) -> None:
    forger = Forger.stranger(made, key_id=made.keys().operator.key_id)
    forger.append(forger.entry(forger.capture("http://a.example/forged")))


@attack("is another leaf", 2)
def an_entry_is_replaced_by_one_of_a_stolen_key(made: MadeArchive) -> None:
    path = last_segment(made.root)
    parts = pieces(path)
    rewrite(path, b"".join(parts[:-1]))
    forger = Forger.insider(made)
    forger.append(forger.entry(forger.capture("http://a.example/forged")))


@attack("made for the archive", 16)
def a_statement_of_another_archive_is_appended(made: MadeArchive) -> None:
    forger = Forger.insider(made)
    draft = forger.capture("http://a.example/forged")
    forger.append(forger.entry(draft, archive="a" * 26))


@attack("http://[", 6)
def an_address_that_cannot_be_taken_apart_is_stated(made: MadeArchive) -> None:
    forger = Forger.stranger(made)
    draft = forger.capture("http://a.example/forged")
    draft.predicate.update(target_uri="http://[", host_alabel=None)
    forger.append(forger.entry(draft))


@attack("archive.toml", 21)
def the_name_of_the_archive_is_changed(made: MadeArchive) -> None:
    path = made.root / "archive.toml"
    rewrite(path, path.read_bytes().replace(b"Observers", b"Overseers"))


@attack("archive.toml", 21)
def archive_toml_is_very_long(made: MadeArchive) -> None:
    (made.root / "archive.toml").chmod(0o600)
    os.truncate(made.root / "archive.toml", 1 << 40)


@attack("archive.toml", 17, 21)
def archive_toml_is_a_pipe(made: MadeArchive) -> None:
    pipe_at(made.root / "archive.toml")


@attack("archive.toml", 17, 21)
def archive_toml_is_a_link(made: MadeArchive) -> None:
    link_to_copy(made.root / "archive.toml", made.root.parent / "elsewhere")


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_the_folder_is_refused(made: MadeArchive, name: str) -> None:
    found = ATTACKS[name]
    found.run(made)
    assert_refused(made, found.place, *found.steps)
