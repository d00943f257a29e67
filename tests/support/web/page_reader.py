"""A browser without scripts and cookies, and the addresses it may ask for."""

from werkzeug.test import Client

from tests.support.web.served import APP
from tests.support.web.web_world import World
from web.app import Applications

PATHS = (
    "/",
    "/captures",
    "/failures",
    "/sources",
    "/verify",
    "/verify/archive",
    "/claims",
    "/help",
    "/status",
)


class Reader:
    """A browser without cookies that follows nothing by itself."""

    def __init__(self, apps: Applications) -> None:
        self.client = Client(apps.app, use_cookies=False)

    def get(self, path: str, status: int = 200) -> str:
        response = self.client.get(path, base_url=APP)
        assert response.status_code == status, path
        return response.get_data(as_text=True)

    def post(self, path: str, status: int = 303, **form: str) -> str:
        response = self.client.post(path, data=form, base_url=APP)
        assert response.status_code == status
        return response.headers.get("Location", "")


def all_paths(world: World, apps: Applications) -> list[str]:
    paths = list(PATHS)
    for capture in world.named.values():
        paths.append(f"/c/{capture.short_id}")
        paths += [f"/c/{capture.short_id}/{tab}" for tab in ("cite", "source", "proof")]
        paths.append(f"/c/{capture.short_id}/bundle")
        if capture.kind == "capture":
            paths.append(f"/u/{apps.site.key_of(capture.target_uri)}")
    paths.append(f"/c/{world.named['main'].short_id}/text")
    paths.append(f"/c/{world.named['main'].short_id}/parts")
    paths.append(f"/c/{world.named['main'].short_id}/links")
    paths.append(f"/c/{world.named['drawn'].short_id}/picture")
    paths.append(f"/s/{apps.site.key_of('commission')}")
    return paths
