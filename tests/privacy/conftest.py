"""Tests of personal data run with the queue, whose tickets hold names, phones and keys of NIKs."""

import pytest


@pytest.fixture
def house_plugins() -> list[str]:
    return ["antrean"]
