"""LSUV: variances measured from outside, orthonormal kernels, models of every kind."""

import keras
import numpy as np
import pytest

from kerasbook import layers
from kerasbook.initializers import lsuv


def linear_outputs(layer, inputs):
    """The output of a dense or convolutional layer without its activation, from a new layer."""
    config = {**layer.get_config(), "activation": None}
    plain = type(layer).from_config(config)
    plain.build(inputs.shape)
    plain.set_weights(layer.get_weights())
    return keras.ops.convert_to_numpy(plain(inputs))


def check(model, batch, report, tolerance=0.1):
    """Runs a chain of layers one by one and compares each variance with the report's."""
    x, seen = keras.ops.convert_to_tensor(batch), []
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if hasattr(layer, "kernel") or hasattr(layer, "pointwise_kernel"):
            variance = linear_outputs(layer, x).astype("float64").var()
            assert abs(variance - 1) <= tolerance + 1e-4
            np.testing.assert_allclose(report[layer.name].variance, variance, rtol=1e-3)
            seen.append(layer.name)
        x = layer(x)
    assert list(report) == seen


def columns(kernel):
    matrix = np.asarray(kernel, "float64").reshape(-1, kernel.shape[-1])
    return matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T


def assert_orthogonal(kernel):
    """The kernel is orthonormal but for one factor."""
    matrix = columns(kernel)
    gram = matrix.T @ matrix
    np.testing.assert_allclose(gram / gram[0, 0], np.eye(len(gram)), atol=1e-5)


def test_deep_mlp(rng):
    batch = rng.normal(2, 5, size=(64, 30)).astype("float32")
    hidden = [keras.layers.Dense(20 + i, activation="relu") for i in range(20)]
    model = keras.Sequential([keras.Input((30,)), *hidden, keras.layers.Dense(5)])
    report = lsuv(model, batch, seed=0)
    check(model, batch, report)
    assert all(fit.iterations <= 1 for fit in report.values())  # no biases: one is enough
    for layer in hidden:
        assert_orthogonal(layer.kernel)
        assert layer.activation is keras.activations.relu
    assert "call" not in vars(hidden[0])


@pytest.mark.parametrize("tolerance", [0.1, 0.01])
def test_small_convnet(rng, tolerance):
    batch = rng.normal(1, 3, size=(16, 12, 13, 3)).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((12, 13, 3)),
            layers.Conv2D(8, 3, activation="relu", bias_initializer="ones"),
            keras.layers.DepthwiseConv2D(3, depth_multiplier=2, activation="tanh"),
            keras.layers.SeparableConv2D(6, 3, padding="same", activation="relu"),
            layers.Conv2D(12, 3, groups=2, strides=2, bias_initializer="random_normal"),
            keras.layers.Dropout(0.5),
            keras.layers.Activation("relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )
    report = lsuv(model, batch, tolerance=tolerance, seed=0)
    check(model, batch, report, tolerance)
    assert_orthogonal(model.layers[0].kernel)
    for channel in range(8):  # of the depthwise kernel (3, 3, 8, 2)
        assert_orthogonal(np.asarray(model.layers[1].kernel)[:, :, channel])
    norms = np.linalg.norm(np.asarray(model.layers[2].depthwise_kernel).reshape(9, -1), axis=0)
    np.testing.assert_allclose(norms, 1, rtol=1e-5)
    assert np.all(np.asarray(model.layers[0].bias) == 1)


def test_the_wider_side_is_orthonormal(rng):
    for units in (4, 40):
        model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(units)])
        lsuv(model, rng.normal(size=(50, 12)).astype("float32"))
        assert_orthogonal(model.layers[0].kernel)


class Branches(keras.Model):
    """A subclassed model that runs its layers in another order than it makes them."""

    def __init__(self):
        super().__init__()
        self.last = keras.layers.Dense(3, name="last")
        self.parts = [keras.layers.Dense(8, activation="relu", name=f"part{i}") for i in range(2)]
        self.encoder = keras.Sequential([keras.layers.Dense(7, name="last")], name="encoder")

    def call(self, inputs):
        x = self.encoder(inputs["x"])
        for part in self.parts:
            x = part(x)
        return self.last(x)


def test_subclassed_and_nested_models(rng):
    model = Branches()
    batch = {"x": rng.normal(0, 9, size=(32, 6)).astype("float32")}
    report = lsuv(model, batch, seed=1)
    assert list(report) == ["encoder/last", "part0", "part1", "last"]
    x = linear_outputs(model.encoder.layers[0], batch["x"])
    for layer in (*model.parts, model.last):
        y = linear_outputs(layer, x)
        assert abs(y.var() - 1) <= 0.1
        x = np.maximum(y, 0)


def test_functional_model_with_a_shared_layer_and_two_branches(rng):
    image = keras.Input((9, 8, 2))
    shared = keras.layers.Conv2D(2, 3, padding="same", name="shared")
    inner = keras.Input((9, 8, 2))
    block = keras.Model(inner, keras.layers.Conv2D(2, 1, name="conv")(inner), name="block")
    x = keras.layers.Add()([shared(shared(image)), block(image)])
    model = keras.Model(image, keras.layers.Dense(3, name="top")(keras.layers.Flatten()(x)))
    batch = rng.normal(0, 4, size=(20, 9, 8, 2)).astype("float32")
    report = lsuv(model, batch)
    assert sorted(report) == ["block/conv", "shared", "top"]
    assert list(report)[-1] == "top"
    assert abs(linear_outputs(shared, batch).var() - 1) <= 0.1  # in its first call


def test_names_that_two_layers_share_are_numbered(rng):
    class Twins(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.twins = [keras.layers.Dense(4, name="twin"), keras.layers.Dense(4, name="twin")]

        def call(self, x):
            return self.twins[1](self.twins[0](x))

    report = lsuv(Twins(), rng.normal(size=(20, 3)).astype("float32"))
    assert list(report) == ["twin", "twin_2"]


def test_frozen_and_recurrent_layers_stay(rng):
    frozen = keras.layers.Dense(3, trainable=False)
    model = keras.Sequential(
        [keras.Input((5, 4)), keras.layers.LSTM(6), frozen, keras.layers.Dense(2, name="top")]
    )
    before = [np.asarray(w) for w in model.weights]
    report = lsuv(model, rng.normal(size=(30, 5, 4)).astype("float32"))
    assert list(report) == ["top"]
    for weight, value in zip(model.weights[:-2], before, strict=False):
        np.testing.assert_array_equal(np.asarray(weight), value)


def test_one_layer_is_a_model(rng):
    layer = keras.layers.Dense(4, name="dense")
    report = lsuv(layer, 7 * rng.normal(size=(40, 3)).astype("float32"))
    assert list(report) == ["dense"]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16", "float64"])
def test_precisions(rng, policy):
    batch = rng.normal(0, 3, size=(64, 10)).astype("float32")
    dense = [keras.layers.Dense(16, activation="relu", dtype=policy) for _ in range(4)]
    report = lsuv(keras.Sequential([keras.Input((10,)), *dense]), batch, seed=0)
    assert all(abs(fit.variance - 1) <= 0.1 for fit in report.values())
    if policy.startswith("mixed"):
        assert_orthogonal(dense[0].kernel)  # kept in float32, not rounded


def test_one_seed_one_start(rng):
    batch = rng.normal(size=(20, 5)).astype("float32")
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(6), keras.layers.Dense(6)])
    starts = []
    for seed in (1, 1, 2):
        lsuv(model, batch, seed=seed)
        starts.append(np.concatenate([w.ravel() for w in model.get_weights()]))
    np.testing.assert_allclose(starts[0], starts[1], rtol=1e-6)
    assert np.max(np.abs(starts[0] - starts[2])) > 0.1


def test_errors_leave_the_weights(rng):
    batch = rng.normal(size=(20, 5)).astype("float32")
    dead = keras.layers.Dense(
        4, activation="relu", bias_initializer=keras.initializers.Constant(-1e3), name="dead"
    )
    model = keras.Sequential([keras.Input((5,)), dead, keras.layers.Dense(2, name="after")])
    before = model.get_weights()
    with pytest.raises(
        ValueError, match="^The outputs of layer 'after' must vary over the batch.*variance of 0"
    ):
        lsuv(model, batch)
    with pytest.raises(ValueError, match="layer 'dead' must vary"):
        lsuv(model, np.zeros((20, 5), "float32"))
    with pytest.raises(ValueError, match="layer 'dead' must vary.*variance of nan"):
        lsuv(model, np.full((20, 5), np.nan, "float32"))
    for weight, value in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, value)
    uneven = keras.layers.Dense(2, name="uneven")
    model = keras.Sequential([keras.Input((5,)), uneven])
    uneven.bias.assign([-5.0, 5.0])  # varies more than allowed, whatever the kernel is
    with pytest.raises(ValueError, match="'uneven' must come within `tolerance`.*iterations=3"):
        lsuv(model, batch, max_iterations=3)


def test_bad_arguments_are_named(rng):
    model = keras.Sequential([keras.Input((5,)), keras.layers.Activation("relu")], name="bare")
    batch = rng.normal(size=(20, 5)).astype("float32")
    with pytest.raises(ValueError, match="`model` must have a trainable layer.*model='bare'"):
        lsuv(model, batch)
    with pytest.raises(ValueError, match="`tolerance` must be above 0.*tolerance=0"):
        lsuv(model, batch, tolerance=0)
    with pytest.raises(ValueError, match="`max_iterations` must be a positive integer.*=0"):
        lsuv(model, batch, max_iterations=0)


def test_layers_without_a_kernel_of_their_own_take_no_part(rng):
    wrapped = layers.WeightNormalization(keras.layers.Dense(5), data_initialization=False)
    model = keras.Sequential([keras.Input((6,)), wrapped, keras.layers.Dense(3, name="last")])
    report = lsuv(model, rng.normal(3, 5, size=(64, 6)).astype("float32"), seed=0)
    assert list(report) == ["last"]
