"""ResNets: parameter counts of the peers, and Keras' ResNet50 number for number."""

import keras
import numpy as np
import pytest

from kerasbook.applications import ResNet18, ResNet34, ResNet50


def trainable(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


def test_parameters_are_those_of_the_peers():
    # timm's resnet18 and resnet34; keras.applications.ResNet50 with its statistics.
    assert trainable(ResNet18()) == 11_689_512
    assert trainable(ResNet34()) == 21_797_672
    assert ResNet50().count_params() == 25_636_712


def test_resnet50_is_that_of_keras(rng):
    theirs = keras.applications.ResNet50(weights=None)
    ours = ResNet50()
    assert [(w.name, w.shape) for w in ours.weights] == [(w.name, w.shape) for w in theirs.weights]
    scales = ("gamma", "moving_variance")
    theirs.set_weights(
        [
            rng.uniform(0.8, 1.2, w.shape) if w.name in scales
            else rng.normal(0, 0.1, w.shape) if len(w.shape) == 1
            else keras.ops.convert_to_numpy(w) * (30 if len(w.shape) == 2 else 1)
            for w in theirs.weights
        ]
    )  # fmt: skip
    ours.set_weights(theirs.get_weights())
    x = rng.normal(0, 50, size=(2, 224, 224, 3)).astype("float32")
    expected = theirs.predict(x, verbose=0)
    assert expected.max() > 0.1  # far from uniform, so that agreement means something
    np.testing.assert_allclose(ours.predict(x, verbose=0), expected, atol=1e-4)


@pytest.mark.parametrize("function", [ResNet18, ResNet50])
def test_strides_and_low_resolution(function):
    maps = function(include_top=False, input_shape=(64, 96, 3)).output.shape
    assert maps[1:3] == (2, 3)
    small = function(include_top=False, input_shape=(64, 96, 3), low_resolution=True).output.shape
    assert small[1:3] == (8, 12)
    assert function(include_top=False, pooling="avg").output.shape == (None, maps[-1])


def test_too_small_an_image_is_named():
    with pytest.raises(ValueError, match=r"at least 7 pixels.*\(4, 4, 3\)"):
        ResNet18(input_shape=(4, 4, 3))
