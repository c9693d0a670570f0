"""MixtureDensity: its methods against NumPy and scipy, packing, half precision, what it learns."""

import math

import keras
import numpy as np
import pytest
from helpers.density_definitions import KINDS, mixture_density, random_mixture, scipy_density

from kerasbook.layers import MixtureDensity
from kerasbook.losses import MixtureNegativeLogLikelihood

EACH = pytest.mark.parametrize(("covariance", "family", "nu"), KINDS)


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def head_of(size, count, covariance, family, nu, **arguments):
    options = {"covariance": covariance, "family": family, "degrees_of_freedom": nu}
    return MixtureDensity(size, count, **options, **arguments)


@EACH
@pytest.mark.parametrize("leading", [(3,), (2, 3)])
def test_output_is_the_definition(rng, covariance, family, nu, leading):
    """The dense rows, their softmax and softplus, and the density written out."""
    head = head_of(2, 3, covariance, family, nu, min_scale=0.1)
    x = rng.normal(size=(*leading, 4)).astype("float32")
    output = head(x)
    rows = x @ numpy(head.kernel) + numpy(head.bias)
    weights = np.exp(rows[..., :3]) / np.exp(rows[..., :3]).sum(-1, keepdims=True)
    locations = rows[..., 3:9].reshape(*leading, 3, 2)
    raw = rows[..., 9:].reshape(*leading, 3, -1)
    positive = 0.1 + np.log1p(np.exp(raw))
    if covariance == "full":
        factors = np.zeros((*leading, 3, 2, 2))
        factors[..., 0, 0], factors[..., 1, 1] = positive[..., 0], positive[..., 2]
        factors[..., 1, 0] = raw[..., 1]
        positive = factors @ np.swapaxes(factors, -1, -2)
    parameters = (weights, locations, positive)
    for actual, expected in zip(head.split(output), parameters, strict=True):
        np.testing.assert_allclose(numpy(actual), expected, rtol=1e-4, atol=1e-5)
    target = rng.normal(size=(*leading, 2)).astype("float32")
    logs = numpy(head.log_prob(output, target))
    assert logs.shape == leading
    for i in np.ndindex(*leading):
        row = [target[i], *(part[i] for part in parameters), covariance, family, nu]
        np.testing.assert_allclose(logs[i], math.log(mixture_density(*row)), rtol=1e-4)


@EACH
def test_log_prob_is_that_of_scipy(rng, covariance, family, nu):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not needed to use kerasbook")
    head = head_of(3, 2, covariance, family, nu)
    output = head(rng.normal(size=(9, 4)).astype("float32"))
    parameters = [numpy(part).astype("float64") for part in head.split(output)]
    target = rng.normal(size=(9, 3)).astype("float32") * 3
    rows = zip(target, *parameters, strict=True)
    expected = [math.log(scipy_density(stats, *row, covariance, family, nu)) for row in rows]
    actual = numpy(head.log_prob(output, target))
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@EACH
def test_pack_is_the_inverse_of_split(rng, covariance, family, nu):
    head = head_of(2, 3, covariance, family, nu)
    parameters = random_mixture(rng, (4,), 3, 2, covariance)
    output = head.pack(*parameters)
    for actual, expected in zip(head.split(output), parameters, strict=True):
        np.testing.assert_allclose(numpy(actual), expected, rtol=1e-5, atol=1e-5)
    again = head.pack(*head.split(output))
    np.testing.assert_allclose(
        numpy(head.log_prob(again, np.zeros((4, 2)))),
        numpy(head.log_prob(output, np.zeros((4, 2)))),
        rtol=1e-4,
    )


def test_methods_have_their_shapes(rng):
    head = MixtureDensity(2, 3)
    output = head(rng.normal(size=(4, 5, 6)).astype("float32"))
    target = rng.normal(size=(4, 5, 2))
    shaped = {
        "mean": head.mean(output),
        "mode": head.mode(output),
        "variance": head.variance(output),
        "cdf": head.cdf(output, target),
        "sample": head.sample(output, 1),
    }
    assert {name: tuple(value.shape) for name, value in shaped.items()} == dict.fromkeys(
        shaped, (4, 5, 2)
    )
    assert tuple(head.log_prob(output, target).shape) == (4, 5)
    one = MixtureDensity(1, 3)
    output = one(rng.normal(size=(4, 5, 6)).astype("float32"))
    flat = rng.normal(size=(4, 5))
    np.testing.assert_array_equal(
        numpy(one.log_prob(output, flat)), numpy(one.log_prob(output, flat[..., None]))
    )


@pytest.mark.parametrize("family", ["normal", "laplace", "student_t", "logistic"])
def test_mode_is_the_highest_place_of_a_grid(rng, family):
    head = MixtureDensity(1, 4, family=family)
    output = head.pack(*random_mixture(rng, (20,), 4, 1, "diagonal"))
    grid = np.linspace(-7, 7, 7001, dtype="float32")
    heights = numpy(head.log_prob(output[None], np.broadcast_to(grid[:, None], (7001, 20))))
    mode = numpy(head.mode(output))[:, 0]
    reached = numpy(head.log_prob(output, mode))
    assert np.all(reached >= heights.max(0) - 1e-4)  # a peak may be between the grid's places
    best = grid[heights.argmax(0)]
    assert np.mean(np.abs(best - mode) < 0.05) > 0.9  # flat tops may differ


@pytest.mark.tensorflow
def test_methods_work_in_a_graph_of_unknown_sizes(rng):
    import tensorflow as tf

    head = MixtureDensity(2, 3, covariance="full", family="student_t")
    output = head(rng.normal(size=(4, 5, 6)).astype("float32"))
    names = ("mean", "mode", "variance")
    signature = [tf.TensorSpec((None, None, head.num_outputs()))]
    graph = tf.function(lambda x: [getattr(head, n)(x) for n in names], signature, autograph=False)
    for name, value in zip(names, graph(output), strict=True):
        np.testing.assert_allclose(value, getattr(head, name)(output), rtol=1e-3, atol=1e-3)
    draw = tf.function(lambda x: head.sample(x, 1), signature, autograph=False)
    np.testing.assert_allclose(draw(output), head.sample(output, 1), rtol=1e-5, atol=1e-5)


def test_student_without_moments():
    head = MixtureDensity(1, 2, family="student_t", degrees_of_freedom=2)
    output = head.pack([0.5, 0.5], [[0.0], [2.0]], [[1.0], [1.0]])
    assert numpy(head.mean(output)) == [1.0]
    assert numpy(head.variance(output)) == [np.inf]
    head = MixtureDensity(1, 2, family="student_t", degrees_of_freedom=1)
    for moment in (head.mean, head.variance):
        with pytest.raises(ValueError, match="`degrees_of_freedom` must be above 1"):
            moment(output)


@pytest.mark.parametrize("count", [1, 3])
def test_learns_two_answers(rng, count):
    """Of `y = +1 or -1` three components are surer than one, by more than half a nat."""
    x = rng.normal(size=(400, 2)).astype("float32")
    y = (np.sign(rng.normal(size=(400, 1))) + 0.1 * rng.normal(size=(400, 1))).astype("float32")
    head = MixtureDensity(1, count, kernel_initializer=keras.initializers.GlorotUniform(seed=1))
    model = keras.Sequential([keras.Input((2,)), head])
    model.compile(keras.optimizers.Adam(0.1), MixtureNegativeLogLikelihood(count))
    for _ in range(150):
        model.train_on_batch(x, y)
    likelihood = float(np.mean(numpy(head.log_prob(model(x), y))))
    # The best that is possible is about -log 2 - log(0.1 sqrt(2 pi e)) = 0.19 with two, and
    # -log(sqrt(2 pi e)) = -1.42 with one.
    assert likelihood > 0 if count == 3 else likelihood < -1.3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": [[0.5, 0.6]]}, "`weights` must not be negative, and their sums 1"),
        ({"weights": [[-0.5, 1.5]]}, "`weights` must not be negative"),
        ({"weights": [[0.5, 0.25, 0.25]]}, r"`weights` must have the shape \(1, 2\)"),
        ({"locations": [[[0.0], [1.0]]]}, r"`locations` must have the shape \(1, 2, 2\)"),
        ({"scales": [[[1.0, 1.0], [1.0, 0.0]]]}, "`scales` must be above 0"),
        ({"scales": [[[1.0, 1.0], [1.0, np.nan]]]}, "`scales` must be above 0"),
    ],
)
def test_pack_refuses_what_is_no_mixture(changes, message):
    given = {
        "weights": [[0.5, 0.5]],
        "locations": np.zeros((1, 2, 2)),
        "scales": np.ones((1, 2, 2)),
    }
    with pytest.raises(ValueError, match=message):
        MixtureDensity(2, 2).pack(**(given | changes))


@pytest.mark.parametrize(
    "matrix",
    [
        [[1.0, 2.0], [2.0, 1.0]],  # indefinite
        [[1.0, 1.0], [1.0, 1.0]],  # singular
        [[1.0, 0.5], [0.2, 1.0]],  # not symmetric
        [[1.0, np.nan], [np.nan, 1.0]],
        [[0.0, 0.0], [0.0, 0.0]],
    ],
)
def test_pack_refuses_a_covariance_that_cannot_be_factorised(matrix):
    head = MixtureDensity(2, 2, covariance="full")
    scales = np.stack([np.eye(2), matrix])[None]
    with pytest.raises(ValueError, match="`scales` must be symmetric positive definite.*1 of 2"):
        head.pack([[0.5, 0.5]], np.zeros((1, 2, 2)), scales)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`num_components` must be a positive integer.*=0"):
        MixtureDensity(1, 0)
    with pytest.raises(ValueError, match="`covariance` may be 'full' for .*family='laplace'"):
        MixtureDensity(1, 2, covariance="full", family="laplace")
    with pytest.raises(ValueError, match="`family` must be one of"):
        MixtureDensity(1, 2, family="cauchy")
