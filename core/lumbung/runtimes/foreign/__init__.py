"""The gate of foreign applications: a host each, who may ask for what, who they are told somebody is.

`runtime.ForeignRuntime` answers for one; the other rooms are what it does so with. Why so: `docs/decisions/0032`.
"""

from lumbung.runtimes.foreign.runtime import ForeignRuntime

__all__ = ["ForeignRuntime"]
