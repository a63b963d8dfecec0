"""What is asked at an endpoint, and what is answered: plain data, without Flask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Payload, OAuth2Request
from werkzeug.datastructures import Headers, MultiDict

from lumbung.openid.tokens import SignedIn

LONGEST = 2000  # letters of one parameter


@dataclass(frozen=True)
class Answer:
    """What to send back: plain data where it is JSON, a ``Location`` among the headers where it leads on."""

    status: int
    body: Any
    headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def location(self) -> str | None:
        """Where it leads."""
        return next((value for name, value in self.headers if name == "Location"), None)


class _Payload(OAuth2Payload):
    def __init__(self, given: MultiDict[str, str]) -> None:
        self._given = given

    @property
    def data(self) -> Mapping[str, str]:
        return self._given

    @property
    def datalist(self) -> Mapping[str, list[str]]:
        return {name: self._given.getlist(name) for name in self._given}


class Asked(OAuth2Request):
    """A request to an endpoint: its parameters, from the address alone or from the form alone, never from both.

    Raises `InvalidRequestError` where one is given twice (RFC 6749 section 3.1) or is endless.
    """

    def __init__(self, given: MultiDict[str, str], *, method: str = "GET", headers: Headers | None = None) -> None:
        # Authlib would refuse plain http here; whether this site is served so is the operator's own setting.
        super().__init__(method, "https://openid.invalid/", headers=headers or Headers())
        self.given = given
        self.payload = _Payload(given)
        self.signed_in: SignedIn | None = None

    @property
    def args(self) -> MultiDict[str, str]:
        """The parameters."""
        return self.given

    @property
    def form(self) -> MultiDict[str, str]:
        """The parameters."""
        return self.given

    def refuse_unreadable(self) -> None:
        """Raise `InvalidRequestError` where a parameter is given twice or is endless."""
        for name in self.given:
            if len(self.given.getlist(name)) > 1:
                raise InvalidRequestError("A parameter is given more than once.")
            if len(self.given[name]) > LONGEST:
                raise InvalidRequestError("A parameter is too long.")
