"""The OpenAPI document has every route for tools and no other, and their shapes."""

import json
import re
from typing import Any

import pytest
from werkzeug.test import Client

from tests.support.web.served import APP
from tests.support.web.web_world import World
from web.app import Applications
from web.protocols.schema import SchemaBook
from web.views.openapi import make_document
from web.views.shapes import RecordAnswer

TOOLS = ("/api/", "/cdx", "/timegate/", "/timemap/", "/pwid/")
KINDS = ("link", "json", "cdxj")


def routes(apps: Applications) -> set[tuple[str, str]]:
    """Method and path of each route for tools, as the document writes paths."""
    flask: Any = apps.app
    while not hasattr(flask, "url_map"):
        flask = flask._application
    found = set()
    for rule in flask.url_map.iter_rules():
        if not rule.rule.startswith(TOOLS):
            continue
        path = re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule.rule)
        path = path.replace("{rest}", "{uri}")
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            paths = [path.replace("{kind}", kind) for kind in KINDS]
            found |= {(method.lower(), one) for one in paths}
    return found


def test_the_document_names_the_routes_there_are(apps: Applications) -> None:
    document: Any = make_document(APP)
    named = {
        (method, path)
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert named == routes(apps)


def test_the_document_is_served(apps: Applications) -> None:
    got = Client(apps.app).get("/api/v1/openapi.json", base_url=APP)
    assert json.loads(got.data) == json.loads(json.dumps(make_document(APP)))


def test_every_reference_in_the_document_leads_somewhere() -> None:
    document: Any = make_document(APP)
    text = json.dumps(document)
    names = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert names <= set(document["components"]["schemas"])
    assert len(names) > 20


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("/", {"name", "counts", "new"}),
        ("/captures", {"captures", "number", "pages", "total"}),
        ("/captures/1", {"captures", "number", "pages", "total"}),
        ("/failures", {"captures", "number", "pages", "total"}),
        ("/sources", {"sources"}),
        ("/s/{source}", {"source", "list"}),
        ("/s/{source}/1", {"source", "list"}),
        ("/u/{key}", {"uri", "captures", "number", "pages", "total"}),
        ("/u/{key}/1", {"uri", "captures", "number", "pages", "total"}),
        ("/c/{main}/cite", {"id", "formats"}),
        (
            "/compare/{main}/{drawn}",
            {"before", "after", "equal", "titles", "counts", "changes"},
        ),
        ("/claims", {"claim", "does_not_prove"}),
        ("/verify", {"steps", "sweep", "report"}),
    ],
)
def test_a_page_has_its_twin(
    apps: Applications, world: World, path: str, members: set[str]
) -> None:
    names = {name: one.short_id for name, one in world.named.items()}
    names["source"] = apps.site.key_of("commission")
    names["key"] = apps.site.key_of(world.named["main"].target_uri)
    got = Client(apps.app).get(f"/api/v1{path.format(**names)}", base_url=APP)
    assert got.status_code == 200
    assert set(json.loads(got.data)) == members


@pytest.mark.parametrize(
    "path",
    ["/captures/99", "/captures/0", "/s/aaaaaaaaaaaaaaaaaaaaaaaaaa", "/c/x/text"],
)
def test_what_is_not_there_has_the_one_error_shape(
    apps: Applications, path: str
) -> None:
    got = Client(apps.app).get(f"/api/v1{path}", base_url=APP)
    assert got.status_code == 404
    assert set(json.loads(got.data)["error"]) == {"code", "message", "next_step"}


def test_a_restricted_source_is_in_no_twin(apps: Applications, world: World) -> None:
    hidden = world.apps(restricted=frozenset(["inside"]))
    for path in ("/", "/captures", "/sources"):
        seen, kept_back = (
            Client(one.app).get(f"/api/v1{path}", base_url=APP)
            for one in (apps, hidden)
        )
        assert b"inside" in seen.data, "it is there for who may see it"
        assert kept_back.status_code == 200
        assert b"inside" not in kept_back.data


def test_shapes_become_schemas_with_every_member_required() -> None:
    book = SchemaBook()
    assert book.schema_of(RecordAnswer) == {"$ref": "#/components/schemas/RecordAnswer"}
    capture = book.schemas["Capture"]
    assert capture["properties"]["captured_at"]["format"] == "date-time"
    assert "complete" in capture["properties"]["outcome"]["enum"] or "$ref" in str(
        capture["properties"]["outcome"]
    )
    assert set(capture["required"]) == set(capture["properties"])
