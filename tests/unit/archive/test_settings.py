"""Settings: everything is understood, or the program stops and names the key."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import SettingsError
from archive.settings import (
    VARIABLES,
    Authority,
    NetworkSettings,
    SearchSettings,
    Settings,
    TokenKey,
    WitnessPeer,
    load_settings,
    parse_settings,
)

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"
GOOD = b"""
[archive]
reserve_bytes = 7

[[time.authorities]]
name = "first"
url = "http://tsa.example/stamp"

[[witness.witnesses]]
name = "newsroom"
url = "https://witness.example/"
vkey = "a+b+c"
"""
WITNESS = '[[witness.witnesses]]\nname = "a"\nurl = "https://a.example/"\nvkey = "v"\n'
AUTHORITY = '[[time.authorities]]\nname = "a"\nurl = "https://a.example/"\n'


def test_what_the_file_says_is_taken() -> None:
    assert parse_settings(GOOD, "f") == Settings(
        reserve_bytes=7,
        authorities=(Authority(name="first", url="http://tsa.example/stamp"),),
        witnesses=(
            WitnessPeer(name="newsroom", url="https://witness.example/", vkey="a+b+c"),
        ),
    )


def test_an_empty_file_is_the_settings_nobody_changed() -> None:
    assert parse_settings(b"", "f") == Settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colour = 1", "'colour'"),
        ("[archive]\nreserve = 1", "'reserve'"),
        ("[archive]\nreserve_bytes = '1'", "reserve_bytes"),
        ("[archive]\nreserve_bytes = true", "reserve_bytes"),
        ("[archive]\nreserve_bytes = -1", "reserve_bytes"),
        ("archive = 1", "archive"),
        ("[time]\nauthorities = 1", "authorities"),
        ("[time]\nauthorities = ['x']", "authorities"),
        (AUTHORITY.replace("name", "nmae"), "name"),
        (AUTHORITY + "vkey = 'x'", "'vkey'"),
        (AUTHORITY.replace("https", "ftp"), "number 1"),
        (AUTHORITY.replace('"a"', '"A"'), "name"),
        (AUTHORITY + AUTHORITY, "twice"),
        (AUTHORITY + AUTHORITY.replace('"a"', '"b"'), "twice"),
        (WITNESS.replace("https", "http"), "number 1"),
        (WITNESS.replace("vkey", "key"), "vkey"),
        (WITNESS + WITNESS.replace('"a"', '"b"'), "twice"),
        ("".join(AUTHORITY.replace('"a"', f'"a{n}"') for n in range(33)), "32"),
        ("[archive", "TOML"),
        ("[search]\nengine = 'lucene'", "engine is tantivy or elasticsearch"),
        ("[search]\nengine = 'elasticsearch'", "without its url"),
        ("[search]\nca_file = 'x'", "without its url"),
        ("[search]\nurl = 'http://search.example/'", "without TLS"),
        ("[search]\nurl = 'https://me:pw@search.example/'", "user name"),
        ("[search]\nurl = 'https://s.example/'\nreplicas = 9", "replicas"),
        ("[search]\napi_key = 'secret'", "'api_key'"),
    ],
)
def test_a_wrong_setting_stops_and_is_named(text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(named)):
        parse_settings(text.encode(), "settings.toml")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(SettingsError, match="byte 2"):
        parse_settings(b"# \xff", "f")


def test_the_option_wins_over_the_variable_and_that_over_the_usual_place(
    tmp_path: Path,
) -> None:
    usual = tmp_path / "evidence" / "settings.toml"
    usual.parent.mkdir()
    for path, number in ((usual, 1), (tmp_path / "b", 2), (tmp_path / "c", 3)):
        path.write_text(f"[archive]\nreserve_bytes = {number}\n")
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert load_settings(None, environ).reserve_bytes == 1
    environ["EVIDENCE_SETTINGS"] = str(tmp_path / "b")
    assert load_settings(None, environ).reserve_bytes == 2
    assert load_settings(tmp_path / "c", environ).reserve_bytes == 3
    environ["EVIDENCE_ARCHIVE__RESERVE_BYTES"] = "4"
    assert load_settings(tmp_path / "c", environ).reserve_bytes == 4


def test_a_variable_wins_over_every_key_that_holds_one_value(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(GOOD + b'[search]\nurl = "https://old.example/"\nreplicas = 1\n')
    environ = {
        "EVIDENCE_ARCHIVE__RESERVE_BYTES": "8",
        "EVIDENCE_KEYS__MODULE": "libtoken.so",
        "EVIDENCE_KEYS__TOKEN": "observers",
        "EVIDENCE_KEYS__KEY": "operator",
        "EVIDENCE_NETWORK__PROXIES": "/etc/proxies.toml",
        "EVIDENCE_NETWORK__PROXY": "tor",
        "EVIDENCE_SEARCH__ENGINE": "elasticsearch",
        "EVIDENCE_SEARCH__URL": "https://new.example/",
        "EVIDENCE_SEARCH__API_KEY_FILE": "/etc/key",
        "EVIDENCE_SEARCH__CA_FILE": "/etc/ca.pem",
        "EVIDENCE_SEARCH__REPLICAS": "2",
    }
    assert set(environ) == set(VARIABLES)
    assert load_settings(path, environ) == replace(
        parse_settings(GOOD, "f"),
        reserve_bytes=8,
        token_key=TokenKey(module="libtoken.so", token="observers", key="operator"),
        network=NetworkSettings(proxies=Path("/etc/proxies.toml"), proxy="tor"),
        search=SearchSettings(
            engine="elasticsearch",
            url="https://new.example/",
            api_key_file=Path("/etc/key"),
            ca_file=Path("/etc/ca.pem"),
            replicas=2,
        ),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EVIDENCE_ARCHIVE__RESERVE_BYTES", "5%"),
        ("EVIDENCE_SEARCH__REPLICAS", "-1"),
        ("EVIDENCE_SEARCH__REPLICAS", "6"),
        ("EVIDENCE_SEARCH__ENGINE", "solr"),
        ("EVIDENCE_KEYS__TOKEN", "alone"),
        ("EVIDENCE_NETWORK__PROXY", "alone"),
    ],
)
def test_a_variable_that_cannot_be_taken_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load_settings(None, {name: value})


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "missing", {})
    assert load_settings(None, {"HOME": str(tmp_path)}) == Settings()
    assert load_settings(None, {}) == Settings()


def test_a_file_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"#" * (64 * 1024 + 1))
    with pytest.raises(SettingsError, match="longer"):
        load_settings(path, {})


def test_the_page_shows_a_file_that_can_be_read_and_names_every_key() -> None:
    text = PAGE.read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    shown = parse_settings(example.encode(), "page")
    assert shown.reserve_bytes is not None
    assert shown.authorities
    assert shown.witnesses
    stated = set(re.findall(r"^\| `([a-z._]+)` \|", text, re.MULTILINE))
    assert stated == {
        "archive.reserve_bytes",
        "time.authorities",
        "witness.witnesses",
        "network.proxies",
        "network.proxy",
        "search.engine",
        "search.url",
        "search.api_key_file",
        "search.ca_file",
        "search.replicas",
    }
