"""MixtureOfExperts: the weighted sum in NumPy, with any layers as experts and any gate."""

import keras
import numpy as np
import pytest
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D

from kerasbook.layers import MixtureOfExperts

numpy = keras.ops.convert_to_numpy


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def randomize(layer, rng):
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))


@pytest.mark.parametrize("shape", [(3, 5), (3, 4, 5)])
def test_it_is_the_weighted_sum_at_every_position(rng, shape):
    layer = MixtureOfExperts([Dense(2, "tanh"), Dense(2), Dense(2, "relu")], Dense(3))
    layer.build(shape)
    randomize(layer, rng)
    x = rng.normal(size=shape).astype("float32")
    weights = [numpy(weight) for weight in layer.weights]
    (a, a0), (b, b0), (c, c0), (gate, gate0) = zip(weights[::2], weights[1::2], strict=True)
    g = softmax(x @ gate + gate0)
    expected = (
        g[..., 0, None] * np.tanh(x @ a + a0)
        + g[..., 1, None] * (x @ b + b0)
        + g[..., 2, None] * np.maximum(x @ c + c0, 0)
    )
    np.testing.assert_allclose(numpy(layer(x)), expected, atol=1e-5)
    np.testing.assert_allclose(numpy(layer.responsibilities(x)), g, atol=1e-6)


def test_convolutions_with_weights_of_each_image_or_of_each_pixel(rng):
    x = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    for gate, axes in (
        (keras.Sequential([GlobalAveragePooling2D(), Dense(2)]), (1, 1)),
        (Conv2D(2, 3, padding="same"), (4, 5)),
    ):
        experts = [Conv2D(6, size, padding="same") for size in (1, 3)]
        layer = MixtureOfExperts(experts, gate)
        layer.build(x.shape)
        randomize(layer, rng)
        g = softmax(numpy(gate(x))).reshape(2, *axes, 2)
        expected = sum(g[..., k, None] * numpy(experts[k](x)) for k in range(2))
        np.testing.assert_allclose(numpy(layer(x)), expected, atol=1e-5)
        assert layer.compute_output_shape((None, None, None, 3)) == (None, None, None, 6)


def test_models_and_mixtures_are_experts(rng, tmp_path):
    inner = MixtureOfExperts([Dense(2), Dense(2)], Dense(2))
    functional = keras.Input((5,))
    functional = keras.Model(functional, Dense(2)(Dense(7, "relu")(functional)))
    layer = MixtureOfExperts([inner, functional, keras.Sequential([Dense(2)])], Dense(3))
    model = keras.Sequential([keras.Input((5,)), layer])
    x = rng.normal(size=(4, 5)).astype("float32")
    g = softmax(numpy(layer.gate(x)))
    expected = sum(g[:, k, None] * numpy(layer.experts[k](x)) for k in range(3))
    np.testing.assert_allclose(numpy(model(x)), expected, atol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(numpy(loaded(x)), numpy(model(x)), atol=1e-6)


def test_experts_learn_whether_the_mixture_is_in_training():
    layer = MixtureOfExperts([Dropout(0.5, seed=1), Dropout(0.5, seed=2)], Dense(2))
    x = np.ones((4, 50), "float32")
    np.testing.assert_allclose(numpy(layer(x)), x, atol=1e-6)
    assert np.std(numpy(layer(x, training=True))) > 0.1


@pytest.mark.parametrize("policy", ["mixed_float16", "bfloat16"])
def test_the_softmax_is_float32_whatever_the_policy(rng, policy):
    experts = [Dense(2, dtype=policy) for _ in range(3)]
    layer = MixtureOfExperts(experts, Dense(3, dtype=policy), dtype=policy)
    x = rng.normal(size=(4, 5)).astype("float32")
    outputs = layer(x)
    assert keras.backend.standardize_dtype(outputs.dtype) == layer.compute_dtype
    weights = layer.responsibilities(keras.ops.cast(x, layer.compute_dtype))
    assert keras.backend.standardize_dtype(weights.dtype) == "float32"
    np.testing.assert_allclose(numpy(weights).sum(-1), 1, atol=1e-6)


def test_a_mask_passes_if_it_does_through_all_parts():
    assert MixtureOfExperts([Dense(2)], Dense(1)).supports_masking
    assert not MixtureOfExperts([Dense(2)], GlobalAveragePooling2D()).supports_masking


def test_bad_arguments_are_named():
    expert = Dense(2)
    for experts in ([], [expert, "dense"], "dense", None):
        with pytest.raises(ValueError, match="`experts` must be a list of one or more Keras lay"):
            MixtureOfExperts(experts, Dense(1))
    with pytest.raises(ValueError, match="`experts` must be different layers"):
        MixtureOfExperts([expert, expert], Dense(2))
    with pytest.raises(ValueError, match="`gate` must be a Keras layer. Received: gate=3"):
        MixtureOfExperts([expert], 3)
    with pytest.raises(ValueError, match="`gate` must have one output for each of the 2 experts"):
        MixtureOfExperts([Dense(2), Dense(2)], Dense(3)).build((None, 5))
    with pytest.raises(ValueError, match="outputs of one shape. Received: shapes"):
        MixtureOfExperts([Dense(2), Dense(3)], Dense(2)).build((None, 5))
    pooled = keras.Sequential([GlobalAveragePooling2D(), Dense(2)])
    for one, gate in ((pooled, Dense(1)), (Conv2D(2, 2), Dense(1))):
        with pytest.raises(ValueError, match="the axes of the `gate` must be the experts'"):
            MixtureOfExperts([one], gate).build((None, 4, 5, 3))
