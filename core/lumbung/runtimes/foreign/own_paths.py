"""What the platform answers below ``/_lumbung/`` on an application's host: the ways in and out, and its own files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from lumbung import audit
from lumbung.errors import LumbungError
from lumbung.identity import sessions
from lumbung.identity.person import Person
from lumbung.instances.accounts import NoAccount
from lumbung.registry.foreign import OWN_PATHS
from lumbung.runtimes import bar, form_filling
from lumbung.runtimes.foreign import cookies, visits
from lumbung.runtimes.foreign.hosts import ENTER, back_path, own_origin, portal_origin
from lumbung.runtimes.foreign.own_pages import OwnPages, redirect
from lumbung.runtimes.foreign.places import Places
from lumbung.runtimes.foreign.visitors import Asked, forgetting, visitor_of, with_headers
from lumbung.runtimes.proxy_headers import Headers, confined, without_ours
from lumbung.web.errors import TooMany
from lumbung.web.house import lifetime

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

View = Callable[[Asked, "StartResponse"], Iterable[bytes]]

TICKET = f"{OWN_PATHS}tiket"


class OwnPaths:
    """Answers the platform's own addresses on an application's host."""

    def __init__(self, pages: OwnPages, places: Places) -> None:
        self._pages = pages
        self._places = places
        self._views: dict[tuple[str, str], View] = {
            ("GET", "masuk"): self._sign_in,
            ("GET", "tiket"): self._ticket,
            ("GET", "keluar"): self._ask_to_leave,
            ("POST", "keluar"): self._leave,
        }

    def answer(self, asked: Asked, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request for a path that begins with ``/_lumbung/``."""
        environ = asked.environ
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path == bar.SCRIPT and method in ("GET", "HEAD"):
            return bar.serve_script(environ, start_response)
        view = self._views.get((method, path.removeprefix(OWN_PATHS)))
        if view is None or asked.manifest.process is None:
            return self._pages.say("absent", 404, asked.plugin, environ, start_response)
        return view(asked, start_response)

    def _sign_in(self, asked: Asked, start_response: StartResponse) -> Iterable[bytes]:
        """Lead to the portal, with the hash of a state that this browser keeps."""
        back, kernel = _back(asked), asked.scope.kernel
        name = cookies.state_cookie(kernel)
        state = cookies.read(asked.environ, name) or ""
        visitor = visitor_of(asked)
        if visitor.person is not None:
            return redirect(start_response, back)
        if not visits.STATE.fullmatch(state):  # one that is there already may belong to another page, just under way
            state = visits.new_state()
        target = portal_origin(asked.environ) + ENTER + asked.plugin.name
        target += "?" + urlencode({"s": visits.shown(state), "kembali": back})
        kept = cookies.set_ours(kernel, name, state, cookies.STATE_KEPT)
        return redirect(visitor.answering(start_response), target, [kept])

    def _ticket(self, asked: Asked, start_response: StartResponse) -> Iterable[bytes]:
        """Begin a visit. Cookies that the application gave to somebody else, or to nobody, do not go on into it."""
        kernel, environ = asked.scope.kernel, asked.environ
        state = cookies.read(environ, cookies.state_cookie(kernel)) or ""
        before = visitor_of(asked)
        begun = visits.redeem(asked.scope, asked.plugin.name, _query(asked, "t"), state, lifetime(kernel))
        if begun is None:
            if before.person is not None:  # somebody came back to this page, or opened it twice
                return redirect(start_response, _back(asked))
            return self._pages.say(
                "ticket", 400, asked.plugin, environ, before.answering(start_response), back=_back(asked)
            )
        token, person = begun
        stays = before.person is not None and before.person.id == person.id
        headers: Headers = [] if stays else [*(before.forgets or cookies.expired(environ))]
        headers += [
            cookies.set_ours(kernel, cookies.visit_cookie(kernel), token, cookies.VISIT_KEPT),
            cookies.set_ours(kernel, cookies.state_cookie(kernel), "", 0),
        ]
        if asked.manifest.sign_in.way == "form" and not person.owes_factor:
            return self.fill_in(asked, person, start_response, _back(asked), headers)
        return redirect(start_response, _back(asked), headers)

    def fill_in(
        self, asked: Asked, person: Person, start_response: StartResponse, back: str, headers: Headers
    ) -> Iterable[bytes]:
        """Sign somebody in at the application's own login page, and lead on to ``back``."""
        scope = asked.scope
        place = self._places.of(asked.instance)
        if place.at is None:  # they are signed in here; there, once they come to its login page
            return redirect(start_response, back, headers)
        scope.person = person
        try:
            given = form_filling.enter(scope, asked.instance, place.at, asked.environ)
        except TooMany as error:
            return self._refuse(asked, 429, str(error), start_response, headers)
        except NoAccount as error:
            return self._refuse(asked, 403, error, start_response, headers)
        except (form_filling.SignInRefused, form_filling.AppSilent) as error:
            return self._refuse(asked, 502, error, start_response, headers)
        finally:
            if scope.has_session:
                scope.end_reading()
        https = asked.environ["wsgi.url_scheme"] == "https"
        theirs = [("Set-Cookie", said) for line in given if (said := confined(line, https=https))]
        cookies.at_the_root(theirs)
        return redirect(start_response, back, [*headers, *theirs])

    def _refuse(
        self, asked: Asked, code: int, error: LumbungError | str, start_response: StartResponse, headers: Headers
    ) -> Iterable[bytes]:
        return self._pages.say(
            "form", code, asked.plugin, asked.environ, start_response, refusal=error, headers=headers
        )

    def _ask_to_leave(self, asked: Asked, start_response: StartResponse) -> Iterable[bytes]:
        visitor = visitor_of(asked)
        kind = "leave" if visitor.known is not None else "left"
        return self._pages.say(kind, 200, asked.plugin, asked.environ, visitor.answering(start_response))

    def _leave(self, asked: Asked, start_response: StartResponse) -> Iterable[bytes]:
        """End the whole session: here, at the portal, and so in every application."""
        if not _is_from_here(asked):
            return self._pages.say("leave", 403, asked.plugin, asked.environ, start_response)
        forgets, scope, sent = forgetting(asked), asked.scope, asked.environ.get("HTTP_COOKIE", "")
        person = visitor_of(asked).known
        if person is not None and person.session_id is not None:
            with scope.kernel.scope(scope.tenant, person=person, address=scope.address, plugin=scope.plugin) as aside:
                sessions.revoke(aside.session, person.id, person.session_id)
                audit.record("app.leave", asked.plugin.name, about=person.id)
        self.sign_out_there(asked, sent)
        return self._pages.say("left", 200, asked.plugin, asked.environ, with_headers(start_response, forgets))

    def sign_out_there(self, asked: Asked, sent: str) -> None:
        """Have the application itself forget a visitor, where its own login was filled in and it runs."""
        form, at = asked.manifest.sign_in.form, self._places.known(asked.instance)
        if form is None or at is None or not sent:
            return
        host, scheme = str(asked.environ.get("HTTP_HOST", "")), str(asked.environ["wsgi.url_scheme"])
        form_filling.sign_out(at, host, form, without_ours(sent), scheme=scheme)


def _query(asked: Asked, name: str) -> str:
    try:
        return parse_qs(str(asked.environ.get("QUERY_STRING", "")), max_num_fields=20).get(name, [""])[0]
    except ValueError:  # too many fields
        return ""


def _back(asked: Asked) -> str:
    return back_path(_query(asked, "kembali"))


def _is_from_here(asked: Asked) -> bool:
    """Whether a form was sent by a page of this very host; a browser says so in one of two ways."""
    if site := asked.environ.get("HTTP_SEC_FETCH_SITE"):
        return bool(site == "same-origin")
    return bool(asked.environ.get("HTTP_ORIGIN") == own_origin(asked.environ))
