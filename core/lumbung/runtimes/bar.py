"""The strip of the platform above an application's own pages: whose site this is, whose gift, the way back and out.

It is an element of the page's own, `<lumbung-bar>`, with a script that takes it out of the page's reach. Without the
script, or where the page's policy forbids it, it stays a small strip of links.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from lumbung.bilingual import Catalogue
from lumbung.registry.foreign import OWN_PATHS
from lumbung.runtimes.proxy_headers import Headers, without
from lumbung.tenancy.colours import HOUSE, family
from lumbung.tenancy.tenant import Tenant
from lumbung.web.security import FOR_EVER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

both = Catalogue("lumbung").both

SCRIPT = f"{OWN_PATHS}bar.js"
SIGN_IN = f"{OWN_PATHS}masuk"
SIGN_OUT = f"{OWN_PATHS}keluar"
LONGEST_HEAD = 256 * 1024  # bytes of a page that are held back while its body is looked for

_FILE = Path(__file__).resolve().parent.parent / "static" / "js" / "bar.js"
_RESET = "all:initial;font:14px/20px system-ui,sans-serif;color:#1C2526"
_LINK = f"{_RESET};color:#0B5D66;text-decoration:underline;cursor:pointer"
_STRIP = f"{_RESET};display:block;padding:11px 16px;background:#FFFFFF;border-bottom:1px solid #E4E1D8"

_STYLES = re.compile(r' style="[^"]*"|<style\b.*?</style>')

# Whole pieces of a page in which "<body" would mean nothing; one that has not ended yet reaches to the end.
_BODY = re.compile(
    rb"<!--.*?(?:-->|\Z)"
    rb"|<(script|style|title|noscript|textarea|template|iframe|noframes|svg)\b.*?(?:</\1\s*>|\Z)"
    rb"""|(?P<body><body(?=[\s/>])(?:[^>"']|"[^"]*"|'[^']*')*>)""",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Strip:
    """The bar for one reader: its HTML, in ASCII, and the origin of the portal it leads to."""

    html: str
    portal: str


def strip_for(
    tenant: Tenant,
    *,
    title: str,
    donor: str,
    portal: str,
    person: str | None = None,
    signs_in: bool = True,
    language: str = "id",
) -> Strip:
    """Return the bar of an application called ``title``, a gift of ``donor``.

    ``portal`` is the origin of the tenant's portal as visitors use it ("https://kab.go.id"). ``person`` is who is
    signed in; for nobody there is a link to sign in, where the application knows that at all (``signs_in``).
    """
    tones = family(tenant.colour or HOUSE)
    colours = Markup('data-light="{}" data-dark="{}"').format(tones.light["laut"], tones.dark["laut"])
    logo = Markup(
        '<img src="{}{}" alt="" width="28" height="28" style="height:28px;width:auto;vertical-align:middle"> '
    )
    shown = logo.format(OWN_PATHS.rstrip("/"), tenant.logo_url) if tenant.logo_url else ""
    html = Markup(
        '<lumbung-bar lang="{lang}" style="{strip}" {colours}>'
        "<style media=print>lumbung-bar{{display:none!important}}</style>"
        '<nav aria-label="Lumbung" style="{reset}">'
        '<a class="home" href="{portal}/" style="{link}">{logo}<span class="tenant">{tenant}</span></a> '
        '<span class="app" style="{reset}"> <b class="title" style="{reset};font-weight:600">{title}</b> '
        '<span class="donor" style="{reset}">{donor}</span></span> '
        '<a class="back" href="{portal}/" style="{link}">{back}</a> {account}'
        "</nav></lumbung-bar>"
    ).format(
        lang=language,
        strip=_STRIP,
        reset=_RESET,
        link=_LINK,
        colours=colours,
        portal=portal,
        logo=shown,
        tenant=tenant.name,
        title=title,
        donor=both("Hibah dari %(donor)s", donor=donor)(language),
        back=both("Kembali ke layanan")(language),
        account=_account(person, signs_in, language),
    )
    return Strip(str(html).encode("ascii", "xmlcharrefreplace").decode(), portal)


def _account(person: str | None, signs_in: bool, language: str) -> Markup:
    if person:
        return Markup(
            '<form class="account" method="post" action="{out}" style="{reset};display:inline">'
            '<span class="person" title="{person}" style="{reset}">{person}</span> '
            '<button class="out" style="{link}">{words}</button></form>'
        ).format(out=SIGN_OUT, person=person, reset=_RESET, link=_LINK, words=both("Keluar")(language))
    if signs_in:
        return Markup('<a class="in" href="{href}" style="{link}">{words}</a>').format(
            href=SIGN_IN, link=_LINK, words=both("Masuk")(language)
        )
    return Markup("")


def is_wanted(environ: WSGIEnvironment) -> bool:
    """Whether a request asks for a whole page of a window: no part of a page, no picture, nothing for a frame.

    Browsers say so by themselves over https; else it is what only a page asks for.
    """
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD", "POST"):
        return False
    destination = str(environ.get("HTTP_SEC_FETCH_DEST", "")).lower()
    if destination:
        return destination == "document"
    if "HTTP_X_REQUESTED_WITH" in environ or "HTTP_HX_REQUEST" in environ or "HTTP_TURBO_FRAME" in environ:
        return False
    return "text/html" in str(environ.get("HTTP_ACCEPT", "")).lower()


def inject(pieces: Iterable[bytes], html: str) -> Iterator[bytes]:
    """Yield a page with ``html`` behind its ``<body ...>``; one without such a tag goes out as it is.

    What comes before the body is held back, 256 KB at most; all behind it passes as it comes.
    """
    held, begun, stream = b"", False, iter(pieces)
    for piece in stream:
        held += piece
        looked_at = len(held) - len(piece) - 6
        begun = begun or b"<body" in held[max(0, looked_at) :].lower()
        end = _end_of_body_tag(held) if begun else None
        if end is not None:
            yield held[:end] + html.encode("ascii", "xmlcharrefreplace") + held[end:]
            break
        if len(held) > LONGEST_HEAD:
            yield held
            break
    else:
        if held:
            yield held
    yield from stream


def _end_of_body_tag(page: bytes) -> int | None:
    return next((found.end() for found in _BODY.finditer(page) if found["body"]), None)


def admit(headers: Headers, public: str, strip: Strip) -> tuple[Headers, str]:
    """Return the headers of a page with the bar, and all the HTML to put in: the bar and its script.

    The page is one person's from now on, and not what its tags and dates say. Its policy, where it has one, is opened
    for this one script: with the page's own nonce, or with the script's address; and for the way out to the portal.
    """
    kept = list(without(headers, "etag", "last-modified", "expires", "age", "pragma"))
    caching = ", ".join(value for name, value in kept if name.lower() == "cache-control")
    if "no-store" not in caching.lower():
        kept = [*without(kept, "cache-control"), ("Cache-Control", "private, no-cache")]
    nonce, styled, made = "", True, []
    for name, value in kept:
        if name.lower() in ("content-security-policy", "content-security-policy-report-only"):
            policies = []
            for policy in value.split(","):
                directives = _directives(policy)
                styled = styled and _may_style(directives)
                nonce = _open(directives, public, strip.portal, nonce)
                policies.append("; ".join(" ".join((key, *sources)) for key, sources in directives.items()))
            value = ", ".join(policies)
        made.append((name, value))
    attribute = Markup(' nonce="{}"').format(nonce) if nonce else ""
    html = strip.html if styled else _STYLES.sub("", strip.html)  # each would be a complaint to whoever collects them
    whole = f'{html}<script src="{script_url()}" async{attribute}></script>'
    return made, whole.replace(f'"{OWN_PATHS}', f'"{escape(public)}{OWN_PATHS}')  # the page may have another base


def _directives(policy: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in policy.split(";"):
        name, *sources = part.split() or [""]
        if name:
            found.setdefault(name.lower(), sources)  # of one that is named twice the first counts
    return found


def _first(directives: dict[str, list[str]], *names: str) -> str:
    return next((name for name in names if name in directives), "")


def _may_style(directives: dict[str, list[str]]) -> bool:
    """Whether a policy lets an element have a style of its own."""
    sources = directives.get(_first(directives, "style-src-attr", "style-src", "default-src"), ["'unsafe-inline'"])
    low = [one.lower() for one in sources]
    return "'unsafe-inline'" in low and not any(one.startswith(("'nonce-", "'sha")) for one in low)


def _open(directives: dict[str, list[str]], public: str, portal: str, nonce: str) -> str:
    """Let the bar's script run under a policy; return the nonce that the script has to carry, if any."""
    if "form-action" in directives:  # browsers ask it for where a form is led on to, too
        _allow(directives, "form-action", f"{public}{OWN_PATHS}", portal)
    said = _first(directives, "script-src-elem", "script-src", "default-src")
    if not said:
        return nonce
    sources = directives[said]
    own = next((one[7:-1] for one in sources if re.fullmatch(r"'nonce-[\w+/=-]+'", one, re.IGNORECASE)), "")
    if own and nonce in ("", own):
        return own
    if "'self'" not in sources or "'strict-dynamic'" in sources:
        if said == "default-src":
            directives["script-src"] = list(sources)
            said = "script-src"
        _allow(directives, said, f"{public}{SCRIPT}")
    return nonce


def _allow(directives: dict[str, list[str]], name: str, *sources: str) -> None:
    kept = [one for one in directives[name] if one.lower() != "'none'"]
    directives[name] = [*kept, *(one for one in sources if one not in kept)]


@cache
def _script() -> tuple[bytes, str]:
    code = _FILE.read_bytes()
    return code, hashlib.sha256(code).hexdigest()[:12]


def script_url() -> str:
    """Return where the bar's script is served on every application's host, with its hash."""
    return f"{SCRIPT}?v={_script()[1]}"


def serve_script(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer `SCRIPT`; browsers may keep it for ever when they asked for the hash it has."""
    code, mark = _script()
    asked = environ.get("QUERY_STRING", "") == f"v={mark}"
    start_response(
        "200 OK",
        [
            ("Content-Type", "text/javascript; charset=utf-8"),
            ("Content-Length", str(len(code))),
            ("Cache-Control", FOR_EVER if asked else "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
        ],
    )
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [code]
