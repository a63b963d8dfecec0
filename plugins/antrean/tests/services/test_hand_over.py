"""A counter goes to whoever takes over the post of the one who sits there."""

from __future__ import annotations

import lumbung_antrean
from lumbung_antrean.models import Counter
from lumbung_antrean.services import counters

from lumbung.sdk import find_or_404, people, session

from ..conftest import Office


def test_the_successor_takes_the_seat_unless_they_have_one(office: Office) -> None:
    old = office.house.person("sumbawa", "lama@a.id", name="Pak Lama")
    new = office.house.person("sumbawa", "baru@a.id", name="Bu Baru")
    unit = office.house.unit("sumbawa", "LAIN")
    with office.inside():
        first, second = (find_or_404(Counter, office.counters[number]) for number in (0, 1))
        counters.sit_down(first, old)
        giver, receiver = people.get(old.id), people.get(new.id)
        assert giver and receiver
        assert [one.count for one in lumbung_antrean.hand_over(giver, receiver, frozenset([unit]))] == [0]
        assert first.operator_id == old.id, "of another unit"
        assert [one.count for one in lumbung_antrean.hand_over(giver, receiver, None)] == [1]
        assert (first.operator_id, first.operator_name) == (new.id, "Bu Baru")
        counters.sit_down(second, old)
        assert [one.count for one in lumbung_antrean.hand_over(giver, receiver, None)] == [0]
        session.flush()
        assert (first.operator_id, second.operator_id) == (new.id, None)
