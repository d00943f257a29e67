"""App: create_app builds two WSGI applications for two origins, APP and REPLAY.

APP holds our pages and serves no archived byte but escaped text; REPLAY holds
archived content, cleaned. Neither knows cookies, scripts, sessions or an access log.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, abort, request
from werkzeug.exceptions import HTTPException, TooManyRequests

from archive.errors import CaptureNotFound, EvidenceError
from web.guards.headers import FixedHeaders, app_headers, replay_headers
from web.guards.limits import cost_of
from web.replay.frame import frame_note
from web.replay.responses import Replay
from web.services import Services
from web.settings import WebSettings, check_settings
from web.site import Removed, Site
from web.views.addresses import AddressPages
from web.views.answers import ERROR_CODES, answer, here, known_status
from web.views.api import Api
from web.views.bundles import BundlePages
from web.views.captures import CapturePages
from web.views.cdx import Cdx
from web.views.comparing import ComparePages
from web.views.faults import add_hints, register_faults
from web.views.linking import LinkPages
from web.views.mementos import Mementos
from web.views.pages import Pages
from web.views.quoting import QuotePages
from web.views.searching import SearchPages
from web.views.sources import SourcePages
from web.views.verifying import VerifyPages
from web.wording.languages import LANGUAGES
from web.wording.prefix import LanguagePrefix

BODY_LIMIT_BYTES = 64 * 1024
"""Largest request body: a query or a pasted citation."""
FORM_PARTS = 20
"""Fields of a form; ours have one."""
FOREIGN_SITES = frozenset(("cross-site", "same-site"))
"""Sec-Fetch-Site of forms that are not ours; an absent header is allowed."""
LOCAL = "127.0.0.1"
"""Stands for a reader whose address the server does not know."""
_LOG = logging.getLogger("web")


@dataclass(frozen=True, slots=True, kw_only=True)
class Applications:
    """The two WSGI applications, and what they share."""

    app: FixedHeaders
    replay: FixedHeaders
    site: Site


class QuietFlask(Flask):
    """Flask that logs no address, query or header of a reader."""

    def log_exception(self, exc_info: object) -> None:
        """Log the kind of an unexpected error and where it arose, nothing asked for."""
        kind = exc_info[0] if isinstance(exc_info, tuple) else None
        endpoint = request.endpoint if request else None
        name = getattr(kind, "__name__", "unknown")
        _LOG.error("web.error %s in %s", name, endpoint)


def create_app(settings: WebSettings, services: Services) -> Applications:
    """Build both applications; SettingsError if their origins share a site."""
    check_settings(settings)
    site = Site.create(settings, services)
    origins = {
        "app_origin": settings.app_origin,
        "replay_origin": settings.replay_origin,
    }
    return Applications(
        app=FixedHeaders(LanguagePrefix(_pages(site)), app_headers(**origins)),
        replay=FixedHeaders(LanguagePrefix(_replay(site)), replay_headers(**origins)),
        site=site,
    )


def _flask(name: str, host: str) -> QuietFlask:
    app = QuietFlask(name, static_folder=None, template_folder=None)
    app.config.update(
        DEBUG=False,
        TESTING=False,
        PROPAGATE_EXCEPTIONS=False,
        TRUSTED_HOSTS=[host],
        MAX_CONTENT_LENGTH=BODY_LIMIT_BYTES,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT_BYTES,
        MAX_FORM_PARTS=FORM_PARTS,
        PROVIDE_AUTOMATIC_OPTIONS=False,
        SECRET_KEY=None,
    )
    app.url_map.redirect_defaults = False
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    return app


def _pages(site: Site) -> QuietFlask:
    app = _flask("web.pages", site.settings.app_host)
    for group in (
        Pages,
        SearchPages,
        SourcePages,
        AddressPages,
        CapturePages,
        LinkPages,
        QuotePages,
        BundlePages,
        VerifyPages,
        ComparePages,
    ):
        group(site).register(app)
    Api(site).register(app)
    Mementos(site).register(app)
    Cdx(site).register(app)
    app.before_request(_refuse_foreign_forms)
    app.before_request(_limiter(site))

    register_faults(app, site)
    return app


def _replay(site: Site) -> QuietFlask:
    app = _flask("web.replay", site.settings.replay_host)
    Replay(site).register(app)
    app.before_request(_limiter(site))

    def on_status(error: HTTPException) -> Response:
        response = _note_of_status(known_status(error.code or 500))
        return add_hints(response, error)

    def on_altered(error: EvidenceError) -> Response:
        _LOG.error("web.slice %s", type(error).__name__)
        return _note(LANGUAGES[here().code].text("replay.altered"), 500)

    app.register_error_handler(HTTPException, on_status)
    app.register_error_handler(Removed, lambda _: _note_of_status(410))
    app.register_error_handler(CaptureNotFound, lambda _: _note_of_status(404))
    app.register_error_handler(EvidenceError, on_altered)
    return app


def _note_of_status(status: int) -> Response:
    language = LANGUAGES[here().code]
    return _note(language.text(f"error.{ERROR_CODES[status]}.title"), status)


def _note(words: str, status: int) -> Response:
    """What the replay origin says itself, in the reader's language."""
    return answer(frame_note([words], LANGUAGES[here().code]), status=status)


def _limiter(site: Site) -> Callable[[], None]:
    """Turn away who asks too often; what is remembered names nobody."""

    def limit() -> None:
        address = request.remote_addr or LOCAL
        seconds = site.limiter.admit(address, cost_of(request.endpoint))
        if seconds:
            raise TooManyRequests(retry_after=seconds)

    return limit


def _refuse_foreign_forms() -> None:
    site = request.headers.get("Sec-Fetch-Site")
    if request.method == "POST" and site in FOREIGN_SITES:
        abort(403)
