"""The rules of the office in one place: what may be done to a report, and by which function.

Each takes a report, holds it, refuses with `DomainError` what its state does not allow, writes log and audit, tells
the reporter and those who support it, and tells the house by an event.
"""

from .correcting import change
from .ending import close, finish, may_rate, may_reopen, rate, refuse, reopen, start
from .handing import forward, outside_answer, postpone, route
from .merging import main_of, merge, split
from .verifying import hide, reply, show, verify

__all__ = [
    "change",
    "close",
    "finish",
    "forward",
    "hide",
    "main_of",
    "may_rate",
    "may_reopen",
    "merge",
    "outside_answer",
    "postpone",
    "rate",
    "refuse",
    "reopen",
    "reply",
    "route",
    "show",
    "split",
    "start",
    "verify",
]
