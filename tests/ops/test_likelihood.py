"""The written-out gradient of the likelihood against differences and autodiff, and its limit."""

import keras
import numpy as np
import pytest
from helpers.density_definitions import KINDS, random_mixture

from kerasbook.ops import Mixture, negative_log_likelihood


def gradients_of(function, *arrays):
    """Returns the gradients of a scalar function at arrays, on any backend."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        places = tuple(range(len(arrays)))
        return [np.asarray(g) for g in jax.jit(jax.grad(function, places))(*arrays)]
    if backend == "tensorflow":
        import tensorflow as tf

        tensors = [tf.constant(array) for array in arrays]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = function(*tensors)
        return [gradient.numpy() for gradient in tape.gradient(value, tensors)]
    tensors = [keras.ops.convert_to_tensor(array).requires_grad_() for array in arrays]
    function(*tensors).backward()
    return [tensor.grad.numpy() for tensor in tensors]


def given(rng, mixture, rows=5):
    """Returns packed rows and targets."""
    parameters = random_mixture(
        rng, (rows,), mixture.num_components, mixture.output_size, mixture.covariance
    )
    if mixture.is_full:
        parameters = (*parameters[:2], np.linalg.cholesky(parameters[2]))
    packed = mixture.pack(*parameters).astype("float32")
    return packed, rng.normal(size=(rows, mixture.output_size)).astype("float32") * 2


@pytest.mark.parametrize(("covariance", "family", "nu"), KINDS)
@pytest.mark.parametrize("count", [1, 3])
def test_gradient_is_that_of_the_log_density(rng, covariance, family, nu, count):
    """Autodiff of `log_density` gives the same, in the packed rows and the targets."""
    mixture = Mixture(3, count, covariance, family, nu)
    packed, targets = given(rng, mixture)
    weights = rng.normal(size=5).astype("float32")
    ours = gradients_of(
        lambda p, y: keras.ops.sum(weights * negative_log_likelihood(mixture, y, p)),
        packed,
        targets,
    )
    theirs = gradients_of(
        lambda p, y: -keras.ops.sum(weights * mixture.log_density(p, y)), packed, targets
    )
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("share", [1.0, -0.25, 2.0**15])
def test_each_row_is_shortened_to_the_limit(rng, share):
    mixture = Mixture(2, 3)
    packed, targets = given(rng, mixture)
    targets[2] *= 1e4
    targets[4] *= 1e6

    def gradient(limit):
        return gradients_of(
            lambda p: share * keras.ops.sum(negative_log_likelihood(mixture, targets, p, limit)),
            packed,
        )[0]

    whole, limited = gradient(None), gradient(100.0)
    lengths = np.linalg.norm(whole.astype("float64") / share, axis=-1, keepdims=True)
    assert np.sum(lengths > 100) == 2
    np.testing.assert_allclose(limited, whole * np.minimum(1, 100 / lengths), rtol=1e-4)


def test_a_row_without_weight_has_no_gradient(rng):
    mixture = Mixture(2, 3)
    packed, targets = given(rng, mixture)
    weights = np.array([1, 0, 1, 0, 1], "float32")
    (gradient,) = gradients_of(
        lambda p: keras.ops.sum(weights * negative_log_likelihood(mixture, targets, p, 1.0)),
        packed,
    )
    np.testing.assert_array_equal(np.any(gradient != 0, axis=-1), weights > 0)


def test_what_does_not_fit_is_refused():
    mixture = Mixture(2, 2)
    with pytest.raises(ValueError, match=r"`y_pred` must have 10 numbers.*\(3, 9\)"):
        negative_log_likelihood(mixture, np.zeros((3, 2)), np.zeros((3, 9)))
    for shape in ((3, 5, 10), (4, 10)):
        with pytest.raises(ValueError, match="`y_true` must have the axes of `y_pred`"):
            negative_log_likelihood(mixture, np.zeros((3, 2)), np.zeros(shape))
    with pytest.raises(ValueError, match="`y_true` must hold no NaN. Received: NaN count = 6"):
        negative_log_likelihood(mixture, np.full((3, 2), np.nan), np.ones((3, 10)))
