"""Memory, open files and threads stay as they are, epoch after epoch."""

import os
import pathlib

import forked
import keras
import pytest
import tensorflow as tf
from tiny_run import make_engine

from kerasbook.testing import two_replicas
from kerasbook.training.engine.memory import freed_by_hand

SETTLED = 5  # epochs


class Measure(keras.callbacks.Callback):
    """Sends the memory in pages, the number of open files and the number of threads."""

    def __init__(self, send):
        super().__init__()
        self.send = send

    def on_epoch_begin(self, epoch, logs=None):
        process = pathlib.Path("/proc/self")
        memory = int((process / "statm").read_text().split()[1])
        self.send((memory, *(len(os.listdir(process / name)) for name in ("fd", "task"))))


def fifty_epochs(send, path, make_strategy):
    make_engine(path, [Measure(send)], make_strategy(), examples=8).fit(51)


def test_fifty_epochs_take_no_more_than_five(tmp_path):
    if not pathlib.Path("/proc/self/statm").exists():
        pytest.skip("reads /proc, which this system does not have")
    strategies = {"one": tf.distribute.get_strategy, "two": two_replicas}
    runs = [forked.start(fifty_epochs, tmp_path / name, s) for name, s in strategies.items()]
    for process, receiver in runs:
        measured = []
        try:
            while True:
                measured.append(receiver.recv())
        except EOFError:
            process.join()
        assert len(measured) == 51
        for settled, greatest in zip(measured[SETTLED], map(max, *measured[SETTLED:]), strict=True):
            assert greatest <= 1.03 * settled


def test_cycles_are_freed_when_asked():
    class Cycle:
        alive = 0

        def __init__(self):
            self.itself = self
            Cycle.alive += 1

        def __del__(self):
            Cycle.alive -= 1

    with freed_by_hand() as free:
        for _ in range(3):
            Cycle()
            free()
            assert Cycle.alive == 0
