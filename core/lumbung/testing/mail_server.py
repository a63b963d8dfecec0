"""A mail server for tests: takes letters in this process, and refuses what it is told to refuse."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage


class FakeMailServer(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as `lumbung.mail` needs, without encryption.

    ``letters`` holds what was taken. ``answers`` maps a command (``RCPT``, ``DATA``, ``MAIL``, ``EHLO``) to another
    answer than yes, such as ``"550 no such user"``; for DATA it is the answer to the message itself.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.letters: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.port: int = self.server_address[1]

    def __enter__(self) -> FakeMailServer:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_request: object) -> None:
        """Say nothing when a client hangs up in the middle: that is what some tests are about."""


class _Conversation(socketserver.StreamRequestHandler):
    server: FakeMailServer

    def handle(self) -> None:
        self._say("220 fake")
        for line in self.rfile:
            verb = line[:4].decode("ascii", "replace").upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            if verb == "DATA":
                self._say("354 go on")
                self._take(self._message())
            else:
                self._say(self.server.answers.get(verb, "250 ok"))

    def _message(self) -> bytes:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _take(self, data: bytes) -> None:
        answer = self.server.answers.get("DATA", "250 queued as 1")
        if answer.startswith("2"):
            self.server.letters.append(email.message_from_bytes(data, _class=EmailMessage, policy=email.policy.SMTP))
        self._say(answer)

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")
