"""The socket of the site, and what is said when there is none to be had."""

from __future__ import annotations

import socket

import pytest

from lumbung.errors import LumbungError
from lumbung.serving.listening import listen, readiness_probe


def test_address_of_another_machine_is_refused_in_one_sentence() -> None:
    with pytest.raises(LumbungError, match=r"^This machine cannot listen on 192\.0\.2\.1 \(.+\); set LUMBUNG_BIND\.$"):
        listen("192.0.2.1", 8000)


def test_port_can_be_taken_again_right_after_the_last_site_left_it() -> None:
    with listen("127.0.0.1", 0) as first, socket.create_connection(first.getsockname()):
        port = first.getsockname()[1]
        first.accept()[0].close()
    with listen("127.0.0.1", port) as again:
        assert again.getsockname() == ("127.0.0.1", port)


def test_site_that_does_not_answer_is_not_ready() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    assert not readiness_probe("0.0.0.0", port)()  # noqa: S104 asked, not bound
