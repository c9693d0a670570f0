"""BayesianConv2D: given draws in NumPy, and its moments at every place."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import BayesianConv2D, Conv2D

OPTIONS = {"num_examples": 9, "groups": 2, "strides": (2, 1), "activation": "relu"}


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def softplus(x):
    return np.log1p(np.exp(numpy(x)))


@pytest.mark.parametrize("estimator", ["local_reparameterization", "flipout"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same", "full"])
def test_apply_is_the_definition(rng, estimator, data_format, padding):
    x = rng.normal(size=(3, 6, 7, 4)).astype("float32")
    options = {**OPTIONS, "estimator": estimator, "padding": padding, "data_format": data_format}
    layer = BayesianConv2D(6, (3, 2), **options)
    first = data_format == "channels_first"

    def given(array):
        return array.transpose(0, 3, 1, 2) if first else array

    layer.build(given(x).shape)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    kernel, bias = numpy(layer.kernel), numpy(layer.bias)
    scale, bias_scale = softplus(layer.kernel_rho), softplus(layer.bias_rho)
    outputs = convolve(x, kernel, (2, 1), padding)
    if estimator == "flipout":
        draws = {
            "kernel": rng.normal(size=kernel.shape),
            "bias": rng.normal(size=6),
            "inputs": rng.choice([-1.0, 1.0], (3, 1, 1, 4)),
            "outputs": rng.choice([-1.0, 1.0], (3, 1, 1, 6)),
        }
        expected = np.zeros_like(outputs)
        for n in range(3):
            signs = draws["inputs"][n].reshape(2, 2), draws["outputs"][n].reshape(2, 3)
            # Of the first group of channels and filters, then of the second.
            grid = np.concatenate([np.outer(r, s) for r, s in zip(*signs, strict=True)], 1)
            own = kernel + scale * draws["kernel"] * grid
            change = bias_scale * draws["bias"] * signs[1].ravel()
            expected[n] = convolve(x[n : n + 1], own, (2, 1), padding)[0] + bias + change
        handed = {**draws, "inputs": given(draws["inputs"]), "outputs": given(draws["outputs"])}
    else:
        draws = rng.normal(size=outputs.shape)
        variance = convolve(x**2, scale**2, (2, 1), padding) + bias_scale**2
        expected = outputs + bias + np.sqrt(variance) * draws
        handed = given(draws)
    y = layer.apply(given(x), keras.tree.map_structure(lambda d: d.astype("float32"), handed))
    np.testing.assert_allclose(numpy(y), np.maximum(given(expected), 0), rtol=1e-5, atol=1e-5)
    drawn = layer.draw(given(x).shape, seed=1)
    assert keras.tree.map_structure(lambda d: tuple(d.shape), drawn) == keras.tree.map_structure(
        lambda d: d.shape, handed
    )


def test_outside_training_it_is_conv2d(rng):
    x = rng.normal(size=(2, 6, 7, 4)).astype("float32")
    layer = BayesianConv2D(6, 3, **OPTIONS)
    plain = Conv2D(6, 3, groups=2, strides=(2, 1), activation="relu")
    plain.build(x.shape)
    layer.build(x.shape)
    plain.kernel.assign(layer.kernel)
    np.testing.assert_allclose(numpy(layer(x)), numpy(plain(x)), atol=1e-6)


@pytest.mark.parametrize("estimator", ["local_reparameterization", "flipout"])
def test_moments_at_every_place(rng, estimator):
    layer = BayesianConv2D(2, 2, num_examples=1, estimator=estimator, seed=1)
    x = rng.normal(1, 1, size=(1, 3, 4, 2)).astype("float32")
    layer.build(x.shape)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    mean = convolve(x, numpy(layer.kernel)) + numpy(layer.bias)
    variance = convolve(x**2, softplus(layer.kernel_rho) ** 2) + softplus(layer.bias_rho) ** 2
    # Images of one batch share Flipout's numbers, so that it takes many of them.
    count, images = (400, 1) if estimator == "flipout" else (1, 2000)
    batch = np.repeat(x, images, axis=0)
    drawn = np.concatenate([numpy(layer(batch, training=True)) for _ in range(count)])
    count *= images
    assert np.all(abs(drawn.mean(0) - mean[0]) < 4.5 * np.sqrt(variance[0] / count))
    np.testing.assert_allclose(drawn.var(0), variance[0], rtol=4.5 * np.sqrt(2 / count))
    together = np.corrcoef(drawn[:, 0, 0, 0], drawn[:, 0, 1, 0])[0, 1]
    # A drawn kernel's neighbouring places go together; local reparameterization's do not.
    kernel_scale, bias_scale = softplus(layer.kernel_rho), softplus(layer.bias_rho)
    common = np.sum(x[0, :2, :2] * x[0, :2, 1:3] * kernel_scale[..., 0] ** 2) + bias_scale[0] ** 2
    expected = common / np.sqrt(variance[0, 0, 0, 0] * variance[0, 0, 1, 0])
    assert abs(together - (expected if estimator == "flipout" else 0)) < 0.2
    assert abs(expected) > 0.4


@pytest.mark.tensorflow
@pytest.mark.parametrize("estimator", ["local_reparameterization", "flipout"])
@pytest.mark.parametrize("padding", ["valid", "same", "full"])
def test_images_of_unknown_size(rng, estimator, padding):
    import tensorflow as tf

    x = rng.normal(size=(3, 6, 7, 4)).astype("float32")
    options = {**OPTIONS, "padding": padding, "estimator": estimator, "seed": 1}
    layer, other = (BayesianConv2D(6, (3, 2), **options) for _ in range(2))
    layer.build(x.shape)
    other.build(x.shape)
    other.set_weights(layer.get_weights())
    step = tf.function(
        lambda x: layer(x, training=True), input_signature=[tf.TensorSpec([None, None, None, 4])]
    )
    np.testing.assert_allclose(step(x), other(x, training=True), atol=1e-5)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`filters` must be a multiple of `groups`"):
        BayesianConv2D(3, 3, num_examples=1, groups=2)
