"""What density heads share: precision, spec, samples and their draws, methods' errors."""

import keras
import numpy as np
import pytest

from kerasbook import ops as kernels
from kerasbook.layers.head.density_head import DensityHead


class Plain(DensityHead):
    """A head of one component."""

    def __init__(self, output_size, **kwargs):
        super().__init__(output_size, **kwargs)
        self.mixture = kernels.Mixture(output_size)


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def definition(head, x):
    """Returns means and scales in float64."""
    kernel, bias = (numpy(weight).astype("float64") for weight in head.weights)
    rows = x.astype("float64") @ kernel + bias
    means, raw = np.split(rows, 2, axis=-1)
    return np.concatenate([means, head.min_scale + np.logaddexp(0, raw)], axis=-1)


@pytest.mark.parametrize("shape", [(4, 3), (4, 2, 3), (2, 3, 2, 3)])
def test_output_is_the_definition(rng, shape):
    x = rng.normal(size=shape).astype("float32") * 4
    head = Plain(2, min_scale=0.1, bias_initializer="random_normal")
    y = numpy(head(x))
    assert y.shape == (*shape[:-1], 4)
    np.testing.assert_allclose(y, definition(head, x), rtol=1e-5, atol=1e-5)
    assert head.compute_output_shape((None, None, 3)) == (None, None, 4)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16", "bfloat16", "float16"])
def test_computes_in_float32_whatever_the_policy(rng, dtype):
    x = rng.normal(size=(4, 3)).astype("float32") * 100
    head = Plain(2, dtype=dtype)
    y = head(x)
    assert keras.backend.standardize_dtype(y.dtype) == "float32"
    np.testing.assert_allclose(numpy(y), definition(head, x), rtol=1e-5, atol=1e-4)
    symbol = head(keras.KerasTensor((None, 7, 3), dtype="float16"))
    assert (symbol.shape, symbol.dtype) == ((None, 7, 4), "float32")


@pytest.mark.tensorflow
def test_float32_within_a_model_of_half_precision(rng):
    """The model's own scope of half precision does not reach the head's weights."""

    class Wrapper(keras.layers.Layer):
        def __init__(self, head, **kwargs):
            super().__init__(**kwargs)
            self.head = head

        def call(self, inputs):
            return self.head(inputs)

    x = rng.normal(size=(4, 3)).astype("float16")
    head = Plain(2)
    np.testing.assert_allclose(
        numpy(Wrapper(head, dtype="mixed_float16")(x)), definition(head, x), rtol=1e-5, atol=1e-5
    )


def test_log_prob_of_half_precision_is_computed_in_float32(rng):
    head = Plain(2)
    output = numpy(head(rng.normal(size=(4, 3)).astype("float32")))
    target = rng.normal(size=(4, 2)).astype("float16")
    value = head.log_prob(output.astype("float16"), target)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    means, scales = np.split(output.astype("float16").astype("float64"), 2, axis=-1)
    expected = -0.5 * ((target - means) / scales) ** 2 - np.log(scales * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(numpy(value), expected.sum(-1), rtol=1e-4)


def test_samples_come_from_their_draws(rng):
    head = Plain(2)
    output = head(rng.normal(size=(5, 7, 3)).astype("float32"))
    draws = head.draw(output.shape, seed=4)
    assert tuple(draws.shape) == (5, 7, 3)
    given = numpy(head.apply(output, draws, temperature=0.5))
    np.testing.assert_array_equal(numpy(head.sample(output, 4, 0.5)), given)
    assert np.any(numpy(head.sample(output, 5, 0.5)) != given)
    generator = keras.random.SeedGenerator(4)
    first, second = (numpy(head.sample(output, generator)) for _ in range(2))
    assert np.all(first != second)
    assert len(np.unique(first)) == first.size


@pytest.mark.tensorflow
def test_replicas_draw_apart():
    from kerasbook.testing import two_replicas

    strategy = two_replicas()
    head, output = Plain(1), np.ones((3, 2), "float32")
    drawn = strategy.run(lambda: head.sample(output, 1))
    first, second = (value.numpy() for value in strategy.experimental_local_results(drawn))
    assert np.all(first != second)


def test_an_output_of_another_size_is_refused():
    head = Plain(2)
    with pytest.raises(ValueError, match=r"`output` must have 4 numbers.*shape \(3, 5\)"):
        head.mean(np.zeros((3, 5)))
    with pytest.raises(ValueError, match=r"`target` must have 2 numbers.*shape \(3, 3\)"):
        head.cdf(np.ones((3, 4)), np.zeros((3, 3)))
    for temperature in (0, -1, float("nan"), None):
        with pytest.raises(ValueError, match="`temperature` must be a number above 0"):
            head.sample(np.ones((3, 4)), 1, temperature)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`output_size` must be a positive integer.*=0"):
        Plain(0)
    with pytest.raises(ValueError, match="`min_scale` must be a number above 0.*=0"):
        Plain(1, min_scale=0)
    with pytest.raises(ValueError, match="static size"):
        Plain(1).build((None, None))


def test_masks_pass_through():
    assert Plain(2).supports_masking
