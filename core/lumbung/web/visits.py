"""Flask's signed cookie of a visit, which holds a language, a CSRF secret and the like: no work is done twice."""

from __future__ import annotations

import copy
import time
from functools import lru_cache
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer

KEPT = 1024  # cookies whose signature was found good: those of some hundred visitors who are reading now


class Visits(SecureCookieSessionInterface):
    """Makes what signs once for a set of keys, and checks a cookie's signature once, not at each request.

    What is remembered is that this very text was signed with these keys, and when; its age is looked at every time.
    """

    def __init__(self) -> None:
        self._signers: dict[tuple[Any, ...], URLSafeTimedSerializer | None] = {}
        self._read = lru_cache(KEPT)(self._read_anew)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs with the keys that an app has now; None when it has none."""
        keys = _keys(app)
        if keys not in self._signers:
            self._signers[keys] = super().get_signing_serializer(app)
        return self._signers[keys]

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what a browser's cookie says, an empty visit when it brings none or one that is not ours."""
        if self.get_signing_serializer(app) is None:
            return None
        sent = request.cookies.get(self.get_cookie_name(app))
        if not sent:
            return self.session_class()
        said, signed_at = self._read(_keys(app), sent)
        if time.time() - signed_at > app.permanent_session_lifetime.total_seconds():
            return self.session_class()
        return self.session_class(copy.deepcopy(said))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Put the cookie into the answer where it changed; a visit that nobody looked into needs nothing."""
        if session.accessed or session.modified or session.permanent:
            super().save_session(app, session, response)

    def _read_anew(self, keys: tuple[Any, ...], sent: str) -> tuple[dict[str, Any], float]:
        signer = self._signers[keys]
        try:
            said, signed_at = signer.loads(sent, return_timestamp=True) if signer else ({}, None)
        except BadSignature:
            return {}, 0.0
        return said, signed_at.timestamp() if signed_at else 0.0


def _keys(app: Flask) -> tuple[Any, ...]:
    return (app.secret_key, *(app.config["SECRET_KEY_FALLBACKS"] or ()))
