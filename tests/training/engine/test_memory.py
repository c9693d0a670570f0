"""Memory, open files and threads stay as they are, epoch after epoch."""

import contextlib
import pathlib

import pytest
from helpers import forked
from helpers.tiny_run import make_engine, train_and_measure

from kerasbook.training.engine import loop
from kerasbook.training.engine.memory import freed_by_hand

SETTLED = 5  # epochs


@pytest.mark.slow("two processes train for 51 epochs; that each frees what it left is tested below")
def test_fifty_epochs_take_no_more_than_five(tmp_path):
    if not pathlib.Path("/proc/self/statm").exists():
        pytest.skip("reads /proc, which this system does not have")
    runs = [forked.start(train_and_measure, tmp_path / str(n), n) for n in (1, 2)]
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


def test_each_epoch_frees_what_it_left(tmp_path, monkeypatch):
    freed = []

    @contextlib.contextmanager
    def counted():
        yield lambda: freed.append(len(freed))

    monkeypatch.setattr(loop, "freed_by_hand", counted)
    make_engine(tmp_path / "run", examples=8).fit(3)
    assert len(freed) == 3
