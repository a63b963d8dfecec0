"""Why somebody does not come in with an identity from elsewhere."""

from __future__ import annotations

from enum import Enum

from lumbung.errors import LumbungError


class Reason(Enum):
    """What a page says, in a few kinds; the log has the sentence."""

    AWAY = "away"  # the provider does not answer, or not as it should
    UNTRUSTED = "untrusted"  # what came is not proven to be from the provider, for us, now
    EXPIRED = "expired"  # the way there and back took too long, was gone before, or began in another browser
    DENIED = "denied"  # they said no at the provider
    UNWELCOME = "unwelcome"  # nobody here, or nobody this provider may let in
    UNVERIFIED = "unverified"  # their address belongs to an account here that never showed it is theirs
    LINK_INSIDE = "link inside"  # their account has no password to ask for: link it when signed in
    TAKEN = "taken"  # the identity is another account's, or the account has another identity there


class UpstreamRefused(LumbungError):
    """Nobody is signed in, nothing is linked. ``reason`` is for the page; the words, for the log, name nobody."""

    def __init__(self, reason: Reason, template: str, /, **values: object) -> None:
        super().__init__(template, **values)
        self.reason = reason


class UpstreamUnsound(LumbungError):
    """A provider cannot be used as it was written down, or as it answers; the message says what to mend."""
