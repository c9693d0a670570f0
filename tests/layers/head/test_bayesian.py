"""What Bayesian layers share: the divergence, the draws' moments, precision, monte carlo."""

import keras
import numpy as np
import pytest

from kerasbook.layers import BayesianConv2D, BayesianDense, monte_carlo_predict

ESTIMATORS = ["local_reparameterization", "flipout"]
BOTH = pytest.mark.parametrize("estimator", ESTIMATORS)


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def dense(rng, units=3, features=5, **options):
    """A layer whose weights and deviations are random."""
    layer = BayesianDense(units, num_examples=7, seed=1, **options)
    layer.build((None, features))
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(-0.5, 1, weight.shape))
    return layer


def softplus(x):
    return np.log1p(np.exp(numpy(x).astype("float64")))


@pytest.mark.parametrize("use_bias", [True, False])
def test_the_divergence_is_the_formula_and_the_integral(rng, use_bias):
    layer = dense(rng, prior_scale=0.7, use_bias=use_bias)
    layer(np.zeros((2, 5), "float32"))
    weights = [(layer.kernel, layer.kernel_rho)]
    weights += [(layer.bias, layer.bias_rho)] if use_bias else []
    mean = np.concatenate([numpy(m).ravel() for m, _ in weights]).astype("float64")
    scale = np.concatenate([softplus(rho).ravel() for _, rho in weights])
    terms = np.log(0.7 / scale) + (scale**2 + mean**2) / (2 * 0.7**2) - 0.5
    [loss] = layer.losses
    np.testing.assert_allclose(float(loss), terms.sum() / 7, rtol=1e-5)
    # Of each weight, the integral of q log(q / p).
    points = np.linspace(-12, 12, 20001)
    places = mean[:, None] + scale[:, None] * points
    density = np.exp(-(points**2) / 2) / np.sqrt(2 * np.pi)
    ratio = -(points**2) / 2 - np.log(scale[:, None]) + places**2 / (2 * 0.7**2) + np.log(0.7)
    integrals = (density * ratio).sum(1) * (points[1] - points[0])
    np.testing.assert_allclose(terms, integrals, rtol=1e-6, atol=1e-9)
    assert len(mean) == (18 if use_bias else 15)


def test_the_divergence_vanishes_at_the_prior_alone():
    layer = BayesianDense(4, num_examples=1, prior_scale=0.3, kernel_initializer="zeros")
    for scale, low, high in ((0.3, -1e-6, 1e-5), (0.2, 0.1, 10)):
        layer = BayesianDense(
            4, num_examples=1, prior_scale=0.3, initial_scale=scale, kernel_initializer="zeros"
        )
        layer(np.zeros((1, 3), "float32"))
        np.testing.assert_allclose(numpy(layer.scales()[0]), scale, rtol=1e-5)
        assert low <= float(layer.losses[0]) < high


@pytest.mark.tensorflow
def test_the_gradient_of_the_divergence(rng):
    import tensorflow as tf

    layer = dense(rng, prior_scale=0.7, dtype="float64")
    with tf.GradientTape() as tape:
        divergence = layer.divergence()
    weights = [layer.kernel.value, layer.kernel_rho.value]
    mean_slope, rho_slope = (np.asarray(g) for g in tape.gradient(divergence, weights))
    scale = softplus(layer.kernel_rho)
    np.testing.assert_allclose(mean_slope, numpy(layer.kernel) / 0.49, rtol=1e-9)
    to_scale = scale / 0.49 - 1 / scale
    np.testing.assert_allclose(rho_slope, to_scale * (1 - np.exp(-scale)), rtol=1e-9)


def test_the_loss_is_scaled_to_examples_in_keras_fit(rng):
    layer = dense(rng)
    model = keras.Sequential([keras.Input((5,)), layer])
    model.compile(keras.optimizers.SGD(0.0), "mean_squared_error")
    x, y = rng.normal(size=(8, 5)), rng.normal(size=(8, 3))
    loss = model.evaluate(x, y, batch_size=2, verbose=0)
    error = np.mean((numpy(model(x)) - y) ** 2)
    np.testing.assert_allclose(loss, error + float(layer.divergence()) / 7, rtol=1e-5)


@BOTH
def test_moments_of_the_outputs(rng, estimator):
    layer = dense(rng, estimator=estimator)
    x = rng.normal(size=(2, 5)).astype("float32")
    kernel, bias = numpy(layer.kernel), numpy(layer.bias)
    variance = x**2 @ softplus(layer.kernel_rho) ** 2 + softplus(layer.bias_rho) ** 2
    # Flipout's numbers are those of the whole batch, so that it takes many of them.
    calls, copies = (400, 1) if estimator == "flipout" else (1, 2000)
    batch = np.tile(x, (copies, 1))
    drawn = [numpy(layer.apply(batch, layer.draw(batch.shape))) for _ in range(calls)]
    drawn = np.concatenate(drawn).reshape(-1, 2, 3)
    count = len(drawn)
    assert np.all(abs(drawn.mean(0) - (x @ kernel + bias)) < 4.5 * np.sqrt(variance / count))
    # The fourth moment, for the error of the variance, is the normal one or (Flipout) no larger.
    np.testing.assert_allclose(drawn.var(0), variance, rtol=4.5 * np.sqrt(2 / count))
    # Outputs of the two images do not correlate.
    centred = (drawn - drawn.mean(0)) / drawn.std(0)
    products = np.einsum("nij,nkl->ijkl", centred, centred) / count
    assert np.all(abs(products[0, :, 1]) < 4.5 / np.sqrt(count))


@BOTH
def test_equal_images_are_drawn_apart_and_seeds_repeat(rng, estimator):
    layer = dense(rng, units=30, estimator=estimator)
    x = np.ones((6, 5), "float32")
    first, second = (numpy(layer(x, training=True)) for _ in range(2))
    assert len(np.unique(first.round(4), axis=0)) == 6
    assert np.any(first != second)
    one, same, other = (layer.apply(x, layer.draw(x.shape, seed=seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(numpy(one), numpy(same))
    assert np.any(numpy(one) != numpy(other))


def test_flipout_draws_signs_and_numbers_apart():
    layer = BayesianDense(200, num_examples=1, estimator="flipout")
    layer.build((None, 300))
    draws = {name: numpy(value) for name, value in layer.draw((500, 300), seed=5).items()}
    assert draws["kernel"].shape == (300, 200)
    assert draws["bias"].shape == (200,)
    assert draws["inputs"].shape == (500, 300)
    assert draws["outputs"].shape == (500, 200)
    for signs in (draws["inputs"], draws["outputs"]):
        assert set(np.unique(signs)) == {-1, 1}
        assert abs(signs.mean()) < 0.02
    assert abs(draws["kernel"].mean()) < 0.02
    assert abs(draws["kernel"].std() - 1) < 0.02
    # Drawn from one seed, a normal number would have the sign of a uniform one, its neighbour
    # where two normal numbers are made of two uniform ones.
    numbers = draws["kernel"].ravel()[:50_000]
    signs = np.concatenate([draws["inputs"], draws["outputs"]], 1).ravel()
    for shift in (0, 1):
        for first in (0, 1):
            pairs = numbers[first:-1:2], signs[first + shift : 50_000 + shift - 1 : 2]
            assert abs(np.corrcoef(*pairs)[0, 1]) < 0.03


def test_outside_training_the_means_unless_sampling(rng):
    x = rng.normal(size=(4, 5)).astype("float32")
    layer = dense(rng, activation="tanh")
    expected = np.tanh(x @ numpy(layer.kernel) + numpy(layer.bias))
    np.testing.assert_allclose(numpy(layer(x)), expected, atol=1e-5)
    sampling = dense(rng, sampling=True)
    assert np.any(numpy(sampling(x)) != numpy(sampling(x)))


def test_monte_carlo_prediction_has_the_moments(rng):
    layer = dense(rng, sampling=True)
    model = keras.Sequential([keras.Input((5,)), layer])
    x = np.repeat(rng.normal(size=(1, 5)), 32, axis=0).astype("float32")
    mean, deviation = monte_carlo_predict(model, x, 15, seed=0)
    variance = x[0] ** 2 @ softplus(layer.kernel_rho) ** 2 + softplus(layer.bias_rho) ** 2
    np.testing.assert_allclose((deviation**2).mean(0) * 15 / 14, variance, rtol=0.25)
    error = abs(mean.mean(0) - (x[0] @ numpy(layer.kernel) + numpy(layer.bias)))
    assert np.all(error < 4.5 * np.sqrt(variance / (15 * 32)))


@pytest.mark.tensorflow
@BOTH
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16"])
def test_half_precision_computes_in_float32(rng, estimator, policy):
    import tensorflow as tf

    # Squares of the inputs are infinite in float16, those of the deviations are zero.
    layer = BayesianDense(
        3, num_examples=10, estimator=estimator, initial_scale=1e-4, seed=1, dtype=policy
    )
    x = np.full((4, 5), 300.0, "float16")
    layer.build(x.shape)
    draws = layer.draw(x.shape, seed=2)
    with tf.GradientTape() as tape:
        outputs = layer(x, training=True)
        loss = tf.reduce_sum(tf.cast(outputs, "float32")) + sum(layer.losses)
    gradients = tape.gradient(loss, [w.value for w in layer.trainable_weights])
    assert all(np.all(np.isfinite(g)) for g in gradients)
    assert outputs.dtype == layer.compute_dtype
    exact = BayesianDense(3, num_examples=10, estimator=estimator, initial_scale=1e-4, seed=1)
    exact.build(x.shape)
    exact.set_weights(layer.get_weights())
    expected = numpy(exact.apply(x, draws))
    close = {"rtol": 0.01 if policy == "mixed_bfloat16" else 1e-3, "atol": 1e-3}
    np.testing.assert_allclose(numpy(layer.apply(x, draws)).astype("float32"), expected, **close)
    if policy != "float16":  # there the deviations themselves are rounded
        layer(x)
        divergence = float(layer.losses[0]) * 10
        np.testing.assert_allclose(divergence, float(exact.divergence()), rtol=1e-6)


@pytest.mark.tensorflow
@BOTH
def test_finite_where_nothing_is_random(estimator):
    import tensorflow as tf

    layer = BayesianDense(3, num_examples=10, estimator=estimator, use_bias=False)
    x = np.zeros((2, 4), "float32")
    layer.build(x.shape)
    layer.kernel_rho.assign(-300 * np.ones((4, 3)))  # a deviation of zero
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x, training=True)) + layer.losses[0]
    gradients = tape.gradient(loss, [w.value for w in layer.trainable_weights])
    assert np.isfinite(float(loss))
    assert all(np.all(np.isfinite(g)) for g in gradients)


@BOTH
def test_it_learns_a_line_and_where_it_has_no_data(rng, estimator):
    x = rng.uniform(-1, 1, (64, 1)).astype("float32")
    y = (2 * x - 1 + 0.1 * rng.normal(size=x.shape)).astype("float32")

    def nats(targets, outputs):  # the normal density's, of deviation 0.1
        return keras.ops.mean(keras.ops.square(targets - outputs), -1) / (2 * 0.1**2)

    layer = BayesianDense(1, num_examples=64, estimator=estimator, sampling=True, seed=1)
    model = keras.Sequential([keras.Input((1,)), layer])
    model.compile(keras.optimizers.Adam(0.05), nats)
    steps = np.tile(x, (300, 1)), np.tile(y, (300, 1))
    model.fit(*steps, batch_size=64, shuffle=False, verbose=0)
    # The exact posterior of the same model, whose weights hardly correlate here.
    design = np.concatenate([x, np.ones_like(x)], 1).astype("float64")
    precision = design.T @ design / 0.1**2 + np.eye(2)
    mean = np.linalg.solve(precision, design.T @ y / 0.1**2).ravel()
    scale = np.diag(precision) ** -0.5  # what the best of the factorized normals has
    found = [numpy(layer.kernel).item(), numpy(layer.bias).item()]
    np.testing.assert_allclose(found, mean, atol=3 * scale.max())
    np.testing.assert_allclose([numpy(s).item() for s in layer.scales()], scale, rtol=0.35)
    at = np.array([[0.0], [10.0]], "float32")
    _, deviation = monte_carlo_predict(model, at, 30, seed=0)
    assert deviation[1] > 4 * deviation[0]


@pytest.mark.parametrize("layer", [BayesianDense, lambda *a, **k: BayesianConv2D(*a, 3, **k)])
def test_bad_arguments_are_named(layer):
    with pytest.raises(ValueError, match="`num_examples` must be a positive integer"):
        layer(2, num_examples=0)
    with pytest.raises(ValueError, match="`estimator` must be one of .*estimator='score'"):
        layer(2, num_examples=1, estimator="score")
    with pytest.raises(ValueError, match="`prior_scale` must be above 0"):
        layer(2, num_examples=1, prior_scale=0.0)
    with pytest.raises(ValueError, match="`initial_scale` must be above 0"):
        layer(2, num_examples=1, initial_scale=-1)
    with pytest.raises(ValueError, match="`sampling` must be True or False"):
        layer(2, num_examples=1, sampling=1)
    with pytest.raises(ValueError, match="`seed` must be an integer or None"):
        layer(2, num_examples=1, seed=1.5)
