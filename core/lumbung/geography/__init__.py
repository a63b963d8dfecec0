"""Where things are: boundaries of a tenant's regions, places in them, distances, and files that hold such shapes.

Everything here is WGS 84. A place is said as people say it, latitude first; a geometry is GeoJSON, longitude first.
Shapely and PROJ are imported when they are first asked for, never at start: NumPy, which they bring, is heavy.
"""

import os

# NumPy's OpenBLAS, which nothing here uses, sets aside address space for each core at once: with many of them more than
# a web worker may have (memory_limit_mb).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
