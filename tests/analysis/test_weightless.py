"""`weightless`: no weights get values, not even later."""

import keras
import pytest

from kerasbook.analysis import weightless


def test_weights_never_get_values():
    model = weightless(lambda: keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)]))
    assert model.count_params() == 16
    kernel = model.layers[0].kernel
    with keras.StatelessScope():  # at whose end Keras fills what waits in this thread
        pass
    assert kernel._value is None


def test_what_the_function_raises_comes_out():
    with pytest.raises(ValueError, match="units"):
        weightless(lambda: keras.layers.Dense(-1))
