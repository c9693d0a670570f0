"""MixUpOff: mixing ends with the last epochs, the rest of a policy goes on."""

import keras
import numpy as np
import pytest

from kerasbook.augmentation import RandAugment, RandomOperation, RepeatedAugmentation, Sequence
from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.callbacks import AugmentationSchedule, MixUpOff


class Mixing(Augmentation):
    """Stands for a layer that mixes samples."""

    mixes_samples = True
    num_draws = 1


class Notes(keras.callbacks.Callback):
    """Notes the strengths of layers in each epoch."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = layers
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(tuple(round(float(layer.strength), 2) for layer in self.layers))


def fit(epochs, *callbacks):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.zeros((4, 2)), np.zeros(4), epochs=epochs, callbacks=callbacks, verbose=0)


def test_the_last_epochs_do_not_mix_and_the_next_run_mixes_again():
    images, mixing = RandAugment(), Mixing()
    off = MixUpOff(Sequence([images, mixing]), last_epochs=2)
    for _ in range(2):
        notes = Notes(images, mixing)
        fit(4, off, notes)
        assert notes.seen == [(1, 1), (1, 1), (1, 0), (1, 0)]
        assert float(mixing.strength) == 1


def test_it_has_the_last_word_after_a_schedule():
    mixing = Mixing()
    notes = Notes(mixing)
    fit(5, AugmentationSchedule(mixing), MixUpOff([mixing], last_epochs=1), notes)
    assert notes.seen == [(0,), (0.25,), (0.5,), (0.75,), (0,)]


def test_mixing_within_another_policy_is_found():
    mixing = Mixing()
    notes = Notes(mixing)
    fit(2, MixUpOff(RepeatedAugmentation(mixing), last_epochs=1), notes)
    assert notes.seen == [(1,), (0,)]


def test_a_run_that_is_broken_off_leaves_no_trace_in_the_next():
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    mixing = Mixing()
    off, notes = MixUpOff(mixing, last_epochs=1), Notes(mixing)
    with pytest.raises(KeyboardInterrupt):
        fit(2, off, Stop())
    fit(2, off, notes)
    assert notes.seen == [(1,), (0,)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"last_epochs": 0}, "`last_epochs` must be a positive integer"),
        ({"layer": RandomOperation("rotate")}, "`layer` must mix samples.*RandomOperation"),
        ({"layer": keras.layers.Dense(1)}, "`layer` must be augmentations with a strength"),
    ],
    ids=str,
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        MixUpOff(**{"layer": Mixing(), **arguments})
