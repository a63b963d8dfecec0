"""``python -m lumbung.cli``."""

from lumbung.cli import main

main()
