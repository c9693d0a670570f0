"""Memory: what an epoch leaves behind is freed at its end."""

import contextlib
import gc
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def freed_by_hand() -> Iterator[Callable[[], int]]:
    """Yields a function that frees what has been left in cycles since the block began.

    Each epoch's pipeline traces functions, and a traced function refers to itself: it goes only
    when Python looks for cycles. Left to itself Python does so the more seldom the more objects
    there are, and TensorFlow has several hundred thousand; what piles up meanwhile is tens of
    megabytes. Only what is younger than the block is looked through, which is some twenty times as
    quick as looking through all.
    """
    gc.freeze()
    try:
        yield gc.collect
    finally:
        gc.unfreeze()
