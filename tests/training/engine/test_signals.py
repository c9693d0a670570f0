"""Signals ask once, kill on the second, and everything is as before afterwards."""

import os
import signal
import threading

import pytest

from kerasbook.training.engine.signals import Interrupted, StopRequest, signal_of, stop_on_signal


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_only_asks(number):
    before = signal.getsignal(number)
    with stop_on_signal() as stop:
        assert not stop
        os.kill(os.getpid(), number)
        assert stop
        assert stop.signal == number
    assert signal.getsignal(number) is before


def test_the_second_interrupt_raises():
    def twice():
        with stop_on_signal():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    # Whoever starts the tests in the background may have them ignore interrupts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            twice()
    finally:
        signal.signal(signal.SIGINT, before)


def test_outside_the_main_thread_nothing_is_installed():
    seen = []

    def run():
        with stop_on_signal() as stop:
            seen.append(bool(stop))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [False]


def test_exit_codes():
    assert Interrupted("", signal.SIGINT).exit_code == 130
    assert Interrupted("", signal.SIGTERM).exit_code == 143


def test_the_sum_of_votes_tells_the_signal():
    votes = []
    for number in (signal.SIGINT, signal.SIGTERM):
        request = StopRequest()
        request.signal = number
        votes.append(request.vote)
    interrupted, terminated = votes
    assert signal_of(3 * interrupted) == signal.SIGINT
    assert signal_of(terminated + 3 * interrupted) == signal.SIGTERM
    assert signal_of(0.0) == signal.SIGTERM
