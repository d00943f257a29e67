"""Source files are read strictly: every fault is named by file and line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from archive.errors import SourceError, UnknownSource
from crawlers.sources.description import describe_source
from crawlers.sources.registry import (
    get_source,
    parse_source,
    read_one_source,
    read_registry,
)
from crawlers.sources.source import PartsMode, ScopeAction, Source, SourceGroup

Parse = Callable[[str], Source]


def test_shipped_files_are_sound_and_named_as_they_are_called() -> None:
    registry = read_registry()
    assert {"viasna", "zerkalo"} <= set(registry)
    assert len(registry["zerkalo"].hosts) == 22
    assert registry["viasna"].sensitivity.restricted
    assert all(key == source.id for key, source in registry.items())


def test_a_sound_file_becomes_a_source_with_its_defaults(outlet: Source) -> None:
    assert outlet.group is SourceGroup.INDEPENDENT
    assert outlet.parts is PartsMode.STATIC
    assert outlet.limits.requests == 10
    assert outlet.limits.ports == (8080,)
    assert outlet.limits.delay_ms == 500
    assert outlet.network.tls == "require"
    assert outlet.network.robots == "obey"
    assert next(rule.action for rule in outlet.scope) is ScopeAction.IGNORE
    assert outlet.seeds[0].listing is not None
    assert outlet.seeds[0].listing.pages == 2
    assert outlet.seeds[1].listing is None


def test_a_source_names_its_proxy_by_a_label_alone(parse: Parse, sound: str) -> None:
    network = '[network]\ntls = "require"'
    assert network in sound
    source = parse(sound.replace(network, network + '\nproxy = "tor"'))
    assert source.network.proxy == "tor"
    network_table = describe_source(source)["network"]
    assert isinstance(network_table, dict)
    assert network_table["proxy"] == "tor"
    for text in ("http://u:hunter2@127.0.0.1:1", "Tor", ""):
        with pytest.raises(SourceError, match=r"toml:\d+: \[network\] proxy") as caught:
            parse(sound.replace(network, f'{network}\nproxy = "{text}"'))
        assert "hunter2" not in str(caught.value)


FAULTS = [
    ('id = "outlet"', 'id = "other"', 1, "id"),
    ('id = "outlet"', 'id = "Outlet"', 1, "id"),
    ('id = "outlet"', 'id = "outlet"\ncolour = 1', 2, "colour"),
    ('title = "An outlet"', "", 1, "title"),
    ('title = "An outlet"', 'title = ""', 2, "title"),
    ('title = "An outlet"', "title = 3", 2, "title"),
    ('group = "independent"', 'group = "free"', 4, "group"),
    ('jurisdiction = "BY"', 'jurisdiction = "Belarus"', 5, "jurisdiction"),
    ('languages = ["be", "ru"]', "languages = []", 6, "languages"),
    ('languages = ["be", "ru"]', 'languages = ["Belarusian"]', 6, "languages"),
    ('confidence = "verified"', 'confidence = "sure"', 7, "confidence"),
    ('timezone = "Europe/Minsk"', 'timezone = "Minsk"', 8, "timezone"),
    ('timezone = "Europe/Minsk"', 'timezone = "../etc"', 8, "timezone"),
    (
        'confidence = "verified"',
        'confidence = "verified"\nparts = "pictures"',
        8,
        "parts",
    ),
    ('name = "outlet.example"', 'name = "www.outlet.example"', 11, "name"),
    ('name = "outlet.example"', 'name = "Outlet.example"', 11, "name"),
    ('name = "mirror.example"', 'name = "outlet.example"', 16, "twice"),
    ('role = "mirror"', 'role = "copy"', 17, "role"),
    ('known = "test"\nfrom', "from", 15, "known"),
    ("from = 2025-01-01", 'from = "2025-01-01"', 19, "from"),
    ("until = 2025-02-01", "until = 2024-02-01", 20, "ends before"),
    ('spider = "listing"', 'spider = "rss"', 24, "spider"),
    ('spider = "listing"', 'spider = "feed"', 25, "item"),
    ('spider = "listing"', 'spider = "archive"', 23, "counts by"),
    ("example/about", "example/{page}", 31, "placeholders"),
    ('item = "li"\n', "", 22, "item"),
    ('item = "li"', 'item = "li["', 25, "item"),
    ('item = "li"', 'item = "li"\ntitle = ">>"', 26, "title"),
    ("pages = 2", "pages = 0", 27, "pages"),
    ("pages = 2", "pages = true", 27, "pages"),
    ("article = '/news/\\d+'", "article = '('", 28, "article"),
    ('spider = "page"', 'spider = "page"\nitem = "li"', 33, "item"),
    ('url = "https://outlet.example/about"', 'url = "ftp://x"', 31, "url"),
    ('url = "https://outlet.example/about"', 'url = "https://x.example/"', 31, "url"),
    ('action = "ignore"', 'action = "drop"', 36, "action"),
    ('host = "outlet.example"', 'host = "other.example"', 49, "other.example"),
    ("path = '/private/.*'\n", "", 37, "can never match"),
    ("path = '/.*\\.css'", "path = '['", 45, "path"),
    ("requests = 10", "requests = 0", 54, "requests"),
    ("requests = 10", "requsts = 10", 54, "requsts"),
    ('tls = "require"', 'tls = "off"', 59, "tls"),
    ('tls = "require"', 'robots = "ignore"', 58, "robots_reason"),
    ("items_min = 1", "items_min = -1", 62, "items_min"),
    ("items_min = 1", "items_min = 1\nsince = 2", 63, "since"),
    ("[expect]", "[expekt]", 61, "expekt"),
    ("[expect]", "[sensitivity]\nrestricted = true\n[expect]", 61, "note"),
    ("[expect]", "[expect", 61, "line 61"),
    # What somebody else's file may hold.
    ('title = "An outlet"', 'title = "\\u001b[31mA"', 2, "cannot be seen"),
    ('title = "An outlet"', 'title = "\\u202eA"', 2, "cannot be seen"),
    ('title = "An outlet"', f'title = "{"A" * 9000}"', 2, "longer than"),
    ('timezone = "Europe/Minsk"', 'timezone = "Europe"', 8, "timezone"),
    ("example/about", "example:80@b.example/about", 31, "names a user"),
    ('item = "li"', 'item = "li::text"', 25, "item"),
    ('item = "li"', 'item = "li:hover"', 25, "finds nothing"),
    ('item = "li"', 'item = "li:unheard(3)"', 25, "item"),
    ("pages = 2", "pages = 99999999", 27, "at most"),
    ("requests = 10", "requests = 99999999999999999999", 54, "at most"),
    ("requests = 10", "minutes = 99999999", 54, "at most"),
    ("requests = 10", "concurrency = 1000", 54, "at most"),
    ("requests = 10", "delay_ms = 99999999", 54, "at most"),
    ("ports = [8080]", "ports = [-1]", 56, "no port"),
    ('tls = "require"', 'user_agent = "Агент"', 59, "user_agent"),
    ("[expect]", '[second_profile]\nuser_agent = "x\\ty"\n[expect]', 62, "seen"),
    ("[expect]", "[second_profile]\npercent = 101\n[expect]", 62, "at most"),
    (
        "[expect]",
        "[[schedule.window]]\nfrom = 0001-01-01T00:00:00+14:00\n[expect]",
        62,
        "years",
    ),
]


@pytest.mark.parametrize(("old", "new", "line", "word"), FAULTS)
def test_a_broken_file_is_refused_with_file_line_and_key(
    sound: str, parse: Parse, *, old: str, new: str, line: int, word: str
) -> None:
    assert old in sound
    with pytest.raises(SourceError) as caught:
        parse(sound.replace(old, new, 1))
    assert word in str(caught.value)
    assert f"outlet.toml:{line}:" in str(caught.value) or f"line {line}" in str(
        caught.value
    )


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(SourceError):
        parse_source(b"\xff\xfe", Path("outlet.toml"))


def test_one_host_in_two_files_is_refused(sound: str, tmp_path: Path) -> None:
    (tmp_path / "outlet.toml").write_text(sound)
    (tmp_path / "second.toml").write_text(sound.replace('"outlet"', '"second"', 1))
    with pytest.raises(SourceError, match="already belongs to source 'outlet'"):
        read_registry([tmp_path])


def test_an_id_of_a_shipped_file_is_taken(sound: str, tmp_path: Path) -> None:
    text = sound.replace('"outlet"', '"viasna"', 1)
    (tmp_path / "viasna.toml").write_text(text)
    with pytest.raises(SourceError, match="taken by another file"):
        read_registry([tmp_path])


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        read_registry([tmp_path / "none"])


def test_an_unknown_source_names_those_called_nearly_so(
    sound: str, tmp_path: Path
) -> None:
    (tmp_path / "outlet.toml").write_text(sound)
    assert get_source("outlet", [tmp_path]).id == "outlet"
    with pytest.raises(UnknownSource, match="did you mean viasna") as caught:
        get_source("viasnna", [tmp_path])
    assert "evidence sources list" in str(caught.value)
    assert caught.value.exit_code == 2


def floats_in(value: object) -> list[float]:
    """All there are, however deep."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [found for one in value for found in floats_in(one)]
    return [value] if isinstance(value, float) else []


def test_the_description_holds_no_floats_and_all_that_readers_need(
    outlet: Source,
) -> None:
    described = describe_source(outlet)
    assert described["title"] == "An outlet"
    assert described["expect"] == {"items_min": 1}
    assert described["scope"] == [rule.name for rule in outlet.scope]
    assert floats_in(described) == []


def test_one_source_alone_is_read_as_in_its_registry(
    sound: str, tmp_path: Path
) -> None:
    (tmp_path / "outlet.toml").write_text(sound)
    for name in ("outlet", "viasna"):
        assert read_one_source(name, [tmp_path]) == get_source(name, [tmp_path])
    with pytest.raises(UnknownSource, match="no source is called"):
        read_one_source("nobody", [tmp_path])
