"""MixtureOfLinearExperts: the definition, expectation maximization, training, bad input."""

import math

import keras
import numpy as np
import pytest

from kerasbook.layers import MixtureDensity, MixtureOfLinearExperts
from kerasbook.losses import MixtureNegativeLogLikelihood


def values(tensor):
    return keras.ops.convert_to_numpy(tensor)


def inverse_problem(samples=200, seed=0):
    """Returns inputs and targets where one input has up to three targets."""
    rng = np.random.default_rng(seed)
    y = rng.uniform(0, 1, samples)
    x = y + 0.3 * np.sin(2 * np.pi * y) + rng.uniform(-0.05, 0.05, samples)
    return x[:, None], y[:, None]


def built(rng, *arguments, shape=(None, 4), **options):
    layer = MixtureOfLinearExperts(*arguments, **options)
    layer.build(shape)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer


def parameters(layer, x):
    """Returns gate, means and scales by plain loops over the layer's weights."""
    count, size = layer.num_experts, layer.output_size
    rows = x.astype("float64") @ values(layer.kernel) + values(layer.bias)
    gate = np.exp(rows[:, :count])
    means = rows[:, count:].reshape(-1, count, size)
    scales = 0.001 + np.log1p(np.exp(values(layer.scales).astype("float64")))
    return gate / gate.sum(1, keepdims=True), means, scales.reshape(count, -1)


def components(gate, means, scales, y):
    """Returns `p(k, y | x)` of every sample."""
    densities = np.exp(-0.5 * ((y[:, None] - means) / scales) ** 2)
    densities = densities / (scales * math.sqrt(2 * math.pi))
    return gate * densities.prod(-1)


@pytest.mark.parametrize("covariance", ["isotropic", "diagonal"])
@pytest.mark.parametrize("output_size", [1, 2])
def test_is_the_definition(rng, covariance, output_size):
    layer = built(rng, output_size, 3, covariance=covariance)
    x = rng.normal(size=(5, 4)).astype("float32")
    y = rng.normal(size=(5, output_size)).astype("float32")
    gate, means, scales = parameters(layer, x)
    output = layer(x)
    found = [values(part) for part in layer.split(output)]
    width = 1 if covariance == "isotropic" else output_size
    for part, expected in zip(
        found, (gate, means, np.broadcast_to(scales, (5, 3, width))), strict=True
    ):
        np.testing.assert_allclose(part, expected, rtol=1e-4, atol=1e-6)
    joint = components(gate, means, scales, y)
    np.testing.assert_allclose(
        values(layer.log_prob(output, y)), np.log(joint.sum(1)), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(
        values(layer.responsibilities(output, y)), joint / joint.sum(1, keepdims=True), rtol=1e-3
    )
    mean = (gate[..., None] * means).sum(1)
    np.testing.assert_allclose(values(layer.mean(output)), mean, rtol=1e-4, atol=1e-5)
    chosen = means[np.arange(5), gate.argmax(1)]
    np.testing.assert_allclose(values(layer.mode(output)), chosen, rtol=1e-4, atol=1e-5)
    loss = MixtureNegativeLogLikelihood(3, covariance=covariance, reduction=None)
    np.testing.assert_allclose(values(loss(y, output)), -np.log(joint.sum(1)), rtol=1e-4, atol=1e-5)


def test_is_packed_as_a_mixture_density(rng):
    layer = built(rng, 2, 3, covariance="diagonal")
    output = layer(rng.normal(size=(5, 4)).astype("float32"))
    other = MixtureDensity(2, 3, covariance="diagonal")
    for ours, theirs in zip(layer.split(output), other.split(output), strict=True):
        np.testing.assert_array_equal(values(ours), values(theirs))


def test_one_expert_has_no_gate(rng):
    layer = built(rng, 1, 1)
    x = rng.normal(size=(5, 4)).astype("float32")
    assert tuple(layer(x).shape) == (5, 2)
    np.testing.assert_allclose(
        values(layer.mode(layer(x))), x @ values(layer.kernel) + values(layer.bias), rtol=1e-5
    )
    np.testing.assert_array_equal(values(layer.responsibilities(layer(x), x[:, 0])), 1)
    history = layer.fit_em(x, x[:, 0])
    assert np.all(np.diff(history) >= 0)


def test_mode_is_an_expert_where_the_mean_is_none():
    x, y = inverse_problem(400)
    layer = MixtureOfLinearExperts(1, 3)
    layer.fit_em(x, y, seed=0)
    output = layer(np.array([[0.5]], "float32"))
    _, means, _ = layer.split(output)
    mode, mean = values(layer.mode(output)), values(layer.mean(output))
    assert np.abs(values(means) - mode).min() == 0
    assert np.abs(values(means) - mean).min() > 1e-3


def log_likelihood(layer, x, y):
    return float(values(layer.log_prob(layer(x.astype("float32")), y.astype("float32"))).mean())


@pytest.mark.parametrize("covariance", ["isotropic", "diagonal"])
@pytest.mark.parametrize("use_bias", [True, False])
def test_em_never_falls_and_is_what_the_layer_then_says(rng, covariance, use_bias):
    x = rng.normal(size=(80, 2, 3))
    y = np.stack([np.abs(x[..., 0]), x[..., 1]], -1) + 0.1 * rng.normal(size=(80, 2, 2))
    layer = MixtureOfLinearExperts(2, 2, covariance=covariance, use_bias=use_bias)
    history = layer.fit_em(x, y, seed=0)
    assert len(history) > 5
    assert np.all(np.diff(history) >= 0)
    np.testing.assert_allclose(log_likelihood(layer, x, y), history[-1], rtol=1e-4)
    assert history[-1] > history[0] + 0.05


def test_em_goes_on_from_the_weights(rng):
    x, y = inverse_problem()
    layer = MixtureOfLinearExperts(1, 3)
    first = layer.fit_em(x, y, num_iterations=3, tolerance=0, seed=0)
    more = layer.fit_em(x, y, start="weights", num_iterations=3, tolerance=0)
    np.testing.assert_allclose(more[0], first[-1], rtol=1e-5)
    whole = MixtureOfLinearExperts(1, 3).fit_em(x, y, num_iterations=6, tolerance=0, seed=0)
    np.testing.assert_allclose(first + more[1:], whole, rtol=1e-5)


def test_em_stops_at_the_floor():
    x = np.linspace(-1, 1, 50)[:, None]
    layer = MixtureOfLinearExperts(1, 2, min_scale=0.01)
    history = layer.fit_em(x, np.abs(x), seed=1)
    assert np.all(np.diff(history) >= 0)
    scales = values(layer.split(layer(x.astype("float32")))[2])
    np.testing.assert_allclose(scales, 0.0101, rtol=1e-4)


def test_training_by_the_loss_goes_where_em_goes():
    x, y = inverse_problem(256)
    layer = MixtureOfLinearExperts(1, 3)
    best = layer.fit_em(x, y, seed=0, num_iterations=300)[-1]
    start = [
        weight + 0.1 * np.random.default_rng(1).normal(size=weight.shape)
        for weight in layer.get_weights()
    ]
    layer.set_weights(start)
    model = keras.Sequential([keras.Input((1,)), layer])
    loss = MixtureNegativeLogLikelihood(3, covariance="isotropic")
    model.compile(keras.optimizers.Adam(0.01), loss)
    before = model.evaluate(x, y, verbose=0)
    model.fit(np.tile(x, (60, 1)), np.tile(y, (60, 1)), batch_size=64, verbose=0)
    after = model.evaluate(x, y, verbose=0)
    assert after < before - 0.1
    assert abs(after + best) < 0.1


def test_sequences_and_saved_models(rng, tmp_path):
    x = rng.normal(size=(6, 5, 2)).astype("float32")
    layer = MixtureOfLinearExperts(1, 3)
    layer.fit_em(x, x[..., 0] + 0.1 * rng.normal(size=(6, 5)), seed=0)
    output = layer(x)
    assert tuple(layer.log_prob(output, x[..., :1]).shape) == (6, 5)
    assert tuple(layer.responsibilities(output, x[..., :1]).shape) == (6, 5, 3)
    assert tuple(layer.sample(output, seed=1).shape) == (6, 5, 1)
    model = keras.Sequential([keras.Input((5, 2)), layer])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), values(output), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_rounds_neither_weights_nor_outputs(rng, dtype):
    x = rng.normal(size=(5, 4)).astype("float32")
    full, half = MixtureOfLinearExperts(2, 3), MixtureOfLinearExperts(2, 3, dtype=dtype)
    expected = values(full(x))
    half.build(x.shape)
    half.set_weights(full.get_weights())
    assert keras.backend.standardize_dtype(half(x).dtype) == "float32"
    np.testing.assert_allclose(values(half(x)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_experts": 0}, "`num_experts` must be a positive integer"),
        ({"output_size": 0}, "`output_size` must be a positive integer"),
        ({"covariance": "full"}, "`covariance` must be one of"),
        ({"min_scale": 0}, "`min_scale` must be a number above 0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        MixtureOfLinearExperts(**{"output_size": 1, "num_experts": 2, **arguments})


def test_bad_data_are_named(rng):
    layer = MixtureOfLinearExperts(2, 3)
    x, y = rng.normal(size=(10, 4)), rng.normal(size=(10, 2))
    with pytest.raises(ValueError, match=r"x of shape \(10, 4\), y of shape \(9, 2\)"):
        layer.fit_em(x, y[:9])
    with pytest.raises(ValueError, match=r"`y` \(samples, ..., 2\).*y of shape \(10, 1\)"):
        layer.fit_em(x, y[:, :1])
    with pytest.raises(ValueError, match=r"x of shape \(10,\)"):
        layer.fit_em(x[:, 0], y)
    missing = y.copy()
    missing[[1, 1, 4], [0, 1, 0]] = np.nan
    with pytest.raises(ValueError, match="`y` must be finite. Received: NaN count = 3, inf.* 20"):
        layer.fit_em(x, missing)
    with pytest.raises(ValueError, match="`x` must be finite.*infinite count = 40, of 40"):
        layer.fit_em(x * np.inf, y)
    with pytest.raises(ValueError, match="as many samples as experts, 3. Received: 2 samples"):
        layer.fit_em(x[:2], y[:2])
    with pytest.raises(ValueError, match="`start` must be one of"):
        layer.fit_em(x, y, start="zeros")
    layer.fit_em(x, y, num_iterations=1)
    with pytest.raises(ValueError, match="`x` must have 4 features. Received: 3"):
        layer.fit_em(x[:, :3], y)
