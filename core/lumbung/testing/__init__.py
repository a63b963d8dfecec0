"""For tests of the core and of plugins: a house with two tenants on real PostgreSQL, clients, a browser, wheels.

Its fixtures are registered with pytest by the distribution; a plugin's ``conftest.py`` only says which plugins
its tests need::

    @pytest.fixture
    def house_plugins():
        return ["antrean"]
"""

from lumbung.audit.models import AuditRow
from lumbung.audit.reading import readings_of
from lumbung.events import EventRow
from lumbung.notifications.models import Notification, VisitorLetter
from lumbung.testing.clocks import frozen_clock
from lumbung.testing.house import HouseClient, TestHouse
from lumbung.testing.wheels import make_wheel

__all__ = [
    "AuditRow",
    "EventRow",
    "HouseClient",
    "Notification",
    "TestHouse",
    "VisitorLetter",
    "frozen_clock",
    "make_wheel",
    "readings_of",
]
