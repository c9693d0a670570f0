"""The base of layers with a dense kernel: Keras' numbers, its config, its errors."""

import keras
import numpy as np
import pytest

from kerasbook.layers.affine import Affine


class Plain(Affine):
    def call(self, inputs):
        return self.transform(inputs)


@pytest.mark.parametrize("use_bias", [True, False])
def test_is_keras_dense(use_bias, rng):
    x = rng.normal(size=(2, 4, 5)).astype("float32")
    ours, theirs = Plain(3, use_bias=use_bias), keras.layers.Dense(3, use_bias=use_bias)
    ours.build(x.shape)
    theirs.build(x.shape)
    ours.set_weights([rng.normal(size=w.shape) for w in ours.weights])
    theirs.set_weights(ours.get_weights())
    y = keras.ops.convert_to_numpy(ours(x))
    np.testing.assert_allclose(y, keras.ops.convert_to_numpy(theirs(x)), atol=1e-6)
    assert ours.compute_output_shape((None, None, 5)) == (None, None, 3)


def test_regularizers_and_constraints_reach_the_weights():
    layer = Plain(3, kernel_regularizer="l2", bias_constraint="non_neg")
    layer.build((None, 2))
    assert type(layer.kernel.regularizer) is keras.regularizers.L2
    assert type(layer.bias.constraint) is keras.constraints.NonNeg
    assert layer.get_config()["kernel_regularizer"]["class_name"] == "L2"


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`units` must be a positive integer.*units=0"):
        Plain(0)
    with pytest.raises(ValueError, match="`use_bias` must be .*use_bias=None"):
        Plain(2, use_bias=None)
    with pytest.raises(ValueError, match="static size"):
        Plain(2).build((None, None))
