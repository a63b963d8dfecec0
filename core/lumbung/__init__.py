"""Lumbung, the granary: a platform on which a regional government adopts, runs and keeps donated applications."""

__version__ = "0.1.0"
