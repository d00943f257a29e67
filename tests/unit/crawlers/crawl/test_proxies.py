"""The user's file of proxies: strict, private, silent about its secrets."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import SettingsError
from archive.settings import NetworkSettings
from crawlers.crawl.order import CrawlOrder
from crawlers.crawl.proxies import ProxyChoice, read_choice, read_proxies
from crawlers.sources.registry import get_source

SECRET = "hunter2"
GOOD = f"""
[tor]
url = "socks5h://127.0.0.1:9050"
tor = true

[office]
url = "http://alice@192.0.2.7:3128"
password = "{SECRET}"
"""
SOURCE = get_source("viasna")
THROUGH_OFFICE = replace(SOURCE, network=replace(SOURCE.network, proxy="office"))


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "proxies.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_private_file_is_read(tmp_path: Path) -> None:
    tor, office = read_proxies(write(tmp_path, GOOD))
    assert (tor.label, tor.tor, tor.password) == ("tor", True, None)
    assert (office.label, office.tor, office.password) == ("office", False, SECRET)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o601])
def test_a_file_with_a_password_that_others_may_read_is_refused(
    mode: int, tmp_path: Path
) -> None:
    path = write(tmp_path, GOOD, mode)
    with pytest.raises(SettingsError, match=r"chmod 600 .*proxies\.toml"):
        read_proxies(path)
    open_to_all = write(tmp_path, GOOD.partition("[office]")[0], mode)
    assert len(read_proxies(open_to_all)) == 1


def test_a_password_may_come_over_a_descriptor() -> None:
    reading, writing = os.pipe()
    os.write(writing, GOOD.encode())
    os.close(writing)
    try:
        assert len(read_proxies(Path(f"/dev/fd/{reading}"))) == 2
    finally:
        os.close(reading)


WRONG = {
    "empty": "",
    "no table": f'url = "http://u:{SECRET}@127.0.0.1:1"',
    "no url": f'[a]\npassword = "{SECRET}"',
    "unknown key": f'[a]\nurl = "http://127.0.0.1:1"\n{SECRET} = 1',
    "type": f'[a]\nurl = "http://127.0.0.1:1"\npassword = ["{SECRET}"]',
    "tor as text": '[a]\nurl = "socks5h://127.0.0.1:1"\ntor = "yes"',
    "tor as number": '[a]\nurl = "socks5h://127.0.0.1:1"\ntor = 1',
    "no toml": f'[a]\nurl = "http://127.0.0.1:1"\npassword = {SECRET}',
    "cut": f'[a]\npassword = "{SECRET}',
    "label": f'["u:{SECRET}@h"]\nurl = "http://127.0.0.1:1"',
    "misplaced password": f'[a]\nurl = "http://u:{SECRET}@127.0.0.1:1"',
    "too long": "#" * (65 << 10),
}


@pytest.mark.parametrize("name", WRONG)
def test_other_files_are_refused_without_a_secret_in_the_message(
    name: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as caught:
        read_proxies(write(tmp_path, WRONG[name]))
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_bytes_that_are_no_text_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "p"
    path.write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="UTF-8"):
        read_proxies(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_proxies(tmp_path / "none")


def test_the_users_choice_comes_before_the_sources(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert read_choice(path, "tor").label_for(THROUGH_OFFICE) == "tor"
    assert read_choice(path, None).label_for(THROUGH_OFFICE) == "office"
    assert read_choice(path, "tor").label_for(SOURCE) == "tor"
    assert read_choice(None, None).label_for(SOURCE) is None
    assert read_choice(None, None).label_for(None) is None


def test_a_job_never_goes_out_directly_where_a_proxy_was_meant(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    for source in (SOURCE, None):
        with pytest.raises(SettingsError, match="none is chosen"):
            read_choice(path, None).label_for(source)
        with pytest.raises(SettingsError, match="nobody described"):
            read_choice(path, "other").label_for(source)
        with pytest.raises(SettingsError, match="nobody described"):
            read_choice(None, "tor").label_for(source)
    with pytest.raises(SettingsError, match=r"viasna names the proxy office"):
        ProxyChoice().label_for(THROUGH_OFFICE)
    with pytest.raises(SettingsError) as caught:
        read_choice(path, f"http://u:{SECRET}@127.0.0.1:1")
    assert SECRET not in str(caught.value)


def test_the_settings_stand_behind_option_and_source(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    network = NetworkSettings(proxies=path, proxy="tor")
    usual = read_choice(None, None, network)
    assert [usual.label_for(source) for source in (None, SOURCE)] == ["tor", "tor"]
    assert usual.label_for(THROUGH_OFFICE) == "office", "it says so for itself"
    assert read_choice(None, "office", network).label_for(None) == "office"
    peers = [
        read_choice(None, label, network).for_peers() for label in (None, "office")
    ]
    assert [peer and peer.label for peer in peers] == ["tor", "office"]
    with pytest.raises(SettingsError, match="none is chosen"):
        read_choice(path, None, network).label_for(None)  # another file: its own label
    with pytest.raises(SettingsError, match="none is chosen"):
        read_choice(None, None, replace(network, proxy=None)).label_for(None)
    with pytest.raises(SettingsError, match=r"\[network\] of the settings names"):
        read_choice(None, None, replace(network, proxy="other"))
    order = CrawlOrder(archive=tmp_path, keys_folder=None, source_id="x", via=usual)
    assert CrawlOrder.from_json(json.loads(json.dumps(order.as_json()))) == order


def test_the_documented_file_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs" / "proxies.md").read_text("utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    labels = [proxy.label for proxy in read_proxies(write(tmp_path, example))]
    assert labels == ["tor", "office"]


def test_an_order_brings_the_proxies_to_the_child_and_shows_no_secret(
    tmp_path: Path,
) -> None:
    via = read_choice(write(tmp_path, GOOD), "office")
    order = CrawlOrder(archive=tmp_path, keys_folder=None, source_id="viasna", via=via)
    crossed = CrawlOrder.from_json(json.loads(json.dumps(order.as_json())))
    assert crossed == order
    for secret in (SECRET, "alice", "192.0.2.7"):
        assert secret not in repr(order)
