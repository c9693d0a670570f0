"""Dense evaluation against explicit crops at the stride."""

import keras
import numpy as np
import pytest

from kerasbook.evaluation import dense_evaluation

SIDE, STRIDE = 9, 4


@pytest.fixture(scope="module", params=[None, "softmax"])
def model(request):
    """A classifier of 9 x 9 images without padding, all of which it sees; its stride is 4."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            keras.layers.Conv2D(4, 3, strides=2, activation="tanh"),
            keras.layers.MaxPooling2D(2, strides=2),
            keras.layers.Flatten(),
            keras.layers.Dense(5, activation="relu"),
            keras.layers.Dense(3, activation=request.param),
        ]
    )


def crops(model, images, stride):
    """The mean of the probabilities of all crops, by a loop."""
    rows = []
    for top in range(0, images.shape[1] - SIDE + 1, stride):
        for left in range(0, images.shape[2] - SIDE + 1, stride):
            outputs = np.asarray(model(images[:, top : top + SIDE, left : left + SIDE]))
            if model.layers[-1].activation is keras.activations.linear:
                outputs = np.exp(outputs) / np.exp(outputs).sum(-1, keepdims=True)
            rows.append(outputs)
    return np.mean(rows, 0)


def test_equals_explicit_crops_at_the_stride(model, rng):
    images = 3 * rng.normal(size=(2, 19, 14, 1)).astype("float32")
    outputs = np.asarray(dense_evaluation(model)(images))
    np.testing.assert_allclose(outputs, crops(model, images, STRIDE), rtol=1e-4, atol=1e-6)
    # One of the images' own size is what the model says.
    own = np.asarray(dense_evaluation(model)(images[:, :SIDE, :SIDE]))
    np.testing.assert_allclose(own, crops(model, images[:, :SIDE, :SIDE], 1), rtol=1e-4, atol=1e-6)


def test_shifts_by_half_the_stride_halve_it(model, rng):
    images = 3 * rng.normal(size=(2, 20, 15, 1)).astype("float32")
    wide = dense_evaluation(model, shifts=[(0, 0), (2, 0), (0, 2), (2, 2)])
    np.testing.assert_allclose(
        np.asarray(wide(images)), crops(model, images, STRIDE // 2), rtol=1e-4, atol=1e-6
    )


def test_with_global_pooling_the_model_itself_takes_larger_images(rng):
    layers = [
        keras.layers.Conv2D(4, 3, padding="same", activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(3, activation="softmax"),
    ]
    model = keras.Sequential([keras.Input((6, 6, 1)), *layers])
    images = rng.normal(size=(2, 9, 7, 1)).astype("float32")
    expected = images
    for layer in layers:
        expected = layer(expected)
    outputs = dense_evaluation(model)(images)
    np.testing.assert_allclose(np.asarray(outputs), np.asarray(expected), rtol=1e-5)


def test_bad_input(model):
    for shifts in ([], [(1,)], [(0, -1)]):
        with pytest.raises(ValueError, match="`shifts` must be pairs of at least 0"):
            dense_evaluation(model, shifts=shifts)
    fixed = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Permute((2, 1, 3)),
            keras.layers.Reshape((-1,)),
            keras.layers.Dense(2),
        ]
    )
    with pytest.raises(ValueError, match="`model` must take images of any size"):
        dense_evaluation(fixed)
