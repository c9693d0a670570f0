"""BayesianDense: given draws in NumPy, for any rank."""

import keras
import numpy as np
import pytest

from kerasbook.layers import BayesianDense


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("estimator", ["local_reparameterization", "flipout"])
@pytest.mark.parametrize("shape", [(3, 5), (3, 2, 4, 5)])
@pytest.mark.parametrize("use_bias", [True, False])
def test_apply_is_the_definition(rng, estimator, shape, use_bias):
    x = rng.normal(size=shape).astype("float32")
    options = {"estimator": estimator, "use_bias": use_bias, "activation": "tanh"}
    layer = BayesianDense(4, num_examples=9, **options)
    layer.build(shape)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    kernel, scale = numpy(layer.kernel), np.log1p(np.exp(numpy(layer.kernel_rho)))
    bias, bias_scale = np.zeros(4), np.zeros(4)
    if use_bias:
        bias, bias_scale = numpy(layer.bias), np.log1p(np.exp(numpy(layer.bias_rho)))
    middle = (1,) * (len(shape) - 2)
    if estimator == "flipout":
        draws = {
            "kernel": rng.normal(size=(5, 4)),
            "bias": rng.normal(size=4 * use_bias),
            "inputs": rng.choice([-1.0, 1.0], (3, *middle, 5)),
            "outputs": rng.choice([-1.0, 1.0], (3, *middle, 4)),
        }
    else:
        draws = rng.normal(size=(*shape[:-1], 4))
    y = numpy(layer.apply(x, keras.tree.map_structure(lambda d: d.astype("float32"), draws)))
    for n in range(3):
        if estimator == "flipout":  # a kernel for the image, as the paper has it
            signs = draws["inputs"][n].reshape(5, 1), draws["outputs"][n].reshape(1, 4)
            own = kernel + scale * draws["kernel"] * signs[0] * signs[1]
            change = bias_scale * draws["bias"] * signs[1][0] if use_bias else 0
            expected = x[n] @ own + bias + change
        else:
            deviation = np.sqrt(x[n] ** 2 @ scale**2 + bias_scale**2)
            expected = x[n] @ kernel + bias + deviation * draws[n]
        np.testing.assert_allclose(y[n], np.tanh(expected), atol=2e-6)
    drawn = layer.draw(shape, seed=1)
    assert keras.tree.map_structure(lambda d: tuple(d.shape), drawn) == keras.tree.map_structure(
        lambda d: d.shape, draws
    )


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match="num_examples"):
        BayesianDense(3)
    with pytest.raises(ValueError, match="`units` must be a positive integer"):
        BayesianDense(0, num_examples=1)
    with pytest.raises(ValueError, match="static size"):
        BayesianDense(2, num_examples=1).build((2, None))
