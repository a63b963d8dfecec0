"""Sending e-mail: by a mail server where `smtp_host` names one, else by a twin that sends nothing and says so."""

from __future__ import annotations

import logging
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Protocol

from lumbung.clock import utc_now
from lumbung.errors import LumbungError
from lumbung.settings import Settings

logger = logging.getLogger(__name__)

TIMEOUT = 10  # seconds, for each answer of the mail server
REST = timedelta(minutes=1)  # a server that cannot be reached is left alone for so long


class MailRefused(LumbungError):
    """The server will never take this message: the address is unknown, or what it says is unwelcome."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class MailDelayed(LumbungError):
    """The message may be taken later: the server is away, busy, or does not know us."""


@dataclass(frozen=True)
class Letter:
    """A message to one person, not yet in the form that travels. ``key`` names it for ever, as in its Message-ID."""

    to: str
    to_name: str
    from_name: str
    subject: str
    text: str
    html: str
    key: str
    at: datetime
    language: str = "id"


class Mailer(Protocol):
    """What sends letters."""

    @property
    def sends(self) -> bool:
        """Whether letters leave this site at all."""

    def send(self, letter: Letter) -> str:
        """Hand a letter over and return what the server answered. Raises `MailRefused` or `MailDelayed`."""


def mailer_for(settings: Settings) -> Mailer:
    """Return what sends mail for this site: the twin when no mail server is named."""
    return SmtpMailer(settings) if settings.smtp_host else NullMailer()


class NullMailer:
    """Sends nothing. For sites without a mail server, for development and tests."""

    sends = False

    def send(self, letter: Letter) -> str:
        """Write one line into the log, without the address, and leave it at that."""
        logger.info("letter %s is not sent: smtp_host is not set", letter.key)
        return ""


class SmtpMailer:
    """Hands letters to a mail server, one connection each."""

    sends = True

    def __init__(self, settings: Settings) -> None:
        if settings.smtp_host is None or settings.mail_from is None:
            raise ValueError("SmtpMailer needs smtp_host and mail_from")
        self._settings = settings
        self._host: str = settings.smtp_host
        self._from: str = settings.mail_from
        self._rests_until: datetime | None = None

    def send(self, letter: Letter) -> str:
        """Hand a letter over and return what the server answered.

        `MailRefused` is for what lies in the letter. Whatever else is wrong (no connection, no encryption, a
        certificate or password that is not accepted) is `MailDelayed`: an operator can mend it, and nothing is lost
        until then. A server that cannot be reached is not asked again for a minute, so that a queue of letters does
        not hold up the job worker.
        """
        if self._rests_until and utc_now() < self._rests_until:
            raise MailDelayed(f"The mail server {self._host} did not answer a moment ago.")
        message = write(letter, self._from)
        try:
            server = self._connect()
            try:
                return _hand_over(server, message)
            finally:
                _part(server)
        except OSError as error:  # smtplib's own errors are of this kind too
            self._rests_until = utc_now() + REST
            raise MailDelayed(f"The mail server {self._host} cannot be used: {describe(error)}.") from None

    def _connect(self) -> _Answering:
        settings, here = self._settings, self._from.rpartition("@")[2]
        context = ssl.create_default_context()
        server: _Answering
        if settings.smtp_security == "tls":
            server = _AnsweringTls(self._host, settings.smtp_port, here, timeout=TIMEOUT, context=context)
        else:
            server = _Answering(self._host, settings.smtp_port, here, timeout=TIMEOUT)
        try:
            if settings.smtp_security == "starttls":
                server.starttls(context=context)
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password or "")
        except BaseException:
            server.close()
            raise
        return server


class _Answering(smtplib.SMTP):
    """Remembers what the server said when it took the message."""

    answer: tuple[int, bytes] = (0, b"")

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.answer = super().data(msg)
        return self.answer


class _AnsweringTls(_Answering, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


def write(letter: Letter, sender: str) -> EmailMessage:
    """Return a letter in the form that travels. A name or title with line breaks stays one header line."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(letter.from_name, sender)
    message["To"] = _address(letter.to_name, letter.to)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.key}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    message["Content-Language"] = letter.language  # last: what begins with Content- goes with the part it is set on
    return message


def one_line(text: str) -> str:
    """Return ``text`` without line breaks and control characters: what cannot begin another header."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def describe(error: BaseException) -> str:
    """Return in a few words what a mail server, or the way to it, said."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answered {error.smtp_code} {_words(error.smtp_error)}".rstrip(" .")
    return (str(error) or type(error).__name__).rstrip(".")


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(one_line(name), local, domain)


def _hand_over(server: _Answering, message: EmailMessage) -> str:
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        raise _refusal(*next(iter(error.recipients.values()))) from None
    except smtplib.SMTPDataError as error:
        raise _refusal(error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError:
        raise MailRefused("The mail server takes no address with letters beyond ASCII.", 553) from None
    code, said = server.answer
    return f"{code} {_words(said)}"


def _refusal(code: int, said: bytes | str) -> LumbungError:
    sentence = f"The mail server answered {code} {_words(said)}".rstrip(" .") + "."
    return MailRefused(sentence, code) if code >= 500 else MailDelayed(sentence)


def _part(server: _Answering) -> None:
    """Say goodbye. What happens now is of no consequence: the message is taken or refused already."""
    with suppress(OSError):
        server.quit()
    server.close()


def _words(said: bytes | str) -> str:
    return one_line(said.decode("utf-8", "replace") if isinstance(said, bytes) else said)
