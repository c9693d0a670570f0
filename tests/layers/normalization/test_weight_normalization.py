"""WeightNormalization: the formula, every kind of kernel, the data's initialization, replicas."""

import keras
import numpy as np
import pytest

from kerasbook import layers, testing
from kerasbook.layers import WeightNormalization


def numpy(x):
    return keras.ops.convert_to_numpy(x)


# The axes of the kernel that a norm runs over.
LAYERS = {
    "dense": (lambda **k: keras.layers.Dense(5, **k), (40, 3), (0,)),
    "conv1d": (lambda **k: keras.layers.Conv1D(6, 2, groups=3, **k), (9, 7, 3), (0, 1)),
    "conv2d": (lambda **k: keras.layers.Conv2D(5, (2, 3), **k), (9, 7, 6, 3), (0, 1, 2)),
    "conv2d_ours": (lambda **k: layers.Conv2D(6, 2, groups=3, **k), (9, 7, 6, 3), (0, 1, 2)),
    "conv3d": (lambda **k: keras.layers.Conv3D(5, 2, **k), (9, 4, 5, 3, 3), (0, 1, 2, 3)),
    "depthwise1d": (
        lambda **k: keras.layers.DepthwiseConv1D(2, depth_multiplier=2, **k),
        (9, 7, 3),
        (0,),
    ),
    "depthwise2d": (
        lambda **k: keras.layers.DepthwiseConv2D(2, depth_multiplier=2, **k),
        (9, 7, 6, 3),
        (0, 1),
    ),
    "transposed": (
        lambda **k: keras.layers.Conv2DTranspose(5, (2, 3), **k),
        (9, 4, 3, 3),
        (0, 1, 3),
    ),
}


@pytest.fixture(params=LAYERS)
def kind(request):
    return LAYERS[request.param]


def test_definition(kind, rng):
    make, shape, axes = kind
    plain = make(activation="tanh")
    plain.build(shape)
    plain.set_weights([rng.normal(size=w.shape) for w in plain.weights])
    v, bias = plain.get_weights()
    layer = WeightNormalization(make(activation="tanh"))
    layer.build(shape)
    layer.layer.set_weights([v, bias])
    g = rng.uniform(0.5, 2, layer.g.shape)
    layer.g.assign(g)
    norm = np.sqrt((v.astype("float64") ** 2).sum(axes, keepdims=True))
    plain.set_weights([g.reshape(norm.shape) * v / norm, bias])
    x = rng.normal(size=shape).astype("float32")
    np.testing.assert_allclose(numpy(layer(x)), numpy(plain(x)), atol=1e-5)

    folded = layer.without_normalization()
    assert type(folded) is type(plain)
    for ours, theirs in zip(folded.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_the_layer_starts_as_it_was(kind, rng):
    make, shape, _ = kind
    layer = WeightNormalization(make(), data_initialization=False)
    x = rng.normal(size=shape).astype("float32")
    y = numpy(layer(x, training=True))
    np.testing.assert_allclose(y, numpy(layer.layer(x)), atol=1e-5)
    names = sorted(w.name for w in layer.trainable_weights)
    assert names == ["bias", "g", "kernel"]
    assert [w.name for w in layer.non_trainable_weights] == ["initialized"]


@pytest.mark.parametrize("explicit", [False, True])
def test_the_first_batch_gets_mean_0_and_variance_1(kind, explicit, rng):
    if not explicit and keras.backend.backend() == "jax":
        pytest.skip("on JAX the initialization is explicit")
    make, shape, _ = kind
    layer = WeightNormalization(make(activation="softplus"))
    first, second = rng.normal(3, 2, size=(2, *shape)).astype("float32")
    if explicit:
        layer.initialize(first)
    else:
        layer(first)  # is no training
        assert not bool(numpy(layer.initialized))
        layer(first, training=True)
    assert bool(numpy(layer.initialized))
    y = numpy(layer(first))
    t = np.log(np.expm1(y.astype("float64")))  # the inverse of the activation
    places = tuple(range(len(shape) - 1))
    np.testing.assert_allclose(t.mean(places), 0, atol=1e-3)
    np.testing.assert_allclose(t.var(places), 1, atol=5e-3)
    assert layer.layer.activation is keras.activations.softplus
    weights = layer.get_weights()
    layer(second, training=True)
    for before, after in zip(weights, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_without_bias_and_with_a_dead_unit(rng):
    layer = WeightNormalization(keras.layers.Dense(3, use_bias=False))
    x = rng.normal(2, 3, size=(50, 4)).astype("float32")
    x[:, 0] = 7
    layer.build(x.shape)
    kernel = rng.normal(size=(4, 3))
    kernel[:, 1] = [1, 0, 0, 0]
    layer.layer.set_weights([kernel])
    layer.initialize(x)
    y = numpy(layer(x))
    np.testing.assert_allclose(y.var(0)[[0, 2]], 1, rtol=1e-4)
    np.testing.assert_allclose(y[:, 1], 7, rtol=1e-5)


def test_channels_first_is_initialized_by_channel(rng):
    layer = WeightNormalization(layers.Conv2D(5, 1, data_format="channels_first"))
    x = rng.normal(3, 2, size=(9, 3, 4, 6)).astype("float32")
    layer.initialize(x)
    y = numpy(layer(x))
    np.testing.assert_allclose(y.mean((0, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(y.var((0, 2, 3)), 1, rtol=1e-4)


def test_a_frozen_layer_is_not_initialized(rng):
    layer = WeightNormalization(keras.layers.Dense(3))
    layer.trainable = False
    layer(rng.normal(size=(5, 4)).astype("float32"), training=True)
    assert not bool(numpy(layer.initialized))


def test_losses_of_the_layer_are_kept(rng):
    dense = keras.layers.Dense(3, kernel_regularizer="l2", activity_regularizer="l1")
    layer = WeightNormalization(dense)
    x = rng.normal(size=(5, 4)).astype("float32")
    y = numpy(layer(x))
    v = numpy(dense.kernel)
    expected = sorted([0.01 * np.abs(y).sum() / 5, 0.01 * (v**2).sum()])
    got = sorted(float(loss) for loss in layer.losses)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_mixed_precision_computes_low_and_keeps_high(rng):
    layer = WeightNormalization(keras.layers.Dense(3, dtype="mixed_bfloat16"))
    assert layer.dtype_policy.name == "mixed_bfloat16"
    x = rng.normal(size=(64, 4)).astype("float32")
    y = layer(x, training=True)
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
    assert {w.dtype for w in layer.trainable_weights} == {"float32"}
    layer.layer.bias.assign([1 + 1e-4, 0, 0])
    layer(x, training=True)
    np.testing.assert_allclose(numpy(layer.layer.bias)[0], 1 + 1e-4, rtol=1e-7)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_initializes_and_trains_all_and_reloads(jit_compile, rng, tmp_path):
    layer = WeightNormalization(keras.layers.Dense(3, activation="relu"))
    model = keras.Sequential([keras.Input((4,)), layer])
    x = rng.normal(3, 2, size=(64, 4)).astype("float32")
    model.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=jit_compile)
    model.fit(x, rng.normal(size=(64, 3)), batch_size=64, verbose=0)
    reference = WeightNormalization(keras.layers.Dense(3))
    if keras.backend.backend() != "jax":
        assert bool(numpy(layer.initialized))
        reference.build(x.shape)
        reference.layer.set_weights(layer.layer.get_weights())
        reference.initialize(x)
        np.testing.assert_allclose(numpy(layer.g), numpy(reference.g), rtol=1e-4)
        np.testing.assert_allclose(
            numpy(layer.layer.bias), numpy(reference.layer.bias), rtol=1e-3, atol=1e-5
        )
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=jit_compile)
    before = model.get_weights()
    model.fit(x, rng.normal(size=(64, 3)), batch_size=16, verbose=0)
    for old, weight in zip(before, model.weights, strict=True):
        assert np.any(old != numpy(weight)) == weight.trainable
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(numpy(loaded(x)), numpy(model(x)))
    assert bool(numpy(loaded.layers[-1].initialized)) == bool(numpy(layer.initialized))


@pytest.mark.tensorflow
def test_replicas_start_with_the_statistics_of_the_whole_batch(rng):
    import tensorflow as tf

    x = rng.normal(1, 2, size=(2, 16, 4)).astype("float32")
    x[1] += 3
    strategy = testing.two_replicas()
    with strategy.scope():
        layer = WeightNormalization(keras.layers.Dense(3))
        layer.build((None, 4))

    def step():
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        return layer(tf.convert_to_tensor(x)[number], training=True)

    run = tf.function(lambda: strategy.run(step))
    y = np.concatenate([v.numpy() for v in strategy.experimental_local_results(run())])
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(y.var(0), 1, rtol=1e-4)
    run()
    for variable in layer.variables:
        held = [v.numpy() for v in strategy.experimental_local_results(variable.value)]
        np.testing.assert_array_equal(*held)


@pytest.mark.tensorflow
@pytest.mark.filterwarnings("error:.*does not support mask")
def test_a_mask_passes_as_it_does_through_the_layer(rng):
    x = rng.normal(size=(2, 4, 3)).astype("float32")
    x[:, 3:] = 0
    masked = keras.layers.Masking()(keras.Input((4, 3)))
    wrapped = WeightNormalization(keras.layers.Dense(5))
    assert wrapped(masked)._keras_mask is masked._keras_mask
    y = wrapped(keras.layers.Masking()(x))
    np.testing.assert_array_equal(y._keras_mask, np.any(x, axis=-1))
    conv = WeightNormalization(keras.layers.Conv1D(5, 2))
    assert conv.supports_masking == conv.layer.supports_masking


def test_bad_layers_are_named():
    with pytest.raises(ValueError, match="Layer 3 supplied to"):
        WeightNormalization(3)
    with pytest.raises(ValueError, match="one variable named 'kernel'.*class ReLU"):
        WeightNormalization(keras.layers.ReLU()).build((None, 3))
    with pytest.raises(ValueError, match="no axis of outputs"):
        WeightNormalization(keras.layers.EinsumDense("ab,bc->ac", 4))


def test_what_the_wrapped_layer_draws_moves_on():
    inner = layers.DropConnectDense(4, rate=0.5, seed=3)
    layer = WeightNormalization(inner, data_initialization=False)
    x = np.ones((2, 6), "float32")
    first, second = (keras.ops.convert_to_numpy(layer(x, training=True)) for _ in range(2))
    assert np.any(first != second)


@pytest.mark.parametrize("make", [layers.LocallyConnected2D, layers.TiledConv2D])
def test_weights_for_each_place_are_refused(make):
    options = {"tile": 2} if make is layers.TiledConv2D else {}
    with pytest.raises(ValueError, match="weights for each place.*of class"):
        WeightNormalization(make(2, 3, **options))
