"""Ctrl-C and SIGTERM as a request to stop at the next step, not in the middle of one.

Where several workers train together, all stop at the same step, whichever of them was asked: what
each has received is summed over all of them within the step, and counts from there on.
"""

import contextlib
import signal
import threading

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether, and by which signal, the run was asked to stop.

    Args:
        shared: Whether several workers must agree before the request holds.

    Attributes:
        signal: Number of the signal by which the run was asked to stop, or `None`.
        received: Number of the signal that this process has received, or `None`.
    """

    def __init__(self, shared=False):
        self.shared = shared
        self.signal = None
        self.received = None

    def __bool__(self):
        return self.signal is not None

    def receive(self, number):
        """Takes in a signal of this process."""
        self.received = number
        if not self.shared:
            self.signal = number

    def counts(self):
        """Returns for each of `SIGNALS` 1 if this process has received it, otherwise 0."""
        return [float(self.received == number) for number in SIGNALS]

    def agree(self, counts):
        """Takes in the sums of all workers' `counts`; SIGTERM goes before SIGINT."""
        for number, count in zip(SIGNALS, counts, strict=True):
            if count:
                self.signal = number


class Interrupted(KeyboardInterrupt):
    """Raised once a run that was asked to stop has kept its checkpoint.

    Attributes:
        exit_code: 128 plus the signal's number: 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, message, signal_number):
        super().__init__(message)
        self.exit_code = 128 + signal_number


@contextlib.contextmanager
def stop_on_signal(shared=False):
    """Yields a `StopRequest` that the first SIGINT or SIGTERM fills; a second one kills."""
    request = StopRequest(shared)
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    previous = {}

    def on_signal(number, frame):
        request.receive(number)
        for each, handler in previous.items():
            signal.signal(each, handler)

    for number in SIGNALS:
        previous[number] = signal.signal(number, on_signal)
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
