"""What callbacks remember goes through JSON and arrays, and comes back."""

import json

import keras
import numpy as np

from kerasbook.training.engine.callback_state import CallbackStates


class Remembers(keras.callbacks.Callback):
    """A callback with a memory of every kind."""

    def __init__(self):
        super().__init__()
        self.patience = 3
        self.best = None
        self.arrays = None
        self.nested = {"seen": [1]}
        self.function = print

    def learn(self):
        self.best = np.float32(0.1)
        self.arrays = [np.arange(3), np.ones((2, 2), "float16")]
        self.nested["seen"].append(2.5)
        self.nested["by_name"] = {"a": None, "b": True}


def test_what_changed_is_kept_and_given_back():
    first, second = Remembers(), Remembers()
    states = CallbackStates([first])
    first.learn()
    kept, arrays = states.read()
    kept = json.loads(json.dumps(kept))
    assert set(kept[0]["state"]) == {"best", "arrays", "nested"}  # not what stayed
    second.patience = 5
    CallbackStates([second]).write(kept, arrays)
    assert second.patience == 5
    assert second.best == np.float32(0.1)
    assert second.best.dtype == "float32"
    assert second.nested == first.nested
    for a, b in zip(second.arrays, first.arrays, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype
    assert second.function is print


def test_other_callbacks_are_left_alone():
    first, other = Remembers(), keras.callbacks.EarlyStopping()
    states = CallbackStates([first])
    first.learn()
    before = dict(vars(other))
    CallbackStates([other]).write(*states.read())
    assert vars(other) == before


def test_what_had_not_changed_is_as_it_began():
    callback = keras.callbacks.EarlyStopping()
    callback.on_train_begin()
    states = CallbackStates([callback])
    kept = states.read()
    callback.wait = 3
    states.write(*kept)
    assert callback.wait == 0


def test_counters_of_model_checkpoint_are_kept():
    first, second = (keras.callbacks.ModelCheckpoint("x.keras", save_freq=9) for _ in range(2))
    states = CallbackStates([first])
    first._batches_seen_since_last_saving = 4
    CallbackStates([second]).write(*states.read())
    assert second._batches_seen_since_last_saving == 4
