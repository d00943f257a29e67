"""How Chromium is started: flags beside those that its driver sets itself (pure).

The driver sets headless, no first run, no sync, no background networking, no component
update and a fresh profile.
"""

from crawlers.browser.order import PageOrder

FIXED = (
    "--disable-quic",
    "--disable-domain-reliability",
    "--disable-auto-reload",
    "--dns-prefetch-disable",
    "--no-pings",
    # Names are the proxy's business, and WebRTC may not go past it.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
)


def flags_of(order: PageOrder) -> list[str]:
    """All of ours for one page."""
    return [
        *FIXED,
        f"--ignore-certificate-errors-spki-list={order.access.pin}",
        f"--user-agent={order.user_agent}",
        f"--accept-lang={languages_of(order.accept_language)}",
    ]


def languages_of(accept_language: str) -> str:
    """`be,ru,en` of `be,ru;q=0.9,en;q=0.8`."""
    entries = accept_language.split(",")
    return ",".join(entry.partition(";")[0].strip() for entry in entries)
