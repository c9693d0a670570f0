"""DropConnectDense: given masks in NumPy, its draws, its mean, and a dense layer otherwise."""

import keras
import numpy as np
import pytest

from kerasbook.layers import DropConnectDense


@pytest.mark.parametrize("per_image", [True, False])
@pytest.mark.parametrize("shape", [(3, 5), (3, 2, 4, 5)])
@pytest.mark.parametrize("use_bias", [True, False])
def test_apply_is_the_definition(rng, per_image, shape, use_bias):
    x = rng.normal(size=shape).astype("float32")
    options = {"per_image": per_image, "activation": "tanh", "use_bias": use_bias}
    layer = DropConnectDense(4, 0.2, **options)
    layer.build(shape)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    kernel, *bias = (keras.ops.convert_to_numpy(w) for w in layer.trainable_weights)
    survives = rng.uniform(size=(3 if per_image else 1, 5, 4)) < 0.8
    y = keras.ops.convert_to_numpy(layer.apply(x, survives))
    for n in range(3):
        masked = np.where(survives[n if per_image else 0], kernel / 0.8, 0)
        expected = np.tanh(x[n] @ masked + (bias[0] if use_bias else 0))
        np.testing.assert_allclose(y[n], expected, atol=1e-5)


def test_draws_are_bernoulli_and_of_each_image():
    layer = DropConnectDense(20, 0.3, seed=1)
    layer.build((None, 30))
    draws = keras.ops.convert_to_numpy(layer.draw(50))
    assert draws.shape == (50, 30, 20)
    assert abs(draws.mean() - 0.7) < 0.01
    assert len(np.unique(draws.reshape(50, -1), axis=0)) == 50
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(layer.draw(3, seed=4)),
        keras.ops.convert_to_numpy(layer.draw(3, seed=4)),
    )
    shared = DropConnectDense(20, 0.3, per_image=False)
    shared.build((None, 30))
    assert tuple(shared.draw(50).shape) == (1, 30, 20)


def test_the_mean_of_training_is_the_dense_layer(rng):
    x = np.repeat(rng.normal(size=(1, 6)).astype("float32"), 20_000, axis=0)
    layer = DropConnectDense(3, 0.4, seed=1)
    plain = keras.ops.convert_to_numpy(layer(x))[0]
    dense = keras.layers.Dense(3)
    dense.build((None, 6))
    dense.set_weights([keras.ops.convert_to_numpy(w) for w in layer.trainable_weights])
    np.testing.assert_allclose(plain, keras.ops.convert_to_numpy(dense(x[:1]))[0], rtol=1e-5)
    drawn = keras.ops.convert_to_numpy(layer(x, training=True))
    assert drawn.std(0).min() > 0.05
    error = 5 * drawn.std(0) / np.sqrt(len(x))
    assert np.all(np.abs(drawn.mean(0) - plain) < error)


def test_one_mask_for_the_batch(rng):
    x = np.repeat(rng.normal(size=(1, 6)).astype("float32"), 8, axis=0)
    y = DropConnectDense(30, per_image=False)(x, training=True)
    assert len(np.unique(keras.ops.convert_to_numpy(y).round(5), axis=0)) == 1


def test_rate_zero_is_a_dense_layer(rng):
    x = rng.normal(size=(2, 4)).astype("float32")
    layer = DropConnectDense(3, 0)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(layer(x, training=True)), keras.ops.convert_to_numpy(layer(x))
    )


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`units` must be a positive integer"):
        DropConnectDense(0)
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)"):
        DropConnectDense(2, 1.0)
    with pytest.raises(ValueError, match="static size"):
        DropConnectDense(2).build((2, None))


@pytest.mark.parametrize("seed", [True, 1.5])
def test_seed_is_an_integer(seed):
    with pytest.raises(ValueError, match="`seed` must be an integer or None"):
        DropConnectDense(2, seed=seed)


@pytest.mark.parametrize("name", ["per_image", "use_bias"])
def test_flags_are_true_or_false(name):
    with pytest.raises(ValueError, match=f"`{name}` must be True or False"):
        DropConnectDense(2, **{name: None})


def test_masks_pass_through():
    assert DropConnectDense(2).supports_masking
