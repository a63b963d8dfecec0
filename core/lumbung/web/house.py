"""`HouseApp`: the Flask app of a room. The portal is one, each inline plugin is another; all behave alike.

A request that reaches a room has its scope already: the gateway opened it for the tenant of the host.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from inspect import CO_COROUTINE
from pathlib import Path
from typing import Any

from babel.support import NullTranslations
from flask import Flask, Request, Response, abort, current_app, g, redirect, request
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PrefixLoader
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response as BaseResponse

from lumbung.context import Scope, current_scope
from lumbung.identity.person import Person
from lumbung.identity.sessions import Lifetime, find_person, renew_aside
from lumbung.kernel import Kernel
from lumbung.registry.manifest import Manifest
from lumbung.web import errors, i18n, once
from lumbung.web.access import refuse_undeclared, rule_of
from lumbung.web.compiled import COMPILED
from lumbung.web.compression import pack
from lumbung.web.furniture import RoomEnvironment, furnish
from lumbung.web.proof import READING, lead_to_factor, leads_to_factor
from lumbung.web.security import FOR_EVER, HEADERS, HouseResponse, add_headers, refuse_unstorable_text
from lumbung.web.view import HouseView
from lumbung.web.visits import Visits

CORE_TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "lumbung"
_CORE_LOADER = PrefixLoader({"lumbung": FileSystemLoader(CORE_TEMPLATES)})
_NEW_TOKEN = "new token"  # noqa: S105  (in a scope's memory)


LARGEST_FORM = 2 * 1024 * 1024  # bytes of a form without files: it is read and taken apart at once


class HouseRequest(Request):
    """A request whose form has its own limit, lower than that of an upload; and whose forms speak its language."""

    @cached_property
    def wtforms_translations(self) -> NullTranslations:
        """What WTForms says by itself: Flask-WTF looks here before its own catalogues, which know no Indonesian."""
        return i18n.form_messages()

    @property
    def max_content_length(self) -> int | None:
        """Return how many bytes of body are read; a larger one is answered with 413."""
        limit = super().max_content_length
        if self.mimetype == "application/x-www-form-urlencoded":
            return LARGEST_FORM if limit is None else min(limit, LARGEST_FORM)
        return limit

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value


class HouseApp(Flask):
    """A Flask app with the house's furniture: access rules, one transaction a request, languages, error pages.

    ``folder`` holds ``templates``, ``static`` and ``translations``. Templates called ``lumbung/...`` always come
    from the core, whatever a plugin ships.
    """

    request_class = HouseRequest
    response_class = HouseResponse
    jinja_environment = RoomEnvironment
    session_interface = Visits()
    jinja_options = {"bytecode_cache": COMPILED}  # noqa: RUF012  (Flask's own way to say it)

    def __init__(
        self, import_name: str, *, kernel: Kernel, folder: Path, domain: str, manifest: Manifest | None
    ) -> None:
        super().__init__(
            import_name,
            static_folder=str(folder / "static"),
            static_url_path="/static" if manifest else "/_static",
            template_folder=None,
            root_path=str(folder),
        )
        self.serve_for(kernel)
        self.manifest = manifest
        self._own_templates = folder / "templates"
        self._csrf = CSRFProtect(self)
        i18n.set_up(self, domain, folder / "translations")
        errors.set_up(self)
        self.jinja_env.globals["once_field"] = once.once_field
        _set_up_flask_login(self)
        self.before_request(self._welcome)
        self.after_request(self._see_off)
        self.jinja_env.globals["house"] = LocalProxy(_house)
        furnish(self.jinja_env, _CORE_LOADER)

    def serve_for(self, kernel: Kernel) -> None:
        """Belong to the site of ``kernel``, with its settings. An app serves one site at a time."""
        self.kernel = kernel
        self.config.update(_configuration(kernel))

    def create_global_jinja_loader(self) -> Any:
        """Return the loader: the core's templates under ``lumbung/``, then the room's own."""
        own: BaseLoader = FileSystemLoader(self._own_templates)
        return ChoiceLoader([_CORE_LOADER, own])

    def ensure_sync(self, func: Any) -> Any:
        """Return what can be called plainly. Flask asks of each hook at each request, and looks closer than need be."""
        code = getattr(func, "__code__", None)
        return func if code and not code.co_flags & CO_COROUTINE else super().ensure_sync(func)

    def seal(self, permissions: frozenset[str]) -> None:
        """Check that every view declares who may call it; call when all blueprints are in."""
        refuse_undeclared(self, permissions, self.manifest.name if self.manifest else "the portal")
        for endpoint, view in self.view_functions.items():
            rule = rule_of(self, endpoint)
            if rule is not None and rule.is_for_programs:
                self._csrf.exempt(view)

    def full_dispatch_request(self) -> Response:
        """Dispatch a request as one transaction: kept when a writing request ends well, undone otherwise."""
        scope = current_scope()
        try:
            answer = super().full_dispatch_request()
            if scope.has_session:
                if request.method in READING and not answer.is_streamed:
                    scope.end_reading()  # rolls back; the connection is free while the answer is on its way
                elif request.method in READING or answer.status_code >= 400:
                    scope.session.rollback()
                else:
                    once.note_where_it_led(answer)
                    scope.session.commit()
        except Exception as error:  # no answer could be made, or what it tells could not be kept
            if scope.has_session:
                scope.session.rollback()
            return self.finalize_request(self.handle_user_exception(error), from_error_handler=True)
        return answer

    def process_response(self, response: Response) -> Response:
        """Hand over an answer. What is public does not vary with cookies, though Flask-Login looks into the visit."""
        response = super().process_response(response)
        if "public" in response.headers.get("Cache-Control", ""):
            response.vary.discard("cookie")
        return response

    def _welcome(self) -> BaseResponse | None:
        """Find out who asks and whether they may: the one place where access is decided."""
        if request.endpoint is None:
            return None  # no such page: Flask raises 404 or 405 next
        rule = rule_of(self, request.endpoint)
        if rule is None:
            abort(403)
        if request.endpoint == "static":
            return None
        refuse_unstorable_text(request)
        if rule.is_for_programs:
            return None  # whatever cookies came along, nobody is signed in
        scope = current_scope()
        scope.person = load_person(scope)
        owes = scope.person is not None and scope.person.owes_factor
        if owes and leads_to_factor(request, in_portal=self.manifest is None):
            return lead_to_factor()
        if rule.allows(scope.person):
            return once.claim()
        if scope.person is None and request.method in READING:
            return _to_sign_in()
        abort(403 if scope.person else 401)

    def _see_off(self, response: Response) -> Response:
        if request.endpoint == "static" and response.status_code in (200, 304):
            response.headers["Cache-Control"] = FOR_EVER if "v" in request.args else "public, max-age=0"
            for name, value in HEADERS.items():  # an SVG of a plugin is a page too, when opened by itself
                response.headers.setdefault(name, value)
            return pack(request, response, self.static_folder)
        _renew_token(response)
        rule = rule_of(self, request.endpoint) if request.endpoint else None
        if rule is not None and rule.is_for_programs:
            response.headers.setdefault("Access-Control-Allow-Origin", "*")
        return pack(request, self._with_headers(response))

    def _with_headers(self, response: Response) -> Response:
        pictures_from = self.kernel.settings.map_origin
        return add_headers(response, personal=current_scope().person is not None, pictures_from=pictures_from)


def _house() -> HouseView:
    """Return what this answer's templates know of the house; a global, so that furniture is read in only once."""
    if "house" not in g:
        app = current_app
        g.house = HouseView(current_scope(), app.manifest if isinstance(app, HouseApp) else None)
    view: HouseView = g.house
    return view


def sid_cookie(kernel: Kernel) -> str:
    """Return the name of the cookie that holds a session's token."""
    return "__Host-lumbung" if kernel.settings.secure_cookies else "lumbung_sid"


def device_cookie(kernel: Kernel) -> str:
    """Return the name of the cookie by which an account knows this browser again."""
    return "__Host-lumbung-device" if kernel.settings.secure_cookies else "lumbung_device"


def set_sid(response: BaseResponse, kernel: Kernel, token: str) -> None:
    """Give the browser the token of its session."""
    response.set_cookie(
        sid_cookie(kernel),
        token,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=kernel.settings.secure_cookies,
        max_age=kernel.settings.session_hours * 3600,
    )


def renew_session(token: str | None) -> None:
    """Have the answer to this request carry a new token of the session at hand, once the request ends well."""
    current_scope().memory[_NEW_TOKEN] = token


def _renew_token(response: Response) -> None:
    """Put a new token into the answer: that of `renew_session`, or one that `sessions.rotate_all` asked for."""
    scope = current_scope()
    if response.status_code >= 400 or scope.person is None:
        return
    token = scope.memory.pop(_NEW_TOKEN, None)
    reads_page = request.method == "GET" and response.mimetype == "text/html"
    if scope.person.renews and reads_page and scope.person.session_id and not response.cache_control.public:
        token = renew_aside(scope.session, scope.person.session_id)
    if token:
        set_sid(response, scope.kernel, token)


def load_person(scope: Scope) -> Person | None:
    """Return who is behind the request's cookie; asked at most once per request."""
    token = request.cookies.get(sid_cookie(scope.kernel))
    if not token or scope.tenant is None:
        return None
    return find_person(scope.session, token, scope.kernel.snapshot(), lifetime(scope.kernel))


def lifetime(kernel: Kernel) -> Lifetime:
    """Return how long this site's sessions last."""
    settings = kernel.settings
    return Lifetime(timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours))


def _to_sign_in() -> BaseResponse:
    """Lead a visitor to the sign-in page. A part that renews itself cannot show it: the whole page asks again."""
    if request.headers.get("HX-Request") == "true":
        return Response(status=401, headers={"HX-Refresh": "true"})
    return redirect(sign_in_url())


def sign_in_url() -> str:
    """Return the sign-in page, which brings the visitor back here afterwards."""
    from urllib.parse import urlencode

    here = request.script_root + request.full_path.rstrip("?")
    return "/masuk?" + urlencode({"next": here})


def _set_up_flask_login(app: HouseApp) -> None:
    """Flask-Login is the seam: plugins may use ``current_user``; who it is, the scope knows already."""
    _Login(app)


class _Login(LoginManager):
    """Flask-Login's manager. It would look for a user in cookies of its own, at every page that is rendered."""

    def _load_user(self) -> None:
        self._update_request_context_with_user(current_scope().person)

    def _update_remember_cookie(self, response: Response) -> Response:
        return response  # it keeps no such cookie here, and would look into the visit for it at every answer


def _configuration(kernel: Kernel) -> dict[str, Any]:
    settings = kernel.settings
    return {
        "SECRET_KEY": settings.signing_key(),
        "SESSION_COOKIE_NAME": "lumbung",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "MAX_CONTENT_LENGTH": settings.upload_limit_mb * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": LARGEST_FORM,
        "MAX_FORM_PARTS": 2000,
        "WTF_CSRF_TIME_LIMIT": settings.session_hours * 3600,
        "TRAP_HTTP_EXCEPTIONS": False,
        "TEMPLATES_AUTO_RELOAD": False,
    }
