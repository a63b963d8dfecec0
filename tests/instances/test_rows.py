"""The row of an instance: its state, and its passwords, which are nowhere in the clear."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from lumbung.errors import Sentence
from lumbung.instances.rows import instances_of, keep_secrets, reason_of, row_of, secrets_of, set_state
from lumbung.testing import TestHouse

PHP = 'stack = "php"'


def test_a_state_is_noted_with_its_reason_and_the_next_one_forgets_both(house: TestHouse, foreign) -> None:
    one = foreign(PHP, {"index.php": "<?php echo 1;"})
    set_state(house.kernel, one, "failed", reason=Sentence("Port %(port)s is taken.", port=80))
    with house.kernel.database.new_session(None) as session:
        row = row_of(session, one)
        assert row is not None and row.state == "failed"
        reason = reason_of(row)
    assert reason is not None and reason.template == "Port %(port)s is taken." and reason.values == {"port": 80}
    set_state(house.kernel, one, "running", address="127.0.0.1:4711", restarts=2)
    with house.kernel.database.new_session(None) as session:
        row = row_of(session, one)
        assert row is not None
        assert (row.state, row.reason, row.address, row.restarts) == ("running", None, "127.0.0.1:4711", 2)
    with pytest.raises(ValueError, match="asleep"):
        set_state(house.kernel, one, "asleep")


def test_passwords_are_made_once_kept_sealed_and_added_to(house: TestHouse, foreign) -> None:
    one = foreign(PHP, {"index.php": "<?php echo 1;"})
    made = secrets_of(house.kernel, one)
    assert set(made) == {"secret", "database_password", "adapter_password"} and len(set(made.values())) == 3
    assert secrets_of(house.kernel, one) == made
    assert keep_secrets(house.kernel, one, token="abc") == {**made, "token": "abc"}
    assert secrets_of(house.kernel, one) == {**made, "token": "abc"}
    with house.kernel.database.new_session(None) as session:
        kept = bytes(session.execute(text("SELECT secret FROM lumbung_instance")).scalar_one())
    assert made["database_password"].encode() not in kept


def test_instances_are_known_when_the_plugin_is_off_or_uninstalled(house: TestHouse, foreign) -> None:
    one = foreign(PHP, {"index.php": "<?php echo 1;"})
    assert instances_of(house.kernel, "hadiah") == []
    set_state(house.kernel, one, "stopped")
    assert [found.label for found in instances_of(house.kernel, "hadiah")] == ["hadiah/sumbawa"]
    set_state(house.kernel, one, "removed")
    assert instances_of(house.kernel, "hadiah") == []
    assert instances_of(house.kernel, "tiada") == []
