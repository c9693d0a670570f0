"""Ctrl-C and SIGTERM as a request to stop at the next step, not in the middle of one."""

import contextlib
import signal
import threading
import types
from collections.abc import Iterator
from typing import Any

# What a worker that received a signal adds to the sum of all, which tells which signal it was.
_VOTES: dict[int | None, float] = {signal.SIGINT: 1.0, signal.SIGTERM: 1024.0}


class StopRequest:
    """Whether, and by which signal, the run was asked to stop."""

    signal: int | None

    def __init__(self) -> None:
        self.signal = None

    @property
    def vote(self) -> float:
        """What this worker adds to the sum of all."""
        return _VOTES[self.signal]

    def __bool__(self) -> bool:
        return self.signal is not None


def signal_of(votes: float) -> signal.Signals:
    """Returns the signal that a sum of the workers' votes speaks of; SIGTERM if of none."""
    return signal.SIGINT if 0 < votes < _VOTES[signal.SIGTERM] else signal.SIGTERM


class Interrupted(KeyboardInterrupt):
    """Raised once a run that was asked to stop has kept its checkpoint.

    Attributes:
        exit_code: 128 plus the signal's number: 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


@contextlib.contextmanager
def stop_on_signal() -> Iterator[StopRequest]:
    """Yields a `StopRequest` that the first SIGINT or SIGTERM fills; a second one kills."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    previous: dict[signal.Signals, Any] = {}

    def on_signal(number: int, frame: types.FrameType | None) -> None:
        request.signal = number
        for each, handler in previous.items():
            signal.signal(each, handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        previous[number] = signal.signal(number, on_signal)
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
