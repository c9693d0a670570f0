"""RadialBasis: the definition, centroids of all four kinds, and a layer not yet fitted."""

import keras
import numpy as np
import pytest

from kerasbook.layers import RadialBasis


def definition(x, centroids, bandwidth):
    squares = np.array([[np.sum((row - c) ** 2) for c in centroids] for row in x.astype("float64")])
    return np.exp(-squares / (2 * np.asarray(bandwidth) ** 2))


def values(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("learn_bandwidth", [False, True])
def test_is_the_definition(rng, learn_bandwidth):
    x = rng.normal(size=(6, 3)).astype("float32")
    layer = RadialBasis(4, 0.8, learn_bandwidth=learn_bandwidth)
    found = values(layer(x))
    np.testing.assert_allclose(found, definition(x, values(layer.centroids), 0.8), rtol=1e-4)
    if learn_bandwidth:
        widths = np.array([0.3, 0.5, 1.0, 2.0], "float32")
        layer.log_bandwidth.assign(np.log(widths))
        expected = definition(x, values(layer.centroids), widths)
        np.testing.assert_allclose(values(layer(x)), expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_holds_far_from_the_origin(rng, dtype):
    x = (1e4 + rng.normal(size=(20, 4))).astype("float32")
    layer = RadialBasis(20, 1.5, placement="fitted", dtype=dtype)
    layer.fit_centroids(x)
    found = values(keras.ops.cast(layer(x), "float32"))
    tolerance = {"float32": 1e-5, "mixed_float16": 1e-3, "mixed_bfloat16": 1e-2}[dtype]
    np.testing.assert_allclose(found, definition(x, x, 1.5), rtol=tolerance, atol=1e-6)


def test_what_is_learned_is_trainable():
    layer = RadialBasis(4, learn_bandwidth=True)
    layer.build((None, 3))
    assert {w.name for w in layer.trainable_weights} == {"centroids", "log_bandwidth"}
    fixed = RadialBasis(4, learn_centroids=False)
    fixed.build((None, 3))
    assert not fixed.trainable_weights
    assert len(fixed.non_trainable_weights) == 1


def test_fixed_centroids_stay_where_they_are(rng):
    grid = np.linspace(-1, 1, 5)[:, None]
    layer = RadialBasis(
        5, learn_centroids=False, centroids_initializer=keras.initializers.Constant(grid)
    )
    model = keras.Sequential([keras.Input((1,)), layer, keras.layers.Dense(1)])
    model.compile("sgd", "mean_squared_error")
    model.fit(rng.normal(size=(8, 1)), rng.normal(size=(8, 1)), verbose=0)
    np.testing.assert_allclose(values(layer.centroids), grid, rtol=1e-6)


def test_the_default_centroids_are_standard_normal():
    layer = RadialBasis(2000)
    layer.build((None, 3))
    centroids = values(layer.centroids)
    assert abs(centroids.mean()) < 0.05
    assert abs(centroids.std() - 1) < 0.05


def test_fitted_centroids_are_means_of_clusters(rng):
    data = np.concatenate([rng.normal(m, 0.1, (20, 3, 2)) for m in (-2, 0, 3)])
    layer = RadialBasis(3, placement="fitted", learn_centroids=False)
    sums = layer.fit_centroids(data, seed=1)
    assert np.all(np.diff(sums) <= 0)
    np.testing.assert_allclose(
        np.sort(values(layer.centroids), 0), [[-2] * 2, [0] * 2, [3] * 2], atol=0.1
    )
    first = values(layer.centroids)
    layer.fit_centroids(data, seed=1)
    np.testing.assert_array_equal(values(layer.centroids), first)


def test_as_many_centroids_as_samples_are_the_data(rng):
    data = rng.normal(size=(6, 2)).astype("float32")
    layer = RadialBasis(6, 0.7, placement="fitted")
    layer.fit_centroids(data)
    np.testing.assert_array_equal(values(layer.centroids), data)
    np.testing.assert_allclose(np.diag(values(layer(data))), 1, rtol=1e-6)


def test_four_exemplars_solve_exclusive_or():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    layer = RadialBasis(4, 0.5, placement="fitted")
    layer.fit_centroids(x)
    weights = np.linalg.solve(values(layer(x)), [-1, 1, 1, -1])
    jittered = (x + np.random.default_rng(0).uniform(-0.2, 0.2, (50, 4, 2))).reshape(-1, 2)
    signs = np.sign(values(layer(jittered.astype("float32"))) @ weights)
    np.testing.assert_array_equal(signs, np.tile([-1, 1, 1, -1], 50))


def test_an_unfitted_layer_that_is_called_is_named(rng):
    layer = RadialBasis(3, placement="fitted", name="bells")
    with pytest.raises(ValueError, match="`fit_centroids` must place the centroids.*'bells'"):
        layer(np.zeros((2, 1), "float32"))
    layer.fit_centroids(rng.normal(size=(5, 1)))
    assert np.isfinite(values(layer(np.zeros((2, 1), "float32")))).all()
    # What has been initialized needs no fit.
    RadialBasis(3)(np.zeros((2, 1), "float32"))


@pytest.mark.tensorflow
@pytest.mark.parametrize("method", ["fit", "predict", "evaluate"])
def test_an_unfitted_layer_is_named_in_a_graph_too(rng, method):
    layer = RadialBasis(3, placement="fitted")
    model = keras.Sequential([keras.Input((1,)), layer, keras.layers.Dense(1)])
    model.compile("sgd", "mean_squared_error")
    x, y = rng.normal(size=(4, 1)), rng.normal(size=(4, 1))
    arguments = (x,) if method == "predict" else (x, y)
    with pytest.raises(ValueError, match="`fit_centroids` must place the centroids"):
        getattr(model, method)(*arguments, verbose=0)
    layer.fit_centroids(x)
    result = getattr(model, method)(*arguments, verbose=0)
    if method != "fit":
        assert np.isfinite(result).all()


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class Wrapped(keras.Model):
    """A model whose layers Keras can't see in its config, and calls while it loads."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.bells = RadialBasis(3, placement="fitted")
        self.head = keras.layers.Dense(1)

    def build(self, input_shape):
        self.bells.build(input_shape)
        self.head.build((None, 3))
        self.built = True

    def call(self, inputs):
        return self.head(self.bells(inputs))


@pytest.mark.parametrize("kind", ["functional", "subclassed", "nested"])
def test_what_was_fitted_is_fitted_when_loaded(rng, tmp_path, kind):
    x = rng.normal(size=(8, 2)).astype("float32")
    inputs = keras.Input((2,))
    if kind == "functional":
        model = keras.Model(inputs, RadialBasis(3, placement="fitted")(inputs))
        model.layers[-1].fit_centroids(x, seed=1)
    else:
        inner = Wrapped()
        inner.build((None, 2))
        inner.bells.fit_centroids(x, seed=1)
        model = keras.Model(inputs, inner(inputs)) if kind == "nested" else inner
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), expected, rtol=1e-6)
    np.testing.assert_allclose(values(loaded(x)), expected, rtol=1e-6)


def test_weights_alone_make_it_fitted(rng, tmp_path):
    x = rng.normal(size=(8, 2)).astype("float32")

    def network():
        return keras.Sequential([keras.Input((2,)), RadialBasis(3, placement="fitted")])

    model, by_file, by_hand = network(), network(), network()
    model.layers[0].fit_centroids(x)
    model.save_weights(tmp_path / "model.weights.h5")
    by_file.load_weights(tmp_path / "model.weights.h5")
    by_hand.set_weights(model.get_weights())
    for other in (by_file, by_hand):
        np.testing.assert_allclose(other.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.tensorflow
def test_a_fitted_layer_is_served(rng, tmp_path):
    import tensorflow as tf

    x = rng.normal(size=(8, 2)).astype("float32")
    model = keras.Sequential([keras.Input((2,)), RadialBasis(3, placement="fitted")])
    model.layers[0].fit_centroids(x)
    model.export(tmp_path / "model", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    np.testing.assert_allclose(loaded.serve(x), model.predict(x, verbose=0), rtol=1e-6)


def test_fitted_centroids_may_be_learned_on(rng):
    x, y = rng.normal(size=(32, 1)), rng.normal(size=(32, 1))
    layer = RadialBasis(3, placement="fitted", learn_bandwidth=True)
    layer.fit_centroids(x)
    first = values(layer.centroids)
    model = keras.Sequential([keras.Input((1,)), layer, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mean_squared_error")
    model.fit(x, y, verbose=0)
    assert np.all(first != values(layer.centroids))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_centroids": 0}, "`num_centroids` must be a positive integer"),
        ({"bandwidth": 0}, "`bandwidth` must be above 0. Received: bandwidth=0"),
        ({"bandwidth": float("nan")}, "`bandwidth` must be above 0"),
        ({"placement": "kmeans"}, "`placement` must be one of"),
        ({"learn_centroids": None}, "`learn_centroids` must be True or False"),
        ({"learn_bandwidth": 1}, "`learn_bandwidth` must be True or False"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        RadialBasis(**{"num_centroids": 3, **arguments})


def test_bad_data_are_named():
    layer = RadialBasis(3, placement="fitted")
    with pytest.raises(ValueError, match="static size"):
        layer.build((2, None))
    with pytest.raises(ValueError, match=r"`data` must be \(samples, ..., features\)"):
        layer.fit_centroids(np.zeros(5))
    with pytest.raises(ValueError, match="at least one sample for each of the 3.*2 samples"):
        layer.fit_centroids(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="must be finite. Received: 2 of 8 values"):
        layer.fit_centroids([[0, 1], [np.nan, 1], [1, 2], [3, np.inf]])
    with pytest.raises(ValueError, match=r"`data` must have 2 features.*\(4, 3\)"):
        layer.fit_centroids(np.zeros((4, 3)))


def test_masks_pass_through():
    assert RadialBasis(2).supports_masking
