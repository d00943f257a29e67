"""`compose.yaml` without a container engine: its words are this program's words."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from archive.cli.root import cli
from archive.settings import parse_settings
from crawlers.beside import END_SECONDS
from tests.support.servers.elastic_server import pinned_versions

ROOT = Path(__file__).parents[1]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
PROGRAM = ("crawler", "indexer", "web")
OURS = "election-evidence-archive"


def commands() -> list[list[str]]:
    """What our program is started with, and what the documentation types."""
    services = SERVICES["services"]
    lines = [services[name]["command"] for name in PROGRAM]
    page = (ROOT / "docs" / "compose.md").read_text("utf-8")
    lines += [
        [word for word in found.replace('"Who keeps it"', "Me").split()]
        for found in re.findall(rf"(?:{'|'.join(PROGRAM)}) (--archive .*?)`", page)
    ]
    return lines


def test_every_command_is_one_of_ours() -> None:
    assert len(commands()) == 6
    for line in commands():
        context = cli.make_context("evidence", list(line), resilient_parsing=True)
        rest = [*context._protected_args, *context.args]
        verb = cli.get_command(context, rest[0])
        assert verb is not None, line
        parser = verb.make_parser(click.Context(verb))
        parser.parse_args(rest[1:])  # UsageError for an option that does not exist


def test_the_indexer_follows_the_log_and_no_shell_stands_between() -> None:
    services = SERVICES["services"]
    *_, verb, how = services["indexer"]["command"]
    assert (verb, how) == ("index", "--follow")
    # The crawler has neither a key of the cluster nor a way to it.
    assert "--index" not in services["crawler"]["command"]
    for name in PROGRAM:
        assert "entrypoint" not in services[name], name
        assert services[name]["init"] is True, name
    grace = services["indexer"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) >= END_SECONDS


@pytest.mark.parametrize("name", ["indexer", "web"])
def test_settings_are_read_by_our_own_reader(name: str) -> None:
    path = ROOT / "deploy" / "settings" / f"{name}.toml"
    search = parse_settings(path.read_bytes(), str(path)).search
    mounted = [volume.split(":")[1] for volume in SERVICES["services"][name]["volumes"]]
    for file in (search.api_key_file, search.ca_file):
        assert any(str(file).startswith(f"{place}/") for place in mounted)
    host = str(search.url).split("//")[1].split(":")[0]
    assert host in SERVICES["services"]


def test_images_are_the_official_one_and_our_own() -> None:
    images = {one["image"] for one in SERVICES["services"].values()}
    tested = [f"elasticsearch:${{ELASTICSEARCH_VERSION:-{one.version}}}"
              for one in pinned_versions()]  # fmt: skip
    assert images == {tested[0], OURS}


def test_nothing_is_published_beyond_this_machine() -> None:
    ports = [p for s in SERVICES["services"].values() for p in s.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_each_container_sees_only_what_it_needs() -> None:
    services = SERVICES["services"]
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
        for volume in service["volumes"]:
            source, _, *mode = volume.split(":")
            # The whole folder holds the administrator's password.
            assert source != "./deploy", name
            if source.startswith("./"):
                assert mode == ["ro"], (name, volume)
    may_write = {
        source: {
            name
            for name, service in services.items()
            for volume in service["volumes"]
            if volume.split(":")[0] == source and not volume.endswith(":ro")
        }
        for source in SERVICES["volumes"]
    }
    assert may_write["archive"] == {"crawler", "indexer"}
    # The indexer states the texts it kept, and takes the head it signed last with it.
    assert may_write["operator-keys"] == {"crawler", "indexer"}
    assert may_write["trust"] == {"crawler"}
    assert may_write["authority"] == may_write["certificates"] - {"elasticsearch"}
    assert "certificates" not in json.dumps(services["web"]["volumes"])
    assert "operator-keys" not in json.dumps(services["web"]["volumes"])
    has_password = {name for name, one in services.items() if one.get("secrets")}
    assert has_password == {"elasticsearch", "api-keys"}
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if re.search("password|secret|token|api.key", name, re.IGNORECASE):
                assert name.endswith("_FILE"), name
                assert value.startswith("/run/"), name


def test_the_cluster_reaches_no_other_machine() -> None:
    services = SERVICES["services"]
    assert SERVICES["networks"]["cluster"] == {"internal": True}
    assert services["certificates"]["network_mode"] == "none"
    joined = {name: set(one.get("networks", ())) for name, one in services.items()}
    assert joined["elasticsearch"] == joined["indexer"] == joined["api-keys"]
    assert joined["indexer"] == {"cluster"}
    assert joined["crawler"] == {"outside"}
    assert joined["web"] == {"cluster", "readers"}


def test_the_builder_is_sent_what_the_image_holds_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text("ascii").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    sent = {line[1:] for line in rules if line.startswith("!")}
    assert rules[0] == "*"
    copied: set[str] = set()
    for line in (ROOT / "deploy" / "Dockerfile").read_text("ascii").splitlines():
        if line.startswith("COPY"):
            copied |= set(line.split()[1:-1])
    assert sent == copied


def test_every_named_volume_secret_and_file_is_there() -> None:
    for service in SERVICES["services"].values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).exists()
            else:
                assert source in SERVICES["volumes"]
        assert set(service.get("secrets", ())) <= set(SERVICES["secrets"])
        assert set(service.get("depends_on", ())) <= set(SERVICES["services"])
    for name in PROGRAM:
        service = SERVICES["services"][name]
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True


def test_scripts_are_sound_and_copied_folders_exist() -> None:
    for path in (ROOT / "deploy").glob("*.sh"):
        subprocess.run(["bash", "-n", str(path)], check=True)
        assert f"/deploy/{path.name}" in json.dumps(SERVICES)
    for line in (ROOT / "deploy" / "Dockerfile").read_text("ascii").splitlines():
        if line.startswith("COPY"):
            assert all((ROOT / name).exists() for name in line.split()[1:-1])


def test_roles_are_those_of_the_decision() -> None:
    decision = (ROOT / "docs/adr/0030-elasticsearch-at-scale.md").read_text("utf-8")
    for name in ("indexer", "reader"):
        text = (ROOT / "deploy" / "elasticsearch" / f"{name}.json").read_text("ascii")
        ((_, role),) = json.loads(text)["role_descriptors"].items()
        assert role["cluster"] == []
        (indices,) = role["indices"]
        assert indices["names"] == ["evidence-*"]
        assert all(f"`{right}`" in decision for right in indices["privileges"])
