"""MixtureNegativeLogLikelihood: definition, weights, far targets, NaN, saved models."""

import math

import keras
import numpy as np
import pytest
from helpers.density_definitions import KINDS, mixture_density, random_mixture
from helpers.density_steps import gradients_of

from kerasbook.layers import MixtureDensity
from kerasbook.losses import MixtureNegativeLogLikelihood

EACH = pytest.mark.parametrize(("covariance", "family", "nu"), KINDS)
POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def loss_of(count, covariance="diagonal", family="normal", nu=5.0, **arguments):
    options = {"covariance": covariance, "family": family, "degrees_of_freedom": nu}
    return MixtureNegativeLogLikelihood(count, **options, **arguments)


def prediction(rng, leading, count=3, size=2, covariance="diagonal", family="normal", nu=5.0):
    """Returns targets, a packed prediction and the values by the definition."""
    head = MixtureDensity(size, count, covariance=covariance, family=family, degrees_of_freedom=nu)
    parameters = random_mixture(rng, leading, count, size, covariance)
    target = rng.normal(size=(*leading, size)).astype("float32")
    values = np.zeros(leading)
    for i in np.ndindex(*leading):
        row = (target[i], *(part[i] for part in parameters), covariance, family, nu)
        values[i] = -math.log(mixture_density(*row))
    return target, head.pack(*parameters), values


@EACH
@pytest.mark.parametrize("leading", [(5,), (2, 3)])
def test_values_are_the_definition(rng, covariance, family, nu, leading):
    target, packed, values = prediction(rng, leading, 3, 2, covariance, family, nu)
    loss = loss_of(3, covariance, family, nu, reduction=None)
    actual = numpy(loss(target, packed))
    assert actual.shape == leading
    np.testing.assert_allclose(actual, values, rtol=1e-5, atol=1e-5)


def test_targets_of_one_number_may_lack_the_last_axis(rng):
    for leading in ((5,), (5, 3)):
        target, packed, values = prediction(rng, leading, 2, 1)
        loss = loss_of(2, reduction=None)
        np.testing.assert_allclose(numpy(loss(target[..., 0], packed)), values, rtol=1e-5)


@pytest.mark.parametrize("leading", [(5,), (5, 3)])
def test_weights_are_of_samples(rng, leading):
    """Shape (batch,): the weighted sum over the number, or over the weights."""
    target, packed, values = prediction(rng, leading)
    weights = rng.uniform(size=5).astype("float32")
    each = np.broadcast_to(weights.reshape(5, *[1] * (len(leading) - 1)), leading)
    actual = numpy(loss_of(3)(target, packed, weights))
    np.testing.assert_allclose(actual, np.mean(each * values), rtol=1e-5)
    loss = loss_of(3, reduction="mean_with_sample_weight")
    actual = numpy(loss(target, packed, weights))
    np.testing.assert_allclose(actual, np.average(values, weights=each), rtol=1e-5)


@pytest.mark.parametrize("leading", [(5,), (5, 3)])
@pytest.mark.parametrize("reduction", ["sum", "mean_with_sample_weight"])
def test_weight_zero_removes_a_sample(rng, leading, reduction):
    target, packed, _ = prediction(rng, leading)
    weights = np.array([1, 1, 0, 1, 1], "float32")
    kept = [0, 1, 3, 4]
    loss = loss_of(3, reduction=reduction)
    without = numpy(loss(target[kept], numpy(packed)[kept]))
    np.testing.assert_allclose(numpy(loss(target, packed, weights)), without, rtol=1e-5)
    target[2] = 1e6
    np.testing.assert_allclose(numpy(loss(target, packed, weights)), without, rtol=1e-5)


@pytest.mark.parametrize("steps", [(), (3,)])
def test_weight_zero_in_fit_has_no_influence(rng, steps):
    """Two models, one with other targets where the weight is zero, are trained alike."""
    x = rng.normal(size=(6, *steps, 2)).astype("float32")
    y = rng.normal(size=(6, *steps, 1)).astype("float32")
    weights = np.array([1, 2, 0, 1, 0, 3], "float32")
    trained = []
    for wrong in (0.0, 50.0):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((*steps, 2)), MixtureDensity(1, 2)])
        model.compile(keras.optimizers.SGD(0.1), MixtureNegativeLogLikelihood(2))
        targets = y + wrong * (weights == 0).reshape(6, *[1] * (y.ndim - 1))
        model.fit(x, targets, sample_weight=weights, batch_size=6, epochs=2, verbose=0)
        trained.append(model.get_weights())
    for one, other in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_masks_leave_steps_out(rng):
    """A step that the mask leaves out has no influence, as in Keras' own losses."""
    model = keras.Sequential(
        [keras.Input((None, 2)), keras.layers.Masking(9.0), MixtureDensity(1, 2)]
    )
    loss = MixtureNegativeLogLikelihood(2)
    x = rng.normal(size=(2, 4, 2)).astype("float32")
    y = rng.normal(size=(2, 4, 1)).astype("float32")
    x[:, 2:] = 9.0
    value = numpy(loss(y, model(keras.ops.convert_to_tensor(x))))
    y[:, 2:] = 100
    np.testing.assert_allclose(numpy(loss(y, model(keras.ops.convert_to_tensor(x)))), value)


@EACH
def test_far_targets_have_finite_gradients(covariance, family, nu):
    """Of a hidden layer of half precision too: 1e4 scales have slopes of 1e8."""
    for policy in POLICIES:
        head = MixtureDensity(2, 3, covariance=covariance, family=family, degrees_of_freedom=nu)
        value, gradients = gradients_of(head, loss_of(3, covariance, family, nu), policy, 1e4)
        assert np.isfinite(value)
        for gradient in gradients:
            assert np.all(np.isfinite(gradient)), policy
            assert np.any(gradient != 0), policy


def test_without_a_limit_float16_overflows():
    """What the limit is for: this would have to fail if it were for nothing."""
    head = MixtureDensity(1, 2)
    loss = MixtureNegativeLogLikelihood(2, gradient_limit=None)
    value, gradients = gradients_of(head, loss, "mixed_float16", 1e4)
    assert np.isfinite(value)
    assert not all(np.all(np.isfinite(gradient)) for gradient in gradients)


@EACH
def test_near_targets_have_the_true_gradient(covariance, family, nu):
    head = MixtureDensity(1, 2, covariance=covariance, family=family, degrees_of_freedom=nu)
    found = []
    for limit in (1e4, None):
        keras.utils.set_random_seed(1)
        loss = loss_of(2, covariance, family, nu, gradient_limit=limit)
        found.append(gradients_of(head, loss, "float32", 30.0)[1])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("policy", POLICIES)
def test_training_far_away_stays_finite(rng, policy):
    """Keras scales the loss in `mixed_float16` by 2^15 at first, and lowers it step by step."""
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(6, "tanh", dtype=policy),
            MixtureDensity(1, 2, dtype=policy),
        ]
    )
    optimizer = keras.optimizers.Adam(0.1)
    if policy == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model.compile(optimizer, MixtureNegativeLogLikelihood(2))
    x = rng.normal(size=(8, 3)).astype("float32")
    y = np.full((8, 1), 1e4, "float32")
    first, *_, last = (float(model.train_on_batch(x, y)) for _ in range(40))
    assert last < first / 2
    assert all(np.all(np.isfinite(weight)) for weight in model.get_weights())


def test_nan_targets_are_counted(rng):
    target, packed, _ = prediction(rng, (4,))
    target[1:3, 0] = np.nan
    with pytest.raises(ValueError, match="`y_true` must hold no NaN. Received: NaN count = 2"):
        loss_of(3)(target, packed)


@pytest.mark.parametrize("as_dataset", [False, True])
@pytest.mark.tensorflow
def test_nan_targets_are_counted_in_fit(rng, as_dataset):
    import tensorflow as tf

    x = rng.normal(size=(6, 2)).astype("float32")
    y = rng.normal(size=(6, 1)).astype("float32")
    y[[1, 3, 4]] = np.nan
    model = keras.Sequential([keras.Input((2,)), MixtureDensity(1, 2)])
    model.compile("sgd", MixtureNegativeLogLikelihood(2))
    before = model.get_weights()
    data = (tf.data.Dataset.from_tensor_slices((x, y)).batch(6),) if as_dataset else (x, y)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`y_true` must hold no NaN.*\s.*3"):
        model.fit(*data, batch_size=None if as_dataset else 6, verbose=0)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="speaks of JAX's jit")
def test_nan_targets_are_counted_in_fit_on_jax(rng):
    import jax

    x, y = rng.normal(size=(6, 2)).astype("float32"), np.full((6, 1), np.nan, "float32")
    model = keras.Sequential([keras.Input((2,)), MixtureDensity(1, 2)])
    model.compile("sgd", MixtureNegativeLogLikelihood(2))
    with pytest.raises(jax.errors.JaxRuntimeError, match="`y_true` must hold no NaN.*count = 6"):
        model.fit(x, y, verbose=0)


def test_a_compiled_model_reloads(rng, tmp_path):
    x = rng.normal(size=(6, 3)).astype("float32")
    y = rng.normal(size=(6, 2)).astype("float32")
    head = MixtureDensity(2, 3, covariance="full", family="student_t", degrees_of_freedom=3)
    model = keras.Sequential([keras.Input((3,)), head])
    loss = loss_of(3, "full", "student_t", 3, gradient_limit=None)
    model.compile("sgd", loss)
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.loss.get_config() == loss.get_config()
    np.testing.assert_allclose(
        loaded.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0), rtol=1e-5
    )


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`num_components` must be a positive integer.*=0"):
        MixtureNegativeLogLikelihood(0)
    with pytest.raises(ValueError, match="`covariance` may be 'full' for"):
        loss_of(2, "full", "logistic")
    with pytest.raises(ValueError, match="`gradient_limit` must be None or above 0.*=-1"):
        MixtureNegativeLogLikelihood(2, gradient_limit=-1)
    with pytest.raises(ValueError, match=r"`y_pred` must have 10 numbers.*2 components.*\(3, 9\)"):
        loss_of(2)(np.zeros((3, 2)), np.ones((3, 9)))
