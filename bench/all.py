"""Every figure of issue 5's ninth part in one table: what, the goal at most, what was measured, whether it is met."""

from __future__ import annotations

import sys

import first_hit
import gate
import memory
import migrations
import page
import reload
import start_up
from pairs import head, show


def main() -> None:
    """Print the table, each figure as it is ready."""
    head()
    for program in (start_up, memory, page, gate, first_hit, migrations):
        show(program.main())
    reload.main()  # a site of its own, under load: it prints its figures itself


if __name__ == "__main__":
    sys.exit(main())
