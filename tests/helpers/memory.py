"""Frees memory between test files: models are cycles, which Python seldom looks for.

To look for them takes a second or more once many objects are there, so it is done only where the
process has grown, and what then is left is not looked at again.
"""

import ctypes
import gc
import pathlib

GROWTH = 300 * 2**20  # bytes
_STATM = pathlib.Path("/proc/self/statm")
_settled = 0


def free_if_grown():
    """Collects cycles, and hands free memory back, if the process has grown since it last did."""
    global _settled
    if not _STATM.exists() or resident() < _settled + GROWTH:
        return
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)
    _settled = resident()


def resident():
    """Returns the bytes of memory that the process holds."""
    return int(_STATM.read_text().split()[1]) * 4096
