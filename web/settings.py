"""Settings of the web interface: two origins, checked before anything listens."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from archive.errors import SettingsError
from web.access import AccessPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where the two applications are reached, and what they may show."""

    app_origin: str
    """Scheme, host and port of our pages, `http://127.0.0.1:8000`."""
    replay_origin: str
    """The same of the archived content; another site than `app_origin`."""
    link_base: str | None = None
    """Public address citations link to; None: citations name ids instead."""
    access: AccessPolicy = field(default_factory=AccessPolicy)

    @property
    def app_host(self) -> str:
        """Host part of `app_origin`."""
        return _host(self.app_origin)

    @property
    def replay_host(self) -> str:
        """Host part of `replay_origin`."""
        return _host(self.replay_origin)


def _host(origin: str) -> str:
    return urlsplit(origin).hostname or ""


def check_settings(settings: WebSettings) -> None:
    """Refuse origins on one site: archived content would share ours."""
    for origin in (settings.app_origin, settings.replay_origin):
        split = urlsplit(origin)
        plain = f"{split.scheme}://{split.netloc.rpartition('@')[2]}"
        if (
            split.scheme not in ("http", "https")
            or not split.hostname
            or plain != origin
        ):
            raise SettingsError(
                f"not an origin: {origin!r}; write scheme, host and port only, "
                "such as https://archive.example"
            )
    if _site(settings.app_host) == _site(settings.replay_host):
        raise SettingsError(
            f"pages ({settings.app_host}) and archived content "
            f"({settings.replay_host}) must be on different sites; give them "
            "different registrable domains"
        )


def is_loopback(address: str) -> bool:
    """Whether an IP address to listen on stays on this machine."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _site(host: str) -> str:
    """The host without its sub-domains, roughly: two labels, or the address."""
    try:
        return str(ip_address(host))
    except ValueError:
        return ".".join(host.lower().rstrip(".").split(".")[-2:])
